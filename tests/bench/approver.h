// A server that approves every request, through Usher or by itself: what is measured, and against what.
//
// Two of them with the same accounts run side by side and are asked the same requests in alternating blocks.
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

/// A kind of server, and where it keeps rosters.
enum class Kind { prosody, prosody_memory, ejabberd, ejabberd_disc_copies };

/// In words: "Prosody, internal storage".
[[nodiscard]] std::string name(Kind kind);
/// "Prosody" or "ejabberd".
[[nodiscard]] std::string server_name(Kind kind);

inline const std::string kHost = "capulet.lit";
inline const std::string kElsewhere = "montague.lit";

/// user-1@capulet.lit and so on.
[[nodiscard]] std::string user(int number);

class Approver
{
  public:
    struct Options {
        Kind kind = Kind::prosody;
        /// Usher's; none: the server approves by itself.
        std::optional<Login> usher;
        /// Usher's, on one component domain.
        int instances = 1;
        /// How many accounts there are from user(1) on, and how many contacts each of them already has.
        int users = 0;
        int contacts = 0;
        /// More accounts.
        std::vector<std::string> accounts = {};
    };

    explicit Approver(const Options& options);

    [[nodiscard]] Server& server() { return *server_; }
    /// The component in whose name contacts of another host ask.
    [[nodiscard]] Asker& elsewhere() { return *elsewhere_; }
    /// From Usher's start to its being ready: it has read what waits.
    [[nodiscard]] double seconds_to_ready() const { return seconds_to_ready_; }

    /// The component sends these, with so many under way at a time; returns when all have been approved.
    [[nodiscard]] Block ask(const std::vector<std::string>& requests, int window);
    /// One after the other, each with its time.
    [[nodiscard]] static Block ask_alone(Asker& asker, const std::vector<std::string>& requests);

    /// That what has been measured is what was meant: so many of her contacts are subscribed.
    void check_roster(const std::string& address, int subscribed);

  private:
    [[nodiscard]] double usherd_cpu() const;

    std::unique_ptr<Server> server_;
    std::deque<Usherd> usherds_;
    std::optional<Asker> elsewhere_;
    double seconds_to_ready_ = 0;
};

/// Throws unless the roster, as its owner is sent it, has so many contacts with that subscription.
void check_roster(Asker& asker, const std::string& subscription, int wanted);

/// Measures both, in turns, so many times.
[[nodiscard]] std::vector<Pair> alternate(int pairs, const std::function<Block(int)>& in_server,
                                          const std::function<Block(int)>& usher);

[[nodiscard]] std::string subscribe(const std::string& from, const std::string& to);

}  // namespace usher::test
