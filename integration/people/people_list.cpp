#include "integration/people/people_list.h"

#include <utility>

#include "integration/people/wire_format.h"

namespace usher
{

PeopleFailure failure_of(const Stanza& iq)
{
    using Problem = PeopleFailure::Problem;
    if (!iq) {
        return {Problem::no_reply};
    }
    const std::string_view condition = error_condition(iq);
    Problem problem = Problem::refused;
    if (condition == "forbidden" || condition == "not-allowed") {
        problem = Problem::not_granted;
    } else if (condition == "feature-not-implemented") {
        problem = Problem::cannot_list;
    }
    return {problem, std::string(condition)};
}

std::string to_string(const PeopleFailure& failure)
{
    switch (failure.problem) {
        case PeopleFailure::Problem::not_granted:
            return "its server does not allow Usher to list them";
        case PeopleFailure::Problem::cannot_list:
            return "its server cannot list its users";
        case PeopleFailure::Problem::unreadable:
            return "its server's list of people cannot be understood";
        case PeopleFailure::Problem::no_reply:
            return "its server did not answer";
        case PeopleFailure::Problem::refused:
            break;
    }
    return "its server refuses to list them (" + failure.condition + ")";
}

PeopleList::PeopleList(IqClient& iqs, RateLimitedWarning& refused, std::string domain, Page page, End end)
    : asker_(iqs), refused_(refused), domain_(std::move(domain)), page_(std::move(page)), end_(std::move(end))
{
}

void PeopleList::next()
{
    asker_.ask("get", domain_, people_query(last_), kDeadline, [this](const Stanza& iq) { received(iq); });
}

void PeopleList::received(const Stanza& iq)
{
    const Page page = page_;  // copies: both may destroy this
    const End end = end_;
    if (iq.attribute("type") != "result") {
        if (iq && !last_.empty() && error_condition(iq) == "item-not-found" &&
            !std::exchange(begun_again_, true)) {
            last_.clear();
            listed_ = 0;
            next();
        } else {
            end(failure_of(iq));
        }
        return;
    }
    auto read = read_people(iq.first(), domain_);
    const std::size_t persons = read ? read->persons.size() + read->refused : 0;
    listed_ += persons;
    // A page that ends where the one before it ended would come for ever.
    if (!read || persons > kMaxPersons || listed_ > kMaxPeople || (persons != 0 && read->last == last_)) {
        end(PeopleFailure{PeopleFailure::Problem::unreadable});
        return;
    }
    for (std::size_t i = 0; i < read->refused; ++i) {
        refused_.count();
    }
    if (persons == 0) {  // XEP-0059: behind the last item
        end(std::nullopt);
        return;
    }
    last_ = std::move(read->last);
    page(std::move(read->persons));
}

}  // namespace usher
