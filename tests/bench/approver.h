// A server that approves every request, through Usher or with a module of its own, to compare the two.
//
// Two of them with the same accounts run side by side and get the same requests in alternating blocks.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "asker.h"
#include "pairs.h"
#include "server.h"
#include "usherd.h"

namespace usher::test
{

/// A kind of server, and where it stores rosters.
enum class Kind { prosody, prosody_memory, ejabberd, ejabberd_disc_copies };

/// In words: "Prosody, internal storage".
[[nodiscard]] std::string name(Kind kind);
/// "Prosody" or "ejabberd".
[[nodiscard]] std::string server_name(Kind kind);

inline const std::string kHost = "capulet.lit";
inline const std::string kElsewhere = "montague.lit";

/// The first is kHost.
[[nodiscard]] std::vector<std::string> hosts(int count);
/// user-1@capulet.lit and so on.
[[nodiscard]] std::string user(int number, const std::string& host = kHost);

class Approver
{
  public:
    struct Options {
        Kind kind = Kind::prosody;
        /// Usher's login; empty: a module in the server approves.
        std::optional<Login> usher;
        /// The number of usherd processes, on one component domain.
        int instances = 1;
        /// The number of hosts of the server (ejabberd): each has the accounts.
        int hosts = 1;
        /// The number of accounts, from user(1) on, and how many contacts each of them already has.
        int users = 0;
        int contacts = 0;
        /// More accounts.
        std::vector<std::string> accounts = {};
        /// The accounts of `users` have vCards, and Usher searches them: user 417 is Given017 Family417, a vCard4 on Prosody
        /// and a vcard-temp on ejabberd.
        bool people = false;
        /// The store of all usherd processes; empty: each has one of its own, of SQLite.
        std::string store_url = {};
    };

    explicit Approver(const Options& options);

    [[nodiscard]] Server& server() { return *server_; }
    /// The component that sends requests as contacts of another host.
    [[nodiscard]] Asker& elsewhere() { return *elsewhere_; }
    /// The time from Usher's start until it has read the waiting requests.
    [[nodiscard]] double seconds_to_ready() const { return seconds_to_ready_; }
    /// What it takes from Usher's start until it has read all people.
    [[nodiscard]] const Block& first_reading() const { return first_reading_; }

    /// Measure time and CPU time of what is between them.
    void begin(Block& block) const;
    void end(Block& block, std::size_t requests) const;

    /// The component sends these, `window` at a time. Returns when all have been approved.
    [[nodiscard]] Block ask(const std::vector<std::string>& requests, int window);
    /// Sends them one after the other and times each.
    [[nodiscard]] static Block ask_alone(Asker& asker, const std::vector<std::string>& requests);

    /// Checks the measurement: so many of the user's contacts must be subscribed.
    void check_roster(const std::string& address, int subscribed);

  private:
    void start_usher(const Options& options);
    [[nodiscard]] double usherd_cpu() const;

    std::unique_ptr<Server> server_;
    std::deque<Usherd> usherds_;
    std::optional<Asker> elsewhere_;
    double seconds_to_ready_ = 0;
    Block first_reading_;
};

/// Throws unless the roster, as sent to its owner, has so many contacts with that subscription.
void check_roster(Asker& asker, const std::string& subscription, int wanted);

/// Measures both alternately, so many times.
[[nodiscard]] std::vector<Pair> alternate(int pairs, const std::function<Block(int)>& in_server,
                                          const std::function<Block(int)>& usher);

[[nodiscard]] std::string subscribe(const std::string& from, const std::string& to);

}  // namespace usher::test
