#include "stored_choices.h"

#include "plugin/store/database.h"
#include "policy/option.h"
#include "sqlite_file.h"

namespace usher::test
{

std::string chooser(std::size_t number, const std::string& domain)
{
    return "user.name" + std::to_string(number) + "@" + domain;
}

void store_choices(const std::string& path, std::size_t count, const std::vector<std::string>& domains)
{
    static_cast<void>(Database::open("sqlite3://" + path).value());
    SqliteFile file(path);
    file.run("BEGIN");
    for (const std::string& domain : domains) {
        for (std::size_t i = 0; i < count; ++i) {
            const std::string option(name(kOptions[i % kOptions.size()]));
            file.run("INSERT INTO choice (user_address, option_name, domain, chosen_at) VALUES ('" +
                     chooser(i, domain) + "', '" + option + "', '" + domain + "', 0)");
        }
        file.run("INSERT INTO choice_count (domain, users) VALUES ('" + domain + "', " +
                 std::to_string(count) + ")");
    }
    file.run("COMMIT");
}

}  // namespace usher::test
