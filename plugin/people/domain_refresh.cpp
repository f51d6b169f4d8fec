#include "plugin/people/domain_refresh.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "plugin/people/night.h"

namespace usher
{

namespace
{

/// Two addresses with one hash: the one that is gone would be kept until they are not both known.
std::size_t hash(std::string_view address)
{
    return std::hash<std::string_view>()(address);
}

/// Takes the last ones out of `all`, `most` at most.
std::vector<Address> take(std::vector<Address>& all, std::size_t most)
{
    const auto begin = all.end() - static_cast<std::ptrdiff_t>(std::min(all.size(), most));
    std::vector<Address> taken(std::make_move_iterator(begin), std::make_move_iterator(all.end()));
    all.erase(begin, all.end());
    return taken;
}

}  // namespace

DomainRefresh::DomainRefresh(std::string domain, Surroundings& surroundings)
    : domain_(std::move(domain)), with_(surroundings)
{
    with_.store.list_times(reading_store_.bind([this](const auto& times) {
        if (times) {
            if (const auto found = times->find(domain_); found != times->end()) {
                listed_ = found->second;
            }
        }
    }));
    read_store({});
    await_night();
}

PeopleStatus DomainRefresh::status() const
{
    return {with_.directory.size(domain_), listed_, problem_};
}

void DomainRefresh::await_night()
{
    night_ = with_.clock.after(until_night(with_.wall_clock(), with_.random()), [this] {
        await_night();
        read_list();
    });
}

void DomainRefresh::go_on()
{
    doing_ = Doing::nothing;
    if (std::exchange(list_wanted_, false)) {
        read_list();
    } else {
        read_hinted();
    }
}

void DomainRefresh::stream_lost()
{
    asking_.forget();
    list_.reset();
    retry_.reset();
    seen_ = {};
    hinted_.clear();
    gone_.clear();
    list_wanted_ = false;
    if (doing_ != Doing::reading_store) {
        soon_.reset();
        doing_ = Doing::nothing;
    }
}

// --- What the store has

void DomainRefresh::read_store(const std::string& after)
{
    with_.store.read(domain_, after, kStoredPortion,
                     reading_store_.bind([this](const auto& people) { stored_read(people); }));
}

void DomainRefresh::stored_read(const tl::expected<std::vector<Person>, std::string>& people)
{
    if (!people) {
        spdlog::warn(
            "{}: people cannot be read from the store, and are known when their server has listed them: {}",
            domain_, people.error());
        go_on();
        return;
    }
    for (const Person& person : *people) {
        with_.directory.put(person);
    }
    if (people->size() < kStoredPortion) {
        go_on();
        return;
    }
    soon_ = with_.clock.after(std::chrono::milliseconds(0),
                              [this, last = people->back().address.text()] { read_store(last); });
}

/// What the store does not take now it is given with the next list. A list has many pages, so it is said once.
StoreCallback<void> DomainRefresh::reporting()
{
    return [domain = domain_, said = store_problem_](const tl::expected<void, std::string>& stored) {
        if (!stored && stored.error() != *said) {
            spdlog::warn("{}: what its server has said of its people could not be stored: {}", domain,
                         stored.error());
        }
        *said = stored ? "" : stored.error();
    };
}

// --- The list

void DomainRefresh::read_list()
{
    if (!with_.source.offered(domain_)) {
        return;
    }
    if (doing_ != Doing::nothing) {
        list_wanted_ = true;
        return;
    }
    doing_ = Doing::listing;
    retry_.reset();
    hinted_.clear();  // they are in the list
    seen_.clear();
    list_ = with_.source.list(
        domain_, [this](std::vector<Person> people) { page_listed(std::move(people)); },
        [this](const std::optional<PeopleFailure>& failure) { list_ended(failure); });
    list_->next();
}

void DomainRefresh::page_listed(std::vector<Person> people)
{
    for (Person& person : people) {
        seen_.push_back(hash(person.address.text()));
        person = with_.directory.known_of(person);
        with_.directory.put(person);
    }
    if (people.empty()) {
        list_->next();
        return;
    }
    with_.store.put(std::move(people), asking_.bind([this, report = reporting()](const auto& stored) {
        report(stored);
        list_->next();
    }));
}

void DomainRefresh::list_ended(const std::optional<PeopleFailure>& failure)
{
    list_.reset();
    if (failure) {
        failed(*failure);
        return;
    }
    std::sort(seen_.begin(), seen_.end());
    with_.directory.visit_addresses(domain_, [this](std::string_view address) {
        if (!std::binary_search(seen_.begin(), seen_.end(), hash(address))) {
            gone_.push_back(Address::prepare(address).value());
        }
    });
    seen_ = {};
    doing_ = Doing::removing_gone;
    remove_gone();
}

void DomainRefresh::remove_gone()
{
    const std::vector<Address> some = take(gone_, kGonePortion);
    if (some.empty()) {
        list_done();
        return;
    }
    for (const Address& address : some) {
        with_.directory.remove(address);
    }
    with_.store.remove(some, asking_.bind([this, report = reporting()](const auto& stored) {
        report(stored);
        soon_ = with_.clock.after(std::chrono::milliseconds(0), [this] { remove_gone(); });
    }));
}

void DomainRefresh::list_done()
{
    listed_ = with_.wall_clock();
    problem_.clear();
    spdlog::info("{}: {} people are listed by its server", domain_, with_.directory.size(domain_));
    with_.store.set_list_time(domain_, *listed_, reporting());
    go_on();
}

void DomainRefresh::failed(const PeopleFailure& failure)
{
    seen_ = {};
    const std::string problem = to_string(failure);
    if (problem != problem_) {  // else it has been said
        spdlog::warn("{}: its people could not be listed: {}", domain_, problem);
        problem_ = problem;
    }
    if (failure.problem == PeopleFailure::Problem::no_reply ||
        failure.problem == PeopleFailure::Problem::refused) {
        retry_ = with_.clock.after(kRetry, [this] { read_list(); });
    }
    go_on();
}

// --- Hints

void DomainRefresh::changed(std::vector<Address> people)
{
    if (people.empty() || hinted_.size() + people.size() > kMaxHints) {
        hinted_.clear();
        read_list();
        return;
    }
    for (Address& address : people) {
        if (std::find(hinted_.begin(), hinted_.end(), address) == hinted_.end()) {
            hinted_.push_back(std::move(address));
        }
    }
    if (doing_ == Doing::nothing) {
        read_hinted();
    }
}

void DomainRefresh::read_hinted()
{
    if (hinted_.empty()) {
        return;
    }
    doing_ = Doing::reading_people;
    const std::vector<Address> asked = take(hinted_, kMaxPersons);
    with_.source.read_again(
        domain_, asked, asking_.bind([this, asked](auto people) { hinted_read(asked, std::move(people)); }));
}

void DomainRefresh::hinted_read(const std::vector<Address>& asked,
                                tl::expected<std::vector<Person>, PeopleFailure> people)
{
    if (!people) {
        hinted_not_read(people.error());
        return;
    }
    std::vector<Address> gone = asked;
    for (Person& person : *people) {
        person = with_.directory.known_of(person);
        with_.directory.put(person);
        std::erase(gone, person.address);
    }
    for (const Address& address : gone) {
        with_.directory.remove(address);
    }
    if (!people->empty()) {
        with_.store.put(*std::move(people), reporting());
    }
    if (!gone.empty()) {
        with_.store.remove(gone, reporting());
    }
    go_on();
}

/// They are in the list, too.
void DomainRefresh::hinted_not_read(const PeopleFailure& failure)
{
    spdlog::warn("{}: people who have changed could not be read again; all are read in {} minutes: {}",
                 domain_, kRetry.count(), to_string(failure));
    hinted_.clear();
    retry_ = with_.clock.after(kRetry, [this] { read_list(); });
    go_on();
}

}  // namespace usher
