#include "plugin/store/decision_counts.h"

#include "plugin/store/address_columns.h"
#include "plugin/text/lists.h"

namespace usher
{

Statement decision_counts_query(Dialect dialect, const std::optional<std::vector<std::string>>& own,
                                std::int64_t first, std::int64_t last)
{
    Statement statement{{}, {first, last}};
    std::string where = "id >= $1 AND id <= $2";
    if (own) {
        where += " AND " + domain_in(dialect, "user_address") + " IN (" +
                 joined(*own, ", ",
                        [&statement](const std::string& domain) {
                            statement.values.emplace_back(domain);
                            return "$" + std::to_string(statement.values.size());
                        }) +
                 ")";
    }
    const auto sum = [](const std::string& answer) {
        return ", CAST(SUM(CASE WHEN answer = '" + answer + "' THEN 1 + repeats ELSE 0 END) AS BIGINT)";
    };
    // By one column only: SQLite sorts all rows to group them, and does so in half the time.
    statement.sql = "SELECT reason" + sum("approve") + sum("deny") + sum("leave") + " FROM journal WHERE " +
                    where + " GROUP BY reason";
    return statement;
}

}  // namespace usher
