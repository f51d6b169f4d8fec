// Whatever people do with contacts that policy has approved, what is revoked is policy's and nothing that is a person's: random
// dialogues on a real server against a model of the rosters (RFC 6121 section 3). Belongs to the suite of approvals.cpp.
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <utility>

#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

using Json = nlohmann::json;
using Pair = std::pair<std::string, std::string>;  // whose roster, and who is in it
using Pairs = std::set<Pair>;

bool is_of_the_organization(const std::string& address)
{
    return address.ends_with("@capulet.lit");
}

/// What one of two people has of the other.
struct Known {
    bool sees = false;             ///< is subscribed to the other's presence
    bool asks = false;             ///< has asked to be
    bool policy_approved = false;  ///< the other's last request, in their name
    std::string name = {};
    std::string group = {};

    [[nodiscard]] bool is_own() const { return sees || asks || !name.empty() || !group.empty(); }
};

/// All rosters, as they have to be.
class Rosters
{
  public:
    Known& of(const std::string& owner, const std::string& other) { return known_[{owner, other}]; }

    /// The item as item_as_sent() gives it.
    std::string item(const std::string& owner, const std::string& other)
    {
        const Known& has = of(owner, other);
        const bool is_seen = of(other, owner).sees;
        const std::string subscription = has.sees && is_seen ? "both"
                                         : has.sees          ? "to"
                                         : is_seen           ? "from"
                                                             : "none";
        return subscription + (has.asks ? " ask" : "") + " name=" + has.name + " group=" + has.group;
    }
    /// The approvals that policy gave and that are in force: those that a person has made their own, or the others.
    Pairs approvals(bool own)
    {
        Pairs found;
        for (const auto& [pair, has] : std::map<Pair, Known>(known_)) {
            if (has.policy_approved && of(pair.second, pair.first).sees && has.is_own() == own) {
                found.insert(pair);
            }
        }
        return found;
    }
    /// RFC 6121 section 3.2: what the server does in the user's name.
    void cancel(const std::string& user, const std::string& contact)
    {
        of(contact, user).sees = false;
        of(user, contact).policy_approved = false;
    }
    /// Of whom there is an item, in either direction.
    [[nodiscard]] Pairs pairs() const
    {
        Pairs all;
        for (const auto& [pair, has] : known_) {
            all.insert(pair);
        }
        return all;
    }

  private:
    std::map<Pair, Known> known_;
};

std::string item_as_sent(const Element& roster, const std::string& other)
{
    for (const Element& item : roster.child("query")->children) {
        if (item.attribute("jid") == other) {
            const Element* group = item.child("group");
            return item_in(roster, other) + " name=" + item.attribute("name") +
                   " group=" + (group == nullptr ? std::string() : group->text);
        }
    }
    return "none name= group=";
}

enum class Act {
    nothing,
    name,
    group,
    subscribe_back,
    ask_again_and_be_approved_by_the_user,
    ask_again,
    cancel
};
constexpr int kActs = 7;
std::ostream& operator<<(std::ostream& out, Act act)
{
    constexpr const char* kNames[kActs] = {
        "nothing",   "name",  "group", "subscribe back", "ask again and be approved by the user",
        "ask again", "cancel"};
    return out << kNames[static_cast<int>(act)];
}

/// Two users whom policy approves everybody for, and people of their organisation and of another.
class RandomDialogue : public Stage
{
  public:
    static constexpr int kContacts = 20;

    explicit RandomDialogue(std::uint32_t seed)
        : Stage(granted()),
          random_(seed),
          usherd_(connection_to(server()), {.users_may_choose = true, .option = "all"})
    {
        usherd_.start();
        usherd_.wait_until_answering();
        for (const std::string& user : users_) {
            clients_[user] = &enter(user);
        }
        for (int i = 0; i < kContacts; ++i) {
            contacts_.push_back("contact" + std::to_string(i) +
                                (i % 2 == 0 ? "@capulet.lit" : "@montague.lit"));
            clients_[contacts_.back()] = &enter(contacts_.back());
        }
    }

    /// Everybody asks, and policy approves; then things happen, of each kind once at least.
    void play()
    {
        for (int i = 0; i < kContacts; ++i) {
            const std::string user = users_.at(any(2));
            const std::string& contact = contacts_[static_cast<std::size_t>(i)];
            std::vector<Act> acts{static_cast<Act>(i < kActs ? i : any(kActs))};
            if (i >= kActs && any(2) == 0) {
                acts.push_back(static_cast<Act>(any(kActs)));
            }
            ask(contact, user);
            await_items(user, contact);
            for (const Act act : acts) {
                BOOST_TEST_MESSAGE(user << ", " << contact << ": " << act);
                happens(act, user, contact);
                await_items(user, contact);
            }
        }
    }
    /// One user and some contacts are offline meanwhile.
    void revoke()
    {
        std::vector<WireClient*> away{clients_[users_.back()]};
        for (const std::string& contact : contacts_) {
            if (any(3) == 0) {
                away.push_back(clients_[contact]);
            }
        }
        for (WireClient* client : away) {
            client->disconnect();
        }
        const Pairs policys = rosters_.approvals(false);
        const Pairs own = rosters_.approvals(true);
        BOOST_TEST(!policys.empty());
        BOOST_TEST(!own.empty());
        const Json listed = usherctl_.json("GET", "/v1/approvals", {"approvals"});
        expect_pairs(listed["approvals"], policys);
        expect_pairs(listed["own"], own);
        const Json revoked = usherctl_.json("POST", "/v1/revocations", {"revoke", "--apply"});
        expect_pairs(revoked["approvals"], policys);
        expect_pairs(revoked["own"], own);
        for (const Json& one : revoked["approvals"]) {
            BOOST_TEST(one["outcome"] == "revoked", one.dump());
        }
        for (const auto& [user, contact] : policys) {
            rosters_.cancel(user, contact);
        }
        for (WireClient* client : away) {
            client->connect();
            client->appear();
        }
    }
    /// Nobody has lost anything else.
    void expect_all_items()
    {
        for (const auto& [owner, other] : rosters_.pairs()) {
            await_items(owner, other);
        }
        const Json left = usherctl_.json("GET", "/v1/approvals", {"approvals"});
        expect_pairs(left["approvals"], {});
        expect_pairs(left["own"], rosters_.approvals(true));
        const std::string nothing = usherctl_.done({"revoke", "--apply"});
        BOOST_TEST(nothing.find("There is nothing to revoke.\n") != std::string::npos, nothing);
    }

  private:
    static ServerOptions granted()
    {
        ServerOptions options = ScriptedStage::options({entity_address(Login::component)});
        options.approval_entities = options.entities;
        return options;
    }
    std::size_t any(int below)
    {
        return std::uniform_int_distribution<std::size_t>(0, static_cast<std::size_t>(below) - 1)(random_);
    }
    WireClient& client_of(const std::string& address) { return *clients_.at(address); }

    void ask(const std::string& contact, const std::string& user)
    {
        client_of(contact).send(to(user, "subscribe"));
        rosters_.of(contact, user).sees = true;
        rosters_.of(user, contact).policy_approved = true;
    }
    void cancel_request(const std::string& contact, const std::string& user)
    {
        if (rosters_.of(contact, user).sees) {
            client_of(contact).send(to(user, "unsubscribe"));
            rosters_.cancel(user, contact);
            await_items(user, contact);
        }
    }
    void happens(Act act, const std::string& user, const std::string& contact)
    {
        Known& has = rosters_.of(user, contact);
        switch (act) {
            case Act::nothing:
                break;
            case Act::name:
                has.name = "Friend";
                store_item(user, contact);
                break;
            case Act::group:
                has.group = "Friends";
                store_item(user, contact);
                break;
            case Act::subscribe_back:
                subscribe_back(user, contact);
                break;
            case Act::ask_again_and_be_approved_by_the_user:
                cancel_request(contact, user);
                usherctl_.done({"exceptions", user, "--always-ask", contact});
                ask(contact, user);
                client_of(user).expect(presence("subscribe", contact));
                client_of(user).send(to(contact, "subscribed"));
                has.policy_approved = false;
                await_items(user, contact);
                usherctl_.done({"exceptions", user, "--remove", contact});
                break;
            case Act::ask_again:
                cancel_request(contact, user);
                ask(contact, user);
                break;
            case Act::cancel:
                cancel_request(contact, user);
                break;
        }
    }
    void store_item(const std::string& user, const std::string& contact)
    {
        const Known& has = rosters_.of(user, contact);
        const std::string name = has.name.empty() ? "" : " name='" + has.name + "'";
        const std::string group = has.group.empty() ? "" : "<group>" + has.group + "</group>";
        const Element stored =
            client_of(user).request("set", {},
                                    "<query xmlns='jabber:iq:roster'><item jid='" + contact + "'" + name +
                                        ">" + group + "</item></query>");
        BOOST_REQUIRE_EQUAL(stored.attribute("type"), "result");
    }
    /// Policy approves it for who is of the organisation; others may, or may not have looked yet.
    void subscribe_back(const std::string& user, const std::string& contact)
    {
        Known& has = rosters_.of(user, contact);
        if (has.sees || has.asks) {
            return;
        }
        if (is_of_the_organization(contact)) {
            ask(user, contact);
            return;
        }
        client_of(user).send(to(contact, "subscribe"));
        client_of(contact).expect(presence("subscribe", user));
        if (any(2) == 0) {
            has.asks = true;
        } else {
            client_of(contact).send(to(user, "subscribed"));
            has.sees = true;
        }
    }

    /// Waits until the two rosters have of each other what they have to.
    void await_items(const std::string& one, const std::string& other)
    {
        for (const auto& [owner, in_it] : {Pair{one, other}, Pair{other, one}}) {
            const std::string expected = rosters_.item(owner, in_it);
            std::string item;
            const Deadline deadline = within(kPatience);
            do {
                item = item_as_sent(client_of(owner).roster(), in_it);
            } while (item != expected && remaining_ms(deadline) > 0);
            if (item != expected) {
                throw std::runtime_error(owner + " has of " + in_it + ": " + item + ", and not: " + expected);
            }
        }
    }
    static void expect_pairs(const Json& listed, const Pairs& expected)
    {
        Pairs found;
        for (const Json& one : listed) {
            found.emplace(one["user"], one["contact"]);
        }
        for (const auto& [user, contact] : found) {
            BOOST_TEST(expected.contains({user, contact}),
                       user << " and " << contact << " are in " << listed.dump());
        }
        for (const auto& [user, contact] : expected) {
            BOOST_TEST(found.contains({user, contact}),
                       user << " and " << contact << " are not in " << listed.dump());
        }
    }

    std::mt19937 random_;
    Usherd usherd_;
    Usherctl usherctl_{usherd_.directory() / "control.sock"};
    const std::vector<std::string> users_{kJuliet, "rosaline@capulet.lit"};
    std::vector<std::string> contacts_;
    std::map<std::string, WireClient*> clients_;
    Rosters rosters_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(approvals)

BOOST_AUTO_TEST_CASE(in_random_dialogues_nobody_loses_a_contact_that_is_their_own)
{
    const std::uint32_t seed = std::random_device()();
    BOOST_TEST_MESSAGE("seed " << seed);
    BOOST_TEST_CONTEXT("seed " << seed)
    {
        try {
            RandomDialogue dialogue(seed);
            dialogue.play();
            dialogue.revoke();
            dialogue.expect_all_items();
        } catch (const std::exception& error) {
            BOOST_ERROR(error.what());  // where the seed is said
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
