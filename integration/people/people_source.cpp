#include "integration/people/people_source.h"

#include <algorithm>
#include <utility>

namespace usher
{

namespace
{

/// What the replies to several questions say together.
struct Gathered {
    std::function<void(Shows)> then;
    std::size_t awaited = 0;
    Shows shows = {};
};

/// Users of one domain each, as many as one question may have.
std::vector<std::vector<Address>> in_batches(std::vector<Address> users)
{
    std::stable_sort(users.begin(), users.end(),
                     [](const Address& a, const Address& b) { return a.domain() < b.domain(); });
    std::vector<std::vector<Address>> batches;
    for (Address& user : users) {
        if (batches.empty() || batches.back().size() == kMaxAvailabilities ||
            batches.back().front().domain() != user.domain()) {
            batches.emplace_back();
        }
        batches.back().push_back(std::move(user));
    }
    return batches;
}

}  // namespace

std::unique_ptr<PeopleList> PeopleSource::list(const std::string& domain, PeopleList::Page page,
                                               PeopleList::End end)
{
    return std::make_unique<PeopleList>(iqs_, refused_, domain, std::move(page), std::move(end));
}

void PeopleSource::read_again(const std::string& domain, const std::vector<Address>& persons,
                              std::function<void(tl::expected<std::vector<Person>, PeopleFailure>)> then)
{
    iqs_.ask("get", domain, persons_query(persons), kReadDeadline,
             [domain, persons, then = std::move(then)](const Stanza& iq) {
                 if (iq.attribute("type") != "result") {
                     then(tl::unexpected(failure_of(iq)));
                     return;
                 }
                 auto read = read_people(iq.first(), domain);
                 if (!read) {
                     then(tl::unexpected(PeopleFailure{PeopleFailure::Problem::unreadable}));
                     return;
                 }
                 std::erase_if(read->persons, [&persons](const Person& person) {
                     return std::find(persons.begin(), persons.end(), person.address) == persons.end();
                 });
                 then(std::move(read->persons));
             });
}

void PeopleSource::availability(const std::string& viewer, std::vector<Address> users,
                                std::function<void(Shows)> then)
{
    std::erase_if(users, [this](const Address& user) { return !offered(user.domain()); });
    if (users.empty()) {
        then({});
        return;
    }
    auto batches = in_batches(std::move(users));
    const auto gathered = std::make_shared<Gathered>(Gathered{std::move(then), batches.size()});
    for (std::vector<Address>& batch : batches) {
        const std::string domain(batch.front().domain());
        const std::string query = availability_query(viewer, batch);
        iqs_.ask("get", domain, query, kAvailabilityDeadline,
                 [gathered, batch = std::move(batch)](const Stanza& iq) {
                     if (iq.attribute("type") == "result") {
                         gathered->shows.merge(read_availability(iq.first(), batch));
                     }
                     if (--gathered->awaited == 0) {
                         gathered->then(std::move(gathered->shows));
                     }
                 });
    }
}

void PeopleSource::advertised(const std::string& domain, const Advertisement& granted)
{
    if (granted.people) {
        offered_.insert(domain);
        events_.people_offered(domain);
    }
}

void PeopleSource::received_message(const std::string& domain, const Stanza& message)
{
    if (auto changed = read_changed(message, domain)) {
        offered_.insert(domain);  // it tells those only whom it lets read
        events_.people_changed(domain, *std::move(changed));
    }
}

void PeopleSource::stream_lost()
{
    offered_.clear();
    events_.people_lost();
}

}  // namespace usher
