// An organisation whose server offers its approvals, as rosters in memory: for tests of who is listed and who is revoked.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core_now.h"
#include "doubles.h"
#include "held_database.h"
#include "integration/approvals/approvals.h"
#include "people_scene.h"
#include "plugin/core/operations.h"
#include "plugin/settings/reader.h"
#include "plugin/settings/setting_error.h"
#include "sqlite_file.h"
#include "temporary_directory.h"

namespace usher::test
{

/// A roster item, as far as it matters here.
struct RosterEntry {
    Subscription subscription = Subscription::none;
    bool ask = false;
    std::string name = {};
    std::vector<std::string> groups = {};

    [[nodiscard]] bool is_approved() const
    {
        return subscription == Subscription::from || subscription == Subscription::both;
    }
    [[nodiscard]] std::string mark() const
    {
        std::string all = std::string(usher::name(subscription)) + (ask ? "!" : "") + name;
        for (const std::string& group : groups) {
            all += "-" + group;
        }
        return all;
    }
    friend bool operator==(const RosterEntry&, const RosterEntry&) = default;
};

/// `more` is in the Capulets' `[[organization]]`.
inline std::string approvals_file(const std::string& more = {})
{
    return R"([connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Capulet"
domains = ["capulet.lit", "capulet.example"]
administrators = ["lady@capulet.lit"]
)" + more +
           R"(
[organization.people]
listed = "opt-out"
[[organization]]
name = "Montague"
domains = ["montague.lit"]
administrators = ["lady@montague.lit"]
)";
}

struct ApprovalsScene {
    using Pair = std::pair<std::string, std::string>;  // user and contact

    ApprovalsScene()
    {
        entity.add_part(approvals);
        answerer.set_contact_names(names);
        operations.set_approvals({&approvals, &names, [this](ApprovalOrder order, const auto& then) {
                                      auto found = policy_approvals("sqlite3://" + path, order);
                                      then(found ? Result<PolicyApprovals>(*std::move(found))
                                                 : not_read(found.error()));
                                  }});
        directory.put({Address::prepare("nurse@capulet.lit").value(), "Angelica", {}, {}, {}, {}});
    }

    void log_in()
    {
        if (!std::exchange(started, true)) {
            entity.start();
        }
        channels.opened("usher.capulet.lit");
        serve();
        for (const std::string& domain : offering) {
            channels.received(
                "<message from='" + domain +
                "'><privilege xmlns='urn:xmpp:privilege:2'><perm access='iq'><namespace "
                "ns='urn:xmpp:subscription-requests:0#approvals' type='both'/></perm></privilege>"
                "</message>");
        }
        serve();
    }
    void put_in_force(const std::string& more)
    {
        const auto settings = parse_settings(approvals_file(more), "usher.toml");
        BOOST_REQUIRE_MESSAGE(settings.has_value(), (settings ? "" : to_string(settings.error().front())));
        BOOST_REQUIRE(policy->set_file(*settings).has_value());
        answerer.set_policy(policy->policy(), policy->settings_version());
    }

    // --- What happens at the server

    static SubscriptionRequest request(const std::string& user, const std::string& contact)
    {
        return {Party::as_written(user), Party::as_written(contact), std::nullopt};
    }
    /// The contact asks; what policy approves is in the roster then.
    Answer ask(const std::string& user, const std::string& contact)
    {
        now += std::chrono::seconds(1);
        RosterEntry& entry = roster[{user, contact}];
        SubscriptionRequest asked = request(user, contact);
        asked.item = RosterItem{entry.subscription, entry.ask};
        const Judged judged = answerer.judge({&asked, 1}, Source::asked).value().front();
        if (judged.decision.answer == Answer::approve) {
            approve(entry);
            entry.name = entry.name.empty() ? judged.label.name : entry.name;
            if (entry.groups.empty() && !judged.label.group.empty()) {
                entry.groups = {judged.label.group};
            }
            if (judged.decision.ask_back && entry.subscription == Subscription::from) {
                entry.ask = true;
            }
        }
        return judged.decision.answer;
    }
    static void approve(RosterEntry& entry)
    {
        entry.subscription =
            entry.subscription == Subscription::to || entry.subscription == Subscription::both
                ? Subscription::both
                : Subscription::from;
    }
    static void cancel(RosterEntry& entry)
    {
        entry.subscription =
            entry.subscription == Subscription::both || entry.subscription == Subscription::to
                ? Subscription::to
                : Subscription::none;
    }

    /// Replies to what has been sent; with `most`, to so many stanzas only.
    void serve(std::size_t most = 1'000'000)
    {
        while (most > 0 && channels.is_open() && !channels.sent.empty()) {
            const std::vector<std::string> sent = channels.take_sent();
            for (const std::string& xml : sent) {
                const bool ping = xml.find("urn:xmpp:ping") != std::string::npos;
                const std::string payload = most > 0 ? reply(xml) : std::string();
                most -= most > 0 && !payload.empty() ? 1U : 0U;
                if (ping || (!payload.empty() && !mute)) {
                    channels.received("<iq type='result' id='" + attribute(xml, "id") + "' from='" +
                                      attribute(xml, "to") + "'>" + payload + "</iq>");
                }
            }
        }
    }
    void lose_stream()
    {
        channels.ended(Failure::Kind::lost);
        channels.sent.clear();
    }
    /// Goes on until there is nothing more to do.
    void run()
    {
        for (int i = 0; i < 10; ++i) {
            serve();
            clock.advance(ApprovalReview::kPause);
        }
    }
    static std::string attribute(const std::string& xml, const std::string& name)
    {
        const std::size_t begin = xml.find(" " + name + "='");
        if (begin == std::string::npos) {
            return {};
        }
        const std::size_t value = begin + name.size() + 3;
        return xml.substr(value, xml.find('\'', value) - value);
    }
    [[nodiscard]] std::string reply(const std::string& xml)
    {
        const std::string protocol = "urn:xmpp:subscription-requests:0";
        if (xml.find("disco#info") != std::string::npos) {
            return "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='" + protocol +
                   "'/></query>";
        }
        if (xml.find("<pending") != std::string::npos) {
            return "<pending xmlns='" + protocol +
                   "'><set xmlns='http://jabber.org/protocol/rsm'/></pending>";
        }
        const bool revokes = xml.find("<revoke ") != std::string::npos;
        if (!revokes && xml.find("<approvals ") == std::string::npos) {
            return {};
        }
        const std::string element = revokes ? "revoke" : "approvals";
        std::string answer = "<" + element + " xmlns='" + protocol + "#approvals'>";
        for (std::size_t at = xml.find("<approval "); at != std::string::npos;
             at = xml.find("<approval ", at + 1)) {
            const std::string one = xml.substr(at, xml.find("/>", at) - at);
            const Pair pair{attribute(one, "user"), attribute(one, "contact")};
            answer += revokes ? revoke(pair, attribute(one, "mark")) : read(pair);
        }
        return answer + "</" + element + ">";
    }
    std::string read(const Pair& pair)
    {
        const RosterEntry& entry = roster[pair];
        if (!entry.is_approved()) {
            return {};
        }
        std::string xml = "<approval user='" + pair.first + "' contact='" + pair.second + "' subscription='" +
                          std::string(name(entry.subscription)) + (entry.ask ? "' ask='subscribe" : "") +
                          "' name='" + entry.name + "' mark='" + entry.mark() + "'>";
        for (const std::string& group : entry.groups) {
            xml += "<group>" + group + "</group>";
        }
        return xml + "</approval>";
    }
    std::string revoke(const Pair& pair, const std::string& mark)
    {
        RosterEntry& entry = roster[pair];
        const std::string element =
            "<approval user='" + pair.first + "' contact='" + pair.second + "' result='";
        if (fails) {
            return element + "failed'/>";
        }
        if (!entry.is_approved() || entry.mark() != mark) {
            return element + "changed'/>";
        }
        cancel(entry);
        revoked.push_back(pair);
        return element + "revoked'/>";
    }

    // --- What is asked of Usher

    Result<ApprovalsInForce> list(ApprovalFilter filter = {}, const Actor& actor = Actor::local("root"))
    {
        std::optional<Result<ApprovalsInForce>> listed;
        operations.approvals(actor, std::move(filter), [&](auto result) { listed = std::move(result); });
        run();
        return listed.value();
    }
    /// Begins it only.
    void begin_revoking(ApprovalFilter filter = {}, const Actor& actor = Actor::local("root"))
    {
        outcome.reset();
        operations.revoke(actor, std::move(filter), [this](auto result) { outcome = std::move(result); });
    }
    Result<ApprovalsInForce> revoke_all(ApprovalFilter filter = {})
    {
        begin_revoking(std::move(filter));
        run();
        return outcome.value();
    }
    /// `juliet@capulet.lit nurse@capulet.lit`
    static std::vector<std::string> pairs(const std::vector<ApprovalInForce>& approvals)
    {
        std::vector<std::string> all;
        for (const ApprovalInForce& one : approvals) {
            all.push_back(one.approval.pair.user.text() + " " + one.approval.pair.contact.text());
        }
        return all;
    }
    /// The journal's records of revocations: answer, who, what became of it.
    std::vector<std::string> revocations()
    {
        std::vector<std::string> all;
        operations.journal(
            Actor::local("root"), {.after = 0, .most = 1'000'000},
            [&all](const Result<std::vector<JournalRecord>>& records) {
                for (const JournalRecord& one : records.value()) {
                    if (one.decision.reason == Reason::revoked) {
                        all.push_back(std::string(name(one.decision.answer)) + " " +
                                      one.request.contact.text() + " by " + one.answered_by + ": " +
                                      (one.outcome ? std::string(name(*one.outcome)) : "unknown") +
                                      (one.refusal.empty() ? "" : " " + one.refusal));
                    }
                }
            });
        clock.advance(std::chrono::milliseconds(0));
        return all;
    }

    TemporaryDirectory folder;
    std::string path = (folder.path() / "usher.db").string();
    std::chrono::system_clock::time_point now =
        std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);
    std::unique_ptr<HeldDatabase> database =
        std::make_unique<HeldDatabase>(Database::open("sqlite3://" + path).value());
    std::unique_ptr<PolicyNow> policy =
        PolicyNow::make(parse_settings(approvals_file(), "usher.toml").value(), *database, [this] {
            return now;
        }).value();
    ChoicesNow options{*database};
    JournalNow journal{*database};
    FakeClock clock;
    FakeChannels channels;
    NoEntityEvents events;
    AnswererNow answerer{policy->policy(), options.choices, journal.journal, clock, [this] { return now; }};
    Entity entity{scene_login(),
                  "usher.capulet.lit",
                  {"capulet.lit", "capulet.example", "montague.lit"},
                  channels,
                  clock,
                  [] { return 0.5; },
                  answerer,
                  events};
    Approvals approvals{clock, entity.iqs()};
    Directory directory;
    SceneChoices choices;
    ContactNames names{directory, choices};
    Operations operations{*policy, answerer, options.choices, *database, entity, clock};

    std::vector<std::string> offering{"capulet.lit"};  ///< domains
    std::map<Pair, RosterEntry> roster;
    std::vector<Pair> revoked;  ///< by the server, in order
    bool fails = false;         ///< the server's storage
    bool mute = false;          ///< what the server does is not heard of
    bool started = false;
    std::optional<Result<ApprovalsInForce>> outcome;
};

}  // namespace usher::test
