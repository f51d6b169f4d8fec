// An entity with a channel, a clock and a judge for tests, and functions to play the server.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "doubles.h"
#include "integration/requests/entity.h"
#include "literal.h"

namespace usher::test
{

using Strings = std::vector<std::string>;

inline Decision decision(Answer answer, bool ask_back = false)
{
    Decision decision;
    decision.answer = answer;
    decision.ask_back = ask_back;
    return decision;
}

/// Gives the answer that the contact's local part names, at once or when the test says so, and records what it was
/// asked.
class ScriptedJudge : public Judge
{
  public:
    void judge(std::vector<SubscriptionRequest> requests, Source source, JudgedCallback then) override
    {
        ++calls;
        if (failing) {
            then(disk_full());
            return;
        }
        std::vector<Judged> judged;
        for (const SubscriptionRequest& request : requests) {
            asked.push_back((source == Source::asked ? "asked " : "waiting ") + request.user.text() + " " +
                            request.contact.text());
            items.push_back(request.item);
            const std::string_view contact = request.contact.text();
            const std::string_view wish = contact.substr(0, contact.find('@'));
            judged.push_back({wish.starts_with("approve") ? decision(Answer::approve)
                              : wish.starts_with("both")  ? decision(Answer::approve, true)
                              : wish.starts_with("deny")  ? decision(Answer::deny)
                                                          : decision(Answer::leave),
                              static_cast<std::int64_t>(asked.size()),
                              {},
                              wish == "approve-named" ? ContactLabel{"Romeo", "Friends"} : ContactLabel()});
        }
        if (when_asked) {
            when_asked();
        }
        if (holding) {
            held.push_back({std::move(judged), std::move(then)});
        } else {
            then(std::move(judged));
        }
    }
    /// Gives an answer that was held, of the oldest question if no other is named.
    void answer_held(std::size_t question = 0) { answer_held(question, std::move(held.at(question).judged)); }
    void fail_held() { answer_held(0, disk_full()); }
    void settle(std::span<const Settled> together) override
    {
        std::string all;
        for (const Settled& one : together) {
            all += (all.empty() ? "" : ", ") + std::to_string(one.judged.record) + " " +
                   one.request.contact.text().substr(0, one.request.contact.text().find('@')) + " " +
                   std::string(name(one.outcome)) + (one.condition.empty() ? "" : " " + one.condition);
        }
        settled.push_back(all);
    }

    struct Held {
        std::vector<Judged> judged;
        JudgedCallback then;
    };

    int calls = 0;
    bool failing = false;
    bool holding = false;
    std::vector<Held> held;
    Strings asked;
    Strings settled;  ///< each call: the request's number, its contact and what became of it
    std::vector<std::optional<RosterItem>> items;
    std::function<void()> when_asked;

  private:
    static tl::unexpected<std::string> disk_full()
    {
        return tl::unexpected<std::string>("the journal cannot be written: disk full");
    }
    void answer_held(std::size_t question, tl::expected<std::vector<Judged>, std::string> judged)
    {
        const JudgedCallback then = std::move(held.at(question).then);
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(question));
        then(std::move(judged));
    }
};

inline std::string to_string(DomainState state)
{
    switch (state) {
        case DomainState::offline:
            return "offline";
        case DomainState::asking:
            return "asking";
        case DomainState::no_connector:
            return "no_connector";
        case DomainState::not_granted:
            return "not_granted";
        case DomainState::unreachable:
            return "unreachable";
        case DomainState::reading:
            return "reading";
        case DomainState::answering:
            return "answering";
        case DomainState::stock:
            return "stock";
        case DomainState::stock_not_granted:
            return "stock_not_granted";
        case DomainState::stock_ineffective:
            return "stock_ineffective";
    }
    return "?";
}

class Events : public EntityEvents
{
  public:
    void domain_changed(const std::string& domain, DomainState state) override
    {
        states[domain] = to_string(state);
        history[domain].push_back(to_string(state));
    }
    void offline(const Failure& failure, std::chrono::milliseconds retry) override
    {
        failures.push_back(test::to_string(failure.kind));
        delay = retry;
    }

    std::map<std::string, std::string> states;
    std::map<std::string, Strings> history;
    Strings failures;
    std::chrono::milliseconds delay{0};
};

inline std::string request(const std::string& id, const std::string& contact, const std::string& user,
                           const std::string& item = {})
{
    return "<request id='" + id +
           "'><forwarded xmlns='urn:xmpp:forward:0'><presence xmlns='jabber:client' type='subscribe' from='" +
           contact + "' to='" + user + "'/></forwarded>" + item + "</request>";
}

inline std::string requests(const std::string& inside)
{
    return "<requests xmlns='urn:xmpp:subscription-requests:0'>" + inside + "</requests>";
}

inline std::string pending(const std::string& inside, const std::string& last = {})
{
    return "<pending xmlns='urn:xmpp:subscription-requests:0'>" + inside +
           "<set xmlns='http://jabber.org/protocol/rsm'>" +
           (last.empty() ? "" : "<last>" + last + "</last>") + "</set></pending>";
}

inline std::string error(const std::string& condition, const std::string& type = "cancel")
{
    return "<error type='" + type + "'><" + condition +
           " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
}

inline const std::string kWithConnector =
    "<query xmlns='http://jabber.org/protocol/disco#info'>"
    "<identity category='server' type='im'/>"
    "<feature var='http://jabber.org/protocol/disco#info'/>"
    "<feature var='urn:xmpp:subscription-requests:0'/></query>";
inline const std::string kWithoutConnector =
    "<query xmlns='http://jabber.org/protocol/disco#info'>"
    "<identity category='server' type='im'/>"
    "<feature var='http://jabber.org/protocol/disco#info'/>"
    "<feature var='urn:xmpp:subscription-requests:1'/></query>";

inline std::string advertisement(const std::string& from)
{
    return "<message from='" + from +
           "' to='usher.capulet.lit'><privilege xmlns='urn:xmpp:privilege:2'><perm access='iq'>"
           "<namespace ns='urn:xmpp:subscription-requests:0' type='both'/></perm></privilege></message>";
}

struct Scene {
    explicit Scene(bool component = false, Strings domains = {"capulet.lit"})
    {
        Login login;
        login.host = "127.0.0.1";
        login.component = component;
        address = component ? "usher.capulet.lit" : "usher@capulet.lit/usher";
        login.address = address;
        entity.emplace(
            login, "capulet.lit", std::move(domains), channels, clock, [] { return 0.0; }, judge, events);
    }

    void log_in()
    {
        entity->start();
        channels.opened(address);
        std::erase(channels.sent, "<presence/>");
    }

    /// Lets time pass, with enough traffic that no ping is sent.
    void pass(std::chrono::milliseconds time)
    {
        constexpr std::chrono::seconds kSilence{20};
        for (; time > kSilence; time -= kSilence) {
            clock.advance(kSilence);
            channels.received("<message/>");
        }
        clock.advance(time);
    }

    /// Removes and returns the first IQ sent to `to` with this payload.
    std::string take(const std::string& to, const std::string& payload)
    {
        const auto found =
            std::find_if(channels.sent.begin(), channels.sent.end(), [&](const std::string& xml) {
                const Literal literal(xml);
                return literal.stanza().name() == "iq" && literal.stanza().attribute("to") == to &&
                       literal.stanza().first().name() == payload;
            });
        if (found == channels.sent.end()) {
            BOOST_FAIL("no <" + payload + "/> was sent to " + to);
        }
        std::string xml = *found;
        channels.sent.erase(found);
        return xml;
    }

    void reply(const std::string& iq, const std::string& inside, const std::string& type = "result")
    {
        channels.received("<iq type='" + type + "' id='" + attribute(iq, "id") + "' from='" +
                          attribute(iq, "to") + "' to='" + address + "'>" + inside + "</iq>");
    }

    void has_connector(const std::string& domain = "capulet.lit")
    {
        reply(take(domain, "query"), kWithConnector);
    }

    /// The request for a page that was sent.
    void page(const std::string& inside, const std::string& last = {},
              const std::string& domain = "capulet.lit")
    {
        reply(take(domain, "pending"), pending(inside, last));
    }

    void refuse_list(const std::string& condition, const std::string& domain = "capulet.lit")
    {
        reply(take(domain, "pending"), error(condition), "error");
    }

    /// Logs in and reads every list to its end.
    void start_answering(const Strings& domains = {"capulet.lit"})
    {
        log_in();
        for (const std::string& domain : domains) {
            has_connector(domain);
            page("", "", domain);
            BOOST_TEST_REQUIRE(state(domain) == "answering");
        }
        channels.sent.clear();
    }

    void ask(const std::string& inside, const std::string& from = "capulet.lit", const std::string& id = "a1")
    {
        channels.received("<iq type='set' id='" + id + "' from='" + from + "' to='" + address + "'>" +
                          inside + "</iq>");
    }

    std::string state(const std::string& domain = "capulet.lit") { return events.states[domain]; }

    void expect_sent(const Strings& expected)
    {
        BOOST_TEST(channels.sent == expected, boost::test_tools::per_element());
        channels.sent.clear();
    }

    void expect_nothing_sent() { expect_sent({}); }

    void expect_error(const std::string& condition, const std::string& type, const std::string& to)
    {
        expect_sent({"<iq type='error' id='a1' to='" + to + "'><error type='" + type + "'><" + condition +
                     " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"});
    }

    std::string address;
    FakeClock clock;
    FakeChannels channels;
    ScriptedJudge judge;
    Events events;
    std::optional<Entity> entity;
};

struct ComponentScene : Scene {
    ComponentScene() : Scene(true) {}
};

struct TwoDomains : Scene {
    TwoDomains() : Scene(false, {"capulet.lit", "verona.lit"}) {}
};

}  // namespace usher::test
