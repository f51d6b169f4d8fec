#include "plugin/archive/domain_archive.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "plugin/people/night.h"

namespace usher
{

namespace
{

using Problem = ArchiveFailure::Problem;

const ArchiveRecord* find(const StoredArchiveDefaults::Records& records, const Address& account)
{
    const auto found = records.find(account.text());
    return found == records.end() ? nullptr : &found->second;
}

bool may_pass(Problem problem)
{
    return problem == Problem::no_reply || problem == Problem::refused || problem == Problem::unreadable;
}

}  // namespace

DomainArchive::DomainArchive(std::string domain, Surroundings& surroundings)
    : domain_(std::move(domain)),
      with_(surroundings),
      due_(
          with_.clock, kMaxDue, [this] { forget_passing_problems(); }, [this] { say_has_due(); }),
      failing_(domain_)
{
    await_night();
}

ArchiveStatus DomainArchive::status() const
{
    return {wish_,   states_.counts(), server_default_,
            listed_, cannot_list_,     problem_.empty() ? failing_.problem() : problem_};
}

void DomainArchive::await_night()
{
    night_ = with_.clock.after(until_night(with_.wall_clock(), with_.random()), [this] {
        await_night();
        begin();
    });
}

void DomainArchive::want(const ArchiveWish& wish)
{
    if (wish_ == wish) {
        return;
    }
    wish_ = wish;
    if (doing_ == Doing::listing || doing_ == Doing::forgetting) {
        // What was listed for another wish is not to say who is gone.
        asking_.forget();
        list_.reset();
        soon_.reset();
        doing_ = Doing::nothing;
    }
    if (!wish_.preference) {
        states_.clear();
    }
    begin();
}

void DomainArchive::begin()
{
    if (!with_.source.offered(domain_)) {
        return;
    }
    if (doing_ != Doing::nothing) {
        begin_wanted_ = true;
        return;
    }
    retry_.reset();
    forget_due();  // they will be in the list
    if (!wish_.preference) {
        doing_ = Doing::finding_locked;
        find_locked({});
        return;
    }
    doing_ = Doing::listing;
    list_complete_ = true;
    list_begun_ = with_.wall_clock();
    states_.begin_list();
    list_ = with_.source.list(
        domain_, [this](ArchiveRead page) { page_listed(std::move(page)); },
        [this](const std::optional<ArchiveFailure>& failure) { list_ended(failure); });
    list_->next();
}

void DomainArchive::go_on()
{
    doing_ = Doing::nothing;
    if (std::exchange(begin_wanted_, false)) {
        begin();
    }
    say_has_due();
}

void DomainArchive::say_has_due()
{
    if (has_due()) {
        with_.has_work();
    }
}

void DomainArchive::stream_lost()
{
    asking_.forget();
    list_.reset();
    soon_.reset();
    retry_.reset();
    forget_due();
    begin_wanted_ = false;
    cannot_list_ = false;
    problem_.clear();  // perhaps that there was no reply
    failing_.forget();
    doing_ = Doing::nothing;
}

void DomainArchive::forget_due()
{
    due_.forget();
    asking_known_ = false;
    read_alone_.clear();
}

/// Problems of accounts that are tried again now.
void DomainArchive::forget_passing_problems()
{
    failing_.forget_problem();
    if (!retry_) {  // else it is about all of them
        problem_.clear();
    }
}

// --- The list

void DomainArchive::page_listed(ArchiveRead page)
{
    server_default_ = page.server_default;
    list_complete_ = list_complete_ && page.refused == 0;
    if (page.accounts.empty()) {
        list_->next();
        return;
    }
    std::vector<Address> accounts;
    for (const ArchivePreference& one : page.accounts) {
        accounts.push_back(one.account);
    }
    with_.store.read(accounts, asking_.bind([this, are = std::move(page.accounts)](const auto& records) {
        if (!records) {
            list_.reset();
            failed("the store cannot be read: " + records.error(), true);
            go_on();
            return;
        }
        page_known(are, *records);
        list_->next();
    }));
}

void DomainArchive::page_known(const std::vector<ArchivePreference>& page,
                               const StoredArchiveDefaults::Records& records)
{
    for (const ArchivePreference& one : page) {
        const ArchiveStep step =
            next_archive_step(one, find(records, one.account), wish_, with_.wall_clock());
        states_.set(one.account.text(), step.state);
        if (step.order || step.forget) {
            due_.add(one.account.text());
        }
    }
}

void DomainArchive::list_ended(const std::optional<ArchiveFailure>& failure)
{
    list_.reset();
    if (failure && failure->problem == Problem::no_archive) {
        ask_about_known();
        return;
    }
    if (failure) {
        failed(*failure);
        go_on();
        return;
    }
    cannot_list_ = false;
    listed_ = with_.wall_clock();
    forget_problems();
    const auto& counts = states_.counts();
    spdlog::info("{}: archiving preferences are listed: {} accounts to be set", domain_,
                 counts[static_cast<std::size_t>(ArchiveState::waiting)]);
    if (!list_complete_) {  // whoever could not be read is not gone
        go_on();
        return;
    }
    states_.end_list();
    doing_ = Doing::forgetting;
    forget_gone({});
}

void DomainArchive::ask_about_known()
{
    for (const std::string& address : with_.known_accounts(domain_)) {
        due_.add(address);
    }
    if (due_.empty()) {
        due_.add("usher@" + domain_);  // who has no account is not in the reply
    }
    asking_known_ = true;
    go_on();
}

void DomainArchive::cannot_list()
{
    forget_problems();
    if (!std::exchange(cannot_list_, true)) {
        spdlog::warn(
            "{}: its server cannot list its accounts: archiving preferences are set only for those known to usherd "
            "(people who can be found, and users who change their preferences)",
            domain_);
    }
    if (!retry_ && with_.known_accounts(domain_).empty()) {  // not yet, perhaps
        retry_ = with_.clock.after(kRetry, [self = this] { self->retry(); });
    }
}

/// What the store has of accounts that were in the list neither now nor by a hint since.
void DomainArchive::forget_gone(const std::string& after)
{
    with_.store.accounts(domain_, after, kStoredPortion, asking_.bind([this](const auto& stored) {
        if (!stored) {
            failed("the store cannot be read: " + stored.error(), false);
            go_on();
            return;
        }
        std::vector<Address> gone;
        std::copy_if(stored->begin(), stored->end(), std::back_inserter(gone),
                     [this](const Address& account) { return !states_.contains(account.text()); });
        forget(gone, list_begun_ - kArchiveRecent);
        if (stored->size() < kStoredPortion) {
            go_on();
            return;
        }
        soon_ = with_.clock.after(std::chrono::milliseconds(0),
                                  [this, last = stored->back().text()] { forget_gone(last); });
    }));
}

void DomainArchive::find_locked(const std::string& after)
{
    with_.store.locked(domain_, after, kStoredPortion, asking_.bind([this](const auto& locked) {
        if (!locked) {
            failed("the store cannot be read: " + locked.error(), true);
            go_on();
            return;
        }
        for (const Address& account : *locked) {
            due_.add(account.text());
        }
        if (locked->size() < kStoredPortion) {
            if (!due_.empty()) {
                spdlog::info("{}: archiving locks to be taken away: {}", domain_, due_.size());
            }
            go_on();
            return;
        }
        soon_ = with_.clock.after(std::chrono::milliseconds(0),
                                  [this, last = locked->back().text()] { find_locked(last); });
    }));
}

// --- Who is due

void DomainArchive::changed(std::vector<Address> accounts)
{
    if (!wish_.preference || !with_.source.offered(domain_)) {
        return;
    }
    if (accounts.empty()) {
        begin();
        return;
    }
    for (const Address& account : accounts) {
        due_.add(account.text());
    }
    say_has_due();
}

void DomainArchive::work(std::size_t most, std::function<void()> sending, std::function<void()> then)
{
    std::vector<Address> accounts = due_.take(most);
    if (accounts.empty()) {
        go_on();
        then();
        return;
    }
    const auto portion =
        std::make_shared<Portion>(Portion{std::move(accounts), std::move(sending), std::move(then)});
    doing_ = Doing::working;
    with_.source.read_again(
        domain_, portion->accounts,
        asking_.bind([this, portion](ArchiveSource::Read read) { were_read(portion, std::move(read)); }));
}

void DomainArchive::were_read(const Shared& portion, ArchiveSource::Read read)
{
    if (!read) {
        not_read(portion, read.error());
        return;
    }
    if (std::exchange(asking_known_, false)) {
        cannot_list();
    }
    say_read_alone();
    portion->are = *std::move(read);
    std::vector<Address> gone;
    for (const Address& account : portion->accounts) {
        const bool there =
            std::any_of(portion->are.begin(), portion->are.end(),
                        [&account](const ArchivePreference& one) { return one.account == account; });
        if (!there) {
            states_.remove(account.text());
            failing_.is_well(account);
            gone.push_back(account);
        }
    }
    forget(gone, with_.wall_clock() - kArchiveRecent);
    if (portion->are.empty()) {
        finish(portion);
        return;
    }
    with_.store.read(portion->accounts, asking_.bind([this, portion](const auto& records) {
        if (!records) {
            forget_due();
            leave(portion, "the store cannot be read: " + records.error(), true);
            return;
        }
        were_known(portion, *records);
    }));
}

void DomainArchive::not_read(const Shared& portion, const ArchiveFailure& failure)
{
    // One of them may be why.
    const bool of_one = failure.problem == Problem::refused || failure.problem == Problem::unreadable;
    if (of_one && portion->accounts.size() > 1) {
        due_.add_one_by_one(portion->accounts);
        finish(portion);
    } else if (of_one && read_alone_.size() + 1 < kMaxFailedAlone) {
        const Address& account = portion->accounts.front();
        read_alone_.emplace_back(account, failure);
        if (wish_.preference) {
            states_.set(account.text(), ArchiveState::unknown);
        }
        due_.add_later(account);
        finish(portion);
    } else {
        forget_due();
        leave(portion, to_string(failure), may_pass(failure.problem));
    }
}

void DomainArchive::were_known(const Shared& portion, const StoredArchiveDefaults::Records& records)
{
    const auto now = with_.wall_clock();
    portion->begun = now;
    std::vector<Address> own;
    for (const ArchivePreference& one : portion->are) {
        const ArchiveStep step = next_archive_step(one, find(records, one.account), wish_, now);
        if (wish_.preference) {
            states_.set(one.account.text(), step.state);
        }
        if (step.order) {
            portion->orders.push_back({one.account, step.order->preference, step.order->lock});
            portion->marks.push_back(one.mark);
            portion->done_already.push_back(step.order->done_already);
        }
        if (step.forget) {
            own.push_back(one.account);
        }
        if (!step.order) {
            failing_.is_well(one.account);
        }
    }
    forget(own, now - kArchiveRecent);
    if (portion->orders.empty()) {
        finish(portion);
        return;
    }
    with_.store.begin(portion->orders, now, asking_.bind([this, portion](const auto& stored) {
        if (!stored) {
            forget_due();
            leave(portion, "the store cannot be written: " + stored.error(), true);
            return;
        }
        send(portion);
    }));
}

void DomainArchive::send(const Shared& portion)
{
    portion->awaited = portion->orders.size();
    const auto asked = static_cast<std::size_t>(
        std::count(portion->done_already.begin(), portion->done_already.end(), false));
    if (asked != 0) {
        portion->sending();
    }
    for (std::size_t i = 0; i < portion->orders.size(); ++i) {
        if (portion->done_already[i]) {
            replied(portion, i, std::nullopt);
            continue;
        }
        const auto& order = portion->orders[i];
        with_.source.set(order.account, order.preference, order.lock, portion->marks[i],
                         asking_.bind([this, portion, i](const std::optional<ArchiveFailure>& failure) {
                             replied(portion, i, failure);
                         }));
    }
}

void DomainArchive::replied(const Shared& portion, std::size_t order,
                            const std::optional<ArchiveFailure>& failure)
{
    const std::string& account = portion->orders[order].account.text();
    if (!failure) {
        failing_.is_well(portion->orders[order].account);
        portion->done.push_back(portion->orders[order]);
        set_since_said_ += portion->done_already[order] ? 0U : 1U;
        if (wish_.preference) {
            states_.set(account, ArchiveState::set);
        }
    } else if (failure->problem == Problem::no_account) {
        states_.remove(account);
        failing_.is_well(portion->orders[order].account);
    } else if (failure->problem == Problem::changed) {
        portion->undone.push_back(portion->orders[order]);
    } else {
        if (wish_.preference) {
            states_.set(account, failure->problem == Problem::no_archive ? ArchiveState::impossible
                                                                         : ArchiveState::unknown);
        }
        if (failure->problem == Problem::refused) {
            portion->refused.emplace_back(portion->orders[order].account, *failure);
        } else {
            failed(to_string(*failure), false);
        }
        if (may_pass(failure->problem)) {
            due_.add_later(portion->orders[order].account);
        }
    }
    if (--portion->awaited == 0) {
        portion_replied(portion);
    }
}

/// What was not set is not to be taken for set later, when the user has chosen the same.
void DomainArchive::portion_replied(const Shared& portion)
{
    const auto asked = static_cast<std::size_t>(
        std::count(portion->done_already.begin(), portion->done_already.end(), false));
    // As long as nobody has got it, the reason is not taken for one of single accounts.
    const bool has_any_set = states_.counts()[static_cast<std::size_t>(ArchiveState::set)] != 0;
    if (portion->refused.size() > 1 && portion->refused.size() == asked && !has_any_set) {
        failed(to_string(portion->refused.front().second), false);
    } else {
        failed_alone(portion->refused, act());
    }
    if (portion->undone.empty()) {
        portion_done(portion);
        return;
    }
    with_.store.undone(portion->undone, portion->begun, asking_.bind([this, portion](const auto& stored) {
        if (!stored) {
            failed("the store cannot be written: " + stored.error(), true);
        }
        for (const auto& order : portion->undone) {
            due_.add_changed(order.account);
        }
        portion_done(portion);
    }));
}

void DomainArchive::portion_done(const Shared& portion)
{
    if (portion->done.empty()) {
        finish(portion);
        return;
    }
    with_.store.done(portion->done, asking_.bind([this, portion](const auto& stored) {
        if (!stored) {  // it is found in the list, and said then
            failed("the store cannot be written: " + stored.error(), true);
        }
        finish(portion);
    }));
}

void DomainArchive::leave(const Shared& portion, const std::string& problem, bool retry)
{
    if (wish_.preference) {
        for (const Address& account : portion->accounts) {
            states_.set(account.text(), ArchiveState::unknown);
        }
    }
    failed(problem, retry);
    finish(portion);
}

void DomainArchive::finish(const Shared& portion)
{
    if (due_.empty()) {
        if (set_since_said_ != 0) {
            spdlog::info("{}: {} {}: {}", domain_, object(true), act(), std::exchange(set_since_said_, 0));
        }
        say_read_alone();
        failing_.say_more(object(true), "read or " + act());
    }
    go_on();
    portion->then();
}

// --- What all of it needs

std::string DomainArchive::object(bool all) const
{
    return std::string("archiving ") + (wish_.preference ? "preference" : "lock") + (all ? "s" : "");
}

void DomainArchive::failed_alone(const Failures& accounts, const std::string& deed)
{
    for (const auto& [account, failure] : accounts) {
        failing_.failed(account, "the " + object(false) + " of " + account.text() + " could not be " + deed +
                                     ": " + to_string(failure));
    }
}

void DomainArchive::say_read_alone()
{
    const Failures accounts = std::exchange(read_alone_, {});
    if (asking_known_ && !accounts.empty()) {  // nobody could be read
        failed(to_string(accounts.front().second), false);
    } else {
        failed_alone(accounts, "read");
    }
}

void DomainArchive::forget_problems()
{
    problem_.clear();
    failing_.forget_problem();
}

void DomainArchive::failed(const ArchiveFailure& failure)
{
    failed(to_string(failure), may_pass(failure.problem));
}

void DomainArchive::failed(const std::string& problem, bool retry)
{
    if (problem != problem_) {  // else it has been said
        spdlog::warn("{}: {} cannot be {}: {}; tried again {}", domain_, object(true), act(), problem,
                     retry ? "in " + std::to_string(kRetry.count()) + " minutes" : "later");
        problem_ = problem;
    }
    if (retry && !retry_) {
        retry_ = with_.clock.after(kRetry, [self = this] { self->retry(); });
    }
}

void DomainArchive::retry()
{
    retry_.reset();
    begin();
}

/// What is not forgotten now is found with the next list.
void DomainArchive::forget(const std::vector<Address>& accounts, std::chrono::system_clock::time_point until)
{
    if (!accounts.empty()) {
        with_.store.forget(accounts, until, [domain = domain_](const auto& stored) {
            if (!stored) {
                spdlog::warn("{}: the store could not forget archiving preferences: {}", domain,
                             stored.error());
            }
        });
    }
}

}  // namespace usher
