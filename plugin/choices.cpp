#include "plugin/choices.h"

#include <soci/soci.h>

namespace usher
{

tl::expected<Choices, std::string> Choices::load(Database& database)
{
    Choices choices(database);
    const auto loaded = database.attempt([&](const std::shared_ptr<soci::session>& session) {
        constexpr std::size_t kAtATime = 1'000;
        long long count = 0;
        *session << "SELECT COUNT(*) FROM choice", soci::into(count);
        choices.chosen_.reserve(static_cast<std::size_t>(count));
        std::vector<std::string> users(kAtATime);
        std::vector<std::string> options(kAtATime);
        soci::statement rows = (session->prepare << "SELECT user_address, option_name FROM choice",
                                soci::into(users), soci::into(options));
        rows.execute();
        while (rows.fetch()) {
            for (std::size_t i = 0; i < users.size(); ++i) {
                if (const auto option = option_named(options[i])) {
                    choices.chosen_.emplace(users[i], *option);
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

std::optional<Option> Choices::of(const Address& user) const
{
    const auto found = chosen_.find(user.text());
    return found == chosen_.end() ? std::nullopt : std::optional(found->second);
}

tl::expected<void, std::string> Choices::set(const Address& user, std::optional<Option> chosen)
{
    auto stored = database_->attempt([&](const std::shared_ptr<soci::session>& session) {
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
    if (chosen) {
        chosen_.insert_or_assign(user.text(), *chosen);
    } else {
        chosen_.erase(user.text());
    }
    return {};
}

std::size_t Choices::of_domain(std::string_view domain) const
{
    return static_cast<std::size_t>(
        std::count_if(chosen_.begin(), chosen_.end(), [domain](const auto& choice) {
            return std::string_view(choice.first).substr(choice.first.find('@') + 1) == domain;
        }));
}

}  // namespace usher
