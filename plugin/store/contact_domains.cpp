#include "plugin/store/contact_domains.h"

#include "plugin/store/address_columns.h"
#include "plugin/text/lists.h"

namespace usher
{

Statement contact_domains_query(Dialect dialect, const std::vector<std::string>& own, std::int64_t first,
                                std::int64_t last)
{
    Statement statement{{}, {first, last}};
    for (const std::string& domain : own) {
        statement.values.emplace_back(domain);
    }
    const std::string user_domain = domain_in(dialect, "user_address");
    const std::string contact_domain = domain_in(dialect, "contact_address");
    std::size_t place = 2;
    const std::string ours =
        " (" + joined(own, ", ", [&place](const std::string&) { return "$" + std::to_string(++place); }) +
        ")";
    statement.sql =
        "SELECT " + contact_domain +
        ", source, answer, CAST(SUM(1 + CASE WHEN covers = 'organization' THEN 0 ELSE repeats END) AS BIGINT), "
        "MAX(COALESCE(last_at, at)) FROM journal WHERE id >= $1 AND id <= $2 AND " +
        user_domain + " IN" + ours + " AND " + contact_domain + " NOT IN" + ours +
        " AND reason <> 'revoked' GROUP BY 1, 2, 3";
    return statement;
}

}  // namespace usher
