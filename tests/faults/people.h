// Those who ask and those who are asked: what they have sent, what they were told, and how often.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "server.h"
#include "store.h"
#include "wire_client.h"

namespace usher::test
{

/// What policy says of a contact's request; the contact's domain tells.
enum class Policy { approve, deny, leave };
inline constexpr std::size_t kPolicies = 3;

[[nodiscard]] const std::string& contact_domain(Policy policy);

/// One contact's request to one user. No contact asks two users, and none asks one twice without need.
struct Request {
    std::string user;
    std::string contact;
    Policy policy = Policy::leave;

    unsigned sent = 0;
    // What came back to the contact.
    unsigned subscribed = 0;
    unsigned unsubscribed = 0;
    std::vector<Clock::time_point> told_at;
    bool acknowledged =
        false;  ///< `unavailable`: the server has it, and it is the user's (RFC 6121 section 3.1.3)

    bool stored = false;           ///< by the server, as far as can be known out here
    unsigned said_in_falling = 0;  ///< answers that a server gave as it fell, and may not have stored
    bool cut_off =
        false;  ///< the answer was recorded when the server went, and the contact had not been told yet

    unsigned delivered = 0;  ///< to the user's present session
    unsigned sent_in_it = 0;
    bool ever_delivered = false;

    [[nodiscard]] unsigned answers() const { return subscribed + unsubscribed; }
    [[nodiscard]] bool answered() const { return answers() > 0; }
    /// Whether anybody out here knows that the server has it.
    [[nodiscard]] bool known() const { return answered() || acknowledged || ever_delivered; }
};

/// Contacts of other domains, in whose name components speak, and users of capulet.lit. Some of the users are
/// online all the time, the others never; none of them answers anything.
class People
{
  public:
    static constexpr std::size_t kWindow = 48;

    /// Makes the requests; nobody is online yet.
    People(Server& server, std::mt19937_64& random, std::size_t requests);

    /// The components of a server for them.
    [[nodiscard]] static std::vector<std::string> components();

    /// Notes what the server has stored by now: what has shown any sign of it, records included, because the
    /// daemon is asked after the server has stored the request.
    void note_stored(const Store::Journal& recorded);
    /// Those who are online come. What has not been noted as stored is sent again, as by anybody who gets no
    /// answer.
    void come(const Store::Journal& recorded);
    /// The server has gone: takes in what it had still sent; throws if that does not end. `stored`: and what it
    /// said is so.
    void see_it_end(bool stored);

    /// Sends requests that were not sent yet, up to that one, without waiting for anybody.
    void ask(std::size_t up_to);
    /// Takes in what comes, until then; meanwhile asks so that `up_to` have been asked at the end, never more
    /// than kWindow at a time.
    void go_on(Deadline until, std::size_t up_to);
    void go_on(std::chrono::milliseconds time) { go_on(within(time), asked_); }

    /// Sends this one again.
    void ask_again(Request& request);
    /// Returns when everything has arrived that was sent.
    void round_trip();
    /// Ends all sessions of users.
    void users_leave();
    /// Those who are online log out and in again.
    void users_return();
    /// Takes in what comes until nothing shows that a request is being dealt with.
    void settle();
    /// Of the requests up to that one, which nobody has sent yet, no session gets more than `most`.
    void spread(std::size_t up_to, std::size_t most);
    /// Requests from that one on whose users are online and have not seen them.
    [[nodiscard]] std::vector<std::string> unseen(std::size_t first) const;

    [[nodiscard]] std::vector<Request>& requests() { return requests_; }
    [[nodiscard]] const std::vector<std::string>& users() const { return users_; }
    [[nodiscard]] std::size_t asked() const { return asked_; }
    /// What was delivered twice to one session, and presence of type `error` that contacts got.
    [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }

  private:
    void send(Request& request);
    void users_come();
    /// False if nothing came.
    bool take_in(std::chrono::milliseconds patience);
    [[nodiscard]] std::vector<Client*> everybody();
    [[nodiscard]] bool is_online(const std::string& user) const;
    void received_by_contact(const Element& stanza);
    void received_by_user(const std::string& user, const Element& stanza);
    [[nodiscard]] Request* request_of(const std::string& contact);
    [[nodiscard]] std::size_t in_flight();

    Server& server_;
    std::vector<Request> requests_;
    std::vector<std::string> users_;
    std::map<std::string, WireComponent> contacts_;  // by domain
    std::list<WireClient> online_;
    std::size_t asked_ = 0;
    struct Sent {
        std::size_t request;
        Clock::time_point at;
    };
    std::deque<Sent> in_flight_;
    std::vector<std::string> complaints_;
};

}  // namespace usher::test
