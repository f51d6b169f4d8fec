#include "plugin/store/person_choices.h"

#include <utility>

#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

StoredValue stored(std::optional<bool> chosen)
{
    return chosen ? StoredValue(std::int64_t{*chosen ? 1 : 0}) : StoredValue();
}

std::optional<bool> choice_in(const StoredValue& value)
{
    return is_null(value) ? std::nullopt : std::optional(number(value) != 0);
}

}  // namespace

void StoredPersonChoices::since(std::int64_t number_before, std::size_t most,
                                StoreCallback<std::vector<Change>> then)
{
    database_.run(
        {.kind = Transaction::Kind::read,
         .queue = Transaction::Queue::requests,
         .statements = {{"SELECT user_address, listed, availability, change_number FROM person_choice "
                         "WHERE change_number > $1 ORDER BY change_number, user_address LIMIT $2",
                         {number_before, static_cast<std::int64_t>(most)}}}},
        converted<std::vector<Change>>(std::move(then), [](const StepRows& given) {
            std::vector<Change> changes;
            for (const auto& row : given.at(0).rows) {
                changes.push_back(
                    {text(row.at(0)), {choice_in(row.at(1)), choice_in(row.at(2))}, number(row.at(3))});
            }
            return changes;
        }));
}

void StoredPersonChoices::set(const Address& user, const PersonChoice& change, StoreCallback<void> then,
                              std::chrono::system_clock::time_point now)
{
    database_.run(
        {.kind = Transaction::Kind::durable,
         .statements = {next_person_choice(),
                        {"INSERT INTO person_choice "
                         "(user_address, domain, listed, availability, chosen_at, change_number) "
                         "VALUES ($1, $2, $3, $4, $5, (SELECT newest FROM person_choice_count)) "
                         "ON CONFLICT (user_address) DO UPDATE SET "
                         "listed = COALESCE(excluded.listed, person_choice.listed), "
                         "availability = COALESCE(excluded.availability, person_choice.availability), "
                         "chosen_at = excluded.chosen_at, "
                         "change_number = excluded.change_number",
                         {user.text(), std::string(user.domain()), stored(change.listed),
                          stored(change.availability), since_1970(now)}}}},
        converted<void>(std::move(then), [](const StepRows&) {}));
}

Statement next_person_choice()
{
    return {
        "INSERT INTO person_choice_count (place, newest) VALUES (0, 1) "
        "ON CONFLICT (place) DO UPDATE SET newest = person_choice_count.newest + 1"};
}

Statement forget_person_choice(const std::string& user, std::int64_t until)
{
    return {
        "UPDATE person_choice SET listed = NULL, availability = NULL, "
        "change_number = (SELECT newest FROM person_choice_count) "
        "WHERE user_address = $1 AND chosen_at <= $2 AND (listed IS NOT NULL OR availability IS NOT NULL)",
        {user, until}};
}

}  // namespace usher
