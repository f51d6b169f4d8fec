// Has the accounts of one domain get the archiving preference that their organisation wants.
//
// All are listed when the server offers it, after each login, when the organisation wants something else, and each night.
// Whoever has not what is wanted, or is said to have changed, is due: then the server is asked about them once more, in
// portions, what is to be done is said in the store, done, and said to be done. Each step needs the one before it; if
// one fails for all, nothing of what follows is done, and the list is read again later. An account that alone cannot be
// read or set is tried again. Where the server cannot list its accounts, those that are known are due.
//
// Not here: how many at a time (archive_keeper.h), who is due (due_accounts.h), what the log says of accounts that fail alone
// (failing_accounts.h), and what is to be done for one account (archive_step.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/archive/archive_source.h"
#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "plugin/archive/account_states.h"
#include "plugin/archive/archive_status.h"
#include "plugin/archive/due_accounts.h"
#include "plugin/archive/failing_accounts.h"
#include "plugin/store/archive_defaults.h"

namespace usher
{

class DomainArchive
{
  public:
    /// Whoever more is due waits for the next list. All accounts of a list have room, so that it is read once; a million
    /// take 100 MB until they are done.
    static constexpr std::size_t kMaxDue = ArchiveList::kMaxAccounts;
    /// So many that alone cannot be read, one after the other, are not the reason: the server is.
    static constexpr std::size_t kMaxFailedAlone = 20;
    /// What is read of the store at a time.
    static constexpr std::size_t kStoredPortion = 100;
    /// When a server that did not answer, or a store, is asked again.
    static constexpr std::chrono::minutes kRetry{10};

    /// What all domains share. All of it must outlive them.
    struct Surroundings {
        Clock& clock;
        ArchiveSource& source;
        StoredArchiveDefaults& store;
        std::function<std::vector<std::string>(const std::string& domain)> known_accounts;
        std::function<std::chrono::system_clock::time_point()> wall_clock;
        std::function<double()> random;       ///< 0 to 1
        std::function<void()> has_work = {};  ///< somebody is due
    };

    DomainArchive(std::string domain, Surroundings& surroundings);
    DomainArchive(const DomainArchive&) = delete;
    DomainArchive& operator=(const DomainArchive&) = delete;

    void want(const ArchiveWish& wish);
    /// Lists the accounts, if the domain offers it and something is wanted: now, or as soon as what is being done is done.
    void begin();
    /// These accounts have changed; see ArchiveEvents.
    void changed(std::vector<Address> accounts);
    void stream_lost();

    /// Whether somebody is due, and nothing else is being done.
    [[nodiscard]] bool has_due() const { return doing_ == Doing::nothing && !due_.empty(); }
    /// Does what is to be done for `most` of them, `StoredArchiveDefaults::kMaxAccounts` at most. `sending` is called when
    /// the server is asked for something, `then` once in the end; but not after the stream was lost.
    void work(std::size_t most, std::function<void()> sending, std::function<void()> then);

    [[nodiscard]] ArchiveStatus status() const;
    [[nodiscard]] const ArchiveWish& wish() const { return wish_; }

  private:
    enum class Doing {
        nothing,
        listing,
        finding_locked,  ///< where nothing is wanted any more
        forgetting,      ///< what the store has of accounts that were not in the list
        working,
    };
    using Failures = std::vector<std::pair<Address, ArchiveFailure>>;
    /// Some accounts that are due, on their way.
    struct Portion {
        std::vector<Address> accounts;
        std::function<void()> sending;
        std::function<void()> then;
        std::vector<ArchivePreference> are = {};
        std::chrono::system_clock::time_point begun = {};
        std::vector<StoredArchiveDefaults::Order> orders = {};
        std::vector<std::string> marks = {};  // of each order
        std::vector<bool> done_already = {};  // of each order
        std::size_t awaited = 0;
        std::vector<StoredArchiveDefaults::Order> done = {};
        std::vector<StoredArchiveDefaults::Order> undone = {};
        Failures refused = {};
    };
    using Shared = std::shared_ptr<Portion>;

    // The list
    void page_listed(ArchiveRead page);
    void page_known(const std::vector<ArchivePreference>& page,
                    const StoredArchiveDefaults::Records& records);
    void list_ended(const std::optional<ArchiveFailure>& failure);
    /// The server may be unable to list its accounts, or has no archive (PROTOCOL.md E49): what it says of those that are
    /// known tells which.
    void ask_about_known();
    void cannot_list();
    void forget_gone(const std::string& after);
    void find_locked(const std::string& after);

    // Who is due
    void not_read(const Shared& portion, const ArchiveFailure& failure);
    void were_read(const Shared& portion, ArchiveSource::Read read);
    void were_known(const Shared& portion, const StoredArchiveDefaults::Records& records);
    void send(const Shared& portion);
    void replied(const Shared& portion, std::size_t order, const std::optional<ArchiveFailure>& failure);
    void portion_replied(const Shared& portion);
    void portion_done(const Shared& portion);
    /// Nothing more can be done for them now.
    void leave(const Shared& portion, const std::string& problem, bool retry);
    void finish(const Shared& portion);

    /// These, and not the whole domain.
    void failed_alone(const Failures& accounts, const std::string& deed);
    /// Those of `read_alone_`, now that it is known that they are not the first of everybody.
    void say_read_alone();
    void failed(const ArchiveFailure& failure);
    void failed(const std::string& problem, bool retry);
    void forget_problems();
    void forget_passing_problems();
    /// What is set, or taken away, of one account, or of all.
    [[nodiscard]] std::string object(bool all) const;
    /// What is done with that: "set".
    [[nodiscard]] std::string act() const { return wish_.preference ? "set" : "taken away"; }
    void retry();
    void forget_due();
    void say_has_due();
    void forget(const std::vector<Address>& accounts, std::chrono::system_clock::time_point until);
    void go_on();
    void await_night();

    const std::string domain_;
    Surroundings& with_;
    ArchiveWish wish_;
    Doing doing_ = Doing::nothing;
    CallbackScope asking_;  // the server, on this stream, or the store, and what follows
    std::unique_ptr<ArchiveList> list_;
    bool list_complete_ = false;  // everybody in it could be read
    std::chrono::system_clock::time_point list_begun_;
    AccountStates states_;
    DueAccounts due_;
    FailingAccounts failing_;
    Failures read_alone_;        // the latest ones that were read one by one, if they failed; not said yet
    bool asking_known_ = false;  // without a list, and not answered yet
    bool cannot_list_ = false;
    bool begin_wanted_ = false;
    std::size_t set_since_said_ = 0;  // in the log
    std::unique_ptr<Timer> soon_;
    std::unique_ptr<Timer> retry_;
    std::unique_ptr<Timer> night_;
    std::optional<Archiving> server_default_;
    std::optional<std::chrono::system_clock::time_point> listed_;
    std::string problem_;  // of all of them
};

}  // namespace usher
