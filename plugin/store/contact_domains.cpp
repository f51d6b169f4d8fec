#include "plugin/store/contact_domains.h"

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
    const std::string position = dialect == Dialect::postgresql ? "strpos" : "instr";
    // An address that is a domain alone has no '@': all of it is taken.
    const auto domain_of = [&position](const std::string& address) {
        return "substr(" + address + ", " + position + "(" + address + ", '@') + 1)";
    };
    std::size_t place = 2;
    const std::string ours =
        " (" + joined(own, ", ", [&place](const std::string&) { return "$" + std::to_string(++place); }) +
        ")";
    statement.sql =
        "SELECT " + domain_of("contact_address") +
        ", source, answer, CAST(SUM(1 + CASE WHEN covers = 'organization' THEN 0 ELSE repeats END) AS BIGINT), "
        "MAX(COALESCE(last_at, at)) FROM journal WHERE id >= $1 AND id <= $2 AND " +
        domain_of("user_address") + " IN" + ours + " AND " + domain_of("contact_address") + " NOT IN" + ours +
        " GROUP BY 1, 2, 3";
    return statement;
}

}  // namespace usher
