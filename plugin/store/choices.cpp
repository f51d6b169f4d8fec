#include "plugin/store/choices.h"

#include <soci/soci.h>

namespace usher
{

tl::expected<Choices, std::string> Choices::load(Database& database)
{
    Choices choices(database);
    const auto loaded = database.read([&](const std::shared_ptr<soci::session>& session) {
        constexpr std::size_t kAtATime = 1'000;
        long long count = 0;
        long long characters = 0;
        *session << "SELECT COUNT(*), COALESCE(SUM(LENGTH(user_address)), 0) FROM choice", soci::into(count),
            soci::into(characters);
        choices.chosen_.reserve(static_cast<std::size_t>(count), static_cast<std::size_t>(characters));
        std::vector<std::string> users(kAtATime);
        std::vector<std::string> options(kAtATime);
        soci::statement rows = (session->prepare << "SELECT user_address, option_name FROM choice",
                                soci::into(users), soci::into(options));
        rows.execute();
        while (rows.fetch()) {
            for (std::size_t i = 0; i < users.size(); ++i) {
                if (const auto option = option_named(options[i])) {
                    choices.chosen_.set(users[i], *option);
                }
            }
            users.resize(kAtATime);
            options.resize(kAtATime);
        }
    });
    if (!loaded) {
        return tl::unexpected(loaded.error());
    }
    return choices;
}

tl::expected<void, std::string> Choices::set(const Address& user, std::optional<Option> chosen)
{
    auto stored = database_->write([&](const std::shared_ptr<soci::session>& session) {
        soci::transaction transaction(*session);
        const std::string& address = user.text();
        *session << "DELETE FROM choice WHERE user_address = :user", soci::use(address);
        if (chosen) {
            const std::string option(name(*chosen));
            *session << "INSERT INTO choice (user_address, option_name) VALUES (:user, :option)",
                soci::use(address), soci::use(option);
        }
        transaction.commit();
    });
    if (!stored) {
        return stored;
    }
    chosen_.set(user.text(), chosen);
    return {};
}

}  // namespace usher
