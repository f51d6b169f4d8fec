#include "stored_choices.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "plugin/store/database.h"
#include "policy/option.h"

namespace usher::test
{

std::string chooser(std::size_t number, const std::string& domain)
{
    return "user.name" + std::to_string(number) + "@" + domain;
}

void store_choices(const std::string& path, std::size_t count, const std::vector<std::string>& domains)
{
    static_cast<void>(Database::open("sqlite3://" + path).value());
    soci::session session(soci::sqlite3, path);
    soci::transaction transaction(session);
    std::string address;
    std::string option;
    std::string domain;
    soci::statement insert =
        (session.prepare
             << "INSERT INTO choice (user_address, option_name, domain, chosen_at) VALUES (:u, :o, :d, 0)",
         soci::use(address), soci::use(option), soci::use(domain));
    for (const std::string& one : domains) {
        domain = one;
        for (std::size_t i = 0; i < count; ++i) {
            address = chooser(i, domain);
            option = name(kOptions[i % kOptions.size()]);
            insert.execute(true);
        }
        session << "INSERT INTO choice_count (domain, users) VALUES (:d, :u)", soci::use(domain),
            soci::use(static_cast<long long>(count));
    }
    transaction.commit();
}

}  // namespace usher::test
