#include "plugin/clients/people_chat.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "plugin/clients/words.h"

namespace usher
{

namespace
{

constexpr std::string_view kFindHelp =
    "\nfind NAME: people by their name or address"
    "\nask 3: how to add the third of them to your contacts";
constexpr std::string_view kListedHelp =
    "\nlisted: whether others find you"
    "\nlisted yes (no): change it"
    "\navailability yes (no): whether they see there if you are available";

/// Nothing if it is neither.
std::optional<bool> yes_or_no(std::string_view word)
{
    if (word == "yes" || word == "no") {
        return word == "yes";
    }
    return std::nullopt;
}

/// The number of one of `count`, from 1; 0 if the text is none.
std::size_t number_in(const std::string& text, std::size_t count)
{
    for (std::size_t number = 1; number <= count; ++number) {
        if (text == std::to_string(number)) {
            return number;
        }
    }
    return 0;
}

std::string how_to_ask(const Person& person)
{
    return "To ask " + person.address.text() + ", open " + link_to_add(person) +
           " or add that address to your contacts.";
}

}  // namespace

std::string PeopleChat::help(const Address& user) const
{
    const Actor actor = Actor::sender(user);
    return std::string(operations_.may_search(actor) ? kFindHelp : "") +
           std::string(operations_.may_decide_listing(actor, user) ? kListedHelp : "");
}

bool PeopleChat::run(const Command& command, const Say& say)
{
    const Actor actor = Actor::sender(command.user);
    const bool searching = command.verb == "find" || command.verb == "ask";
    const bool deciding = command.verb == "listed" || command.verb == "availability";
    if (searching && operations_.may_search(actor)) {
        if (command.verb == "find") {
            find(command, say);
        } else {
            ask(command, say);
        }
        return true;
    }
    if (deciding && operations_.may_decide_listing(actor, command.user)) {
        listed(command, say);
        return true;
    }
    return false;
}

void PeopleChat::find(const Command& command, const Say& say)
{
    operations_.find(Actor::sender(command.user), command.from, command.rest,
                     [this, user = command.user, say](const Result<PeopleFound>& people) {
                         if (people) {
                             found(user, *people, say);
                         } else {
                             say(people.error().text);
                         }
                     });
}

void PeopleChat::found(const Address& user, const PeopleFound& people, const Say& say)
{
    if (found_last_.size() >= kMaxRemembered && !found_last_.contains(user)) {
        found_last_.clear();
    }
    std::vector<Person>& last = found_last_[user];
    last.clear();
    if (people.people.empty()) {
        return say("Nobody was found.");
    }
    std::string text;
    for (const FoundPerson& one : people.people) {
        last.push_back(one.person);
        text += std::to_string(last.size()) + ". " + describe(one) + "\n";
    }
    if (const std::string_view more = remark(people); !more.empty()) {
        text.append(more).append("\n");
    }
    say(text + "Send \"ask 1\" for a link that adds the first to your contacts.");
}

void PeopleChat::ask(const Command& command, const Say& say) const
{
    if (const auto address = Address::prepare(command.rest)) {
        return say(how_to_ask({*address, {}, {}, {}, {}, {}}));
    }
    const auto last = found_last_.find(command.user);
    const std::size_t number = last == found_last_.end() ? 0 : number_in(command.rest, last->second.size());
    if (number == 0) {
        return say(
            "I do not know whom you mean. Send \"find\" with a name first, then \"ask\" with a number.");
    }
    say(how_to_ask(last->second[number - 1]));
}

void PeopleChat::listed(const Command& command, const Say& say)
{
    const Actor actor = Actor::sender(command.user);
    const bool about_listing = command.verb == "listed";
    if (about_listing && command.rest.empty()) {
        operations_.person_option(actor, command.user, [say](const Result<PersonOption>& option) {
            say(option ? describe(*option) + "\nSend \"help\" to see how to change it."
                       : option.error().text);
        });
        return;
    }
    const auto wanted = yes_or_no(command.rest);
    if (!wanted) {
        return say("Please send \"" + command.verb + " yes\" or \"" + command.verb + " no\".");
    }
    PersonChoice change;
    (about_listing ? change.listed : change.availability) = wanted;
    operations_.choose_person(actor, command.user, change, [say](const Result<PersonOption>& saved) {
        say(saved ? "Saved. " + describe(*saved) : saved.error().text);
    });
}

}  // namespace usher
