// What is kept for accounts that are deleted. Numbers such as E34 are the rules of PROTOCOL.md.
#include "integration/requests/account_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "entity_scene.h"

using namespace usher;
using namespace usher::test;

namespace
{

/// Keeps settings of some accounts, and records what it is told of them.
class KeptInMemory : public AccountSettings
{
  public:
    void kept(std::string_view domain, std::string_view after, std::size_t most, KeptCallback then) override
    {
        if (!error.empty()) {
            then(tl::unexpected(error));
            return;
        }
        std::vector<KeptSetting> page;
        for (const std::string& account : accounts) {
            if (account > after && account.ends_with("@" + std::string(domain)) && page.size() < most) {
                page.push_back({account, {}});
            }
        }
        held.push_back([then = std::move(then), page] { then(page); });
        if (!holding) {
            answer_held();
        }
    }
    /// Gives the oldest page that was held.
    void answer_held()
    {
        const auto oldest = std::move(held.at(0));
        held.erase(held.begin());
        oldest();
    }
    void removed(const Address& account) override { told.push_back("removed " + account.text()); }
    void checked(std::span<const KeptSetting> asked, std::span<const NamedAccount> existing) override
    {
        std::string text = "asked " + std::to_string(asked.size()) + ", existing";
        for (const NamedAccount& account : existing) {
            text += " " + account.address + (account.created.empty() ? "" : " of " + account.created);
        }
        told.push_back(text);
    }

    std::set<std::string> accounts{"juliet@capulet.lit", "nurse@capulet.lit", "tybalt@capulet.lit",
                                   "romeo@verona.lit"};
    std::string error;
    bool holding = false;
    std::vector<std::function<void()>> held;
    Strings told;
};

struct KeepingScene : TwoDomains {
    KeepingScene() { entity->set_account_settings(&settings); }

    void expect_told(const Strings& expected)
    {
        BOOST_TEST(settings.told == expected, boost::test_tools::per_element());
        settings.told.clear();
    }
    /// Logs in; the list of capulet.lit is read to its end.
    void log_in_and_read()
    {
        log_in();
        has_connector("capulet.lit");
        page("");
    }
    void answer_accounts(const std::string& inside, const std::string& type = "result")
    {
        reply(take("capulet.lit", "accounts"), inside, type);
    }
    /// No other question about accounts is open.
    void expect_no_more_asked()
    {
        for (const std::string& xml : channels.sent) {
            BOOST_TEST(xml.find("<accounts") == std::string::npos, xml);
        }
    }
    /// Lets time pass, in which the connector answers each sign of life that it is asked for (E36).
    void pass_alive(std::chrono::milliseconds time)
    {
        Strings others;
        for (const auto until = clock.now() + time; clock.now() < until;) {
            constexpr std::chrono::milliseconds kStep{10'000};
            pass(std::min(kStep, std::chrono::duration_cast<std::chrono::milliseconds>(until - clock.now())));
            for (const std::string& xml : channels.take_sent()) {
                if (xml.find("<pending") != std::string::npos) {
                    reply(xml, pending(""));
                } else {
                    others.push_back(xml);
                }
            }
        }
        channels.sent.insert(channels.sent.begin(), others.begin(), others.end());
    }
    void removed(const std::string& from, const std::string& inside, const std::string& attributes = {})
    {
        channels.received("<message from='" + from + "' to='" + address + "'" + attributes +
                          "><removed xmlns='urn:xmpp:subscription-requests:0'>" + inside +
                          "</removed></message>");
    }

    KeptInMemory settings;
};

std::string accounts(const std::string& inside)
{
    return "<accounts xmlns='urn:xmpp:subscription-requests:0'>" + inside + "</accounts>";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(account_check, KeepingScene)

// E34
BOOST_AUTO_TEST_CASE(an_account_that_is_removed_is_forgotten)
{
    log_in();  // no matter what the domain's state is
    removed("capulet.lit",
            "<account jid='juliet@capulet.lit'/><account jid='nurse@capulet.lit' x='y'/><other/>");
    expect_told({"removed juliet@capulet.lit", "removed nurse@capulet.lit"});
}

// E34
BOOST_AUTO_TEST_CASE(a_removal_counts_only_from_the_host_of_the_account)
{
    start_answering({"capulet.lit", "verona.lit"});
    const std::string juliet = "<account jid='juliet@capulet.lit'/>";
    removed("verona.lit", juliet);
    removed("juliet@capulet.lit", juliet);
    removed("juliet@capulet.lit/balcony", juliet);
    removed("capulet.lit/resource", juliet);
    removed("montague.lit", juliet);
    removed("capulet.lit", juliet, " type='error'");
    expect_told({});
}

// E34: what cannot be read of it does not keep the rest.
BOOST_AUTO_TEST_CASE(a_removal_of_an_unprepared_address_is_none)
{
    log_in();
    removed("capulet.lit",
            "<account jid='Juliet@capulet.lit'/><account/><account jid='juliet@capulet.lit/balcony'/>"
            "<account jid='nurse@capulet.lit'/>");
    expect_told({"removed nurse@capulet.lit"});
}

// E35
BOOST_AUTO_TEST_CASE(after_a_login_it_is_asked_which_accounts_exist)
{
    log_in();
    has_connector("capulet.lit");
    expect_no_more_asked();  // the connector has not accepted us yet
    page("");
    const Literal iq(take("capulet.lit", "accounts"));
    BOOST_TEST(iq.stanza().attribute("type") == "get");
    Strings asked;
    for (usher::Stanza one = iq.stanza().first().first(); one; one = one.next()) {
        BOOST_TEST(one.is("account", "urn:xmpp:subscription-requests:0"));
        asked.emplace_back(one.attribute("jid"));
    }
    BOOST_TEST(asked == (Strings{"juliet@capulet.lit", "nurse@capulet.lit", "tybalt@capulet.lit"}),
               boost::test_tools::per_element());
}

// E35
BOOST_AUTO_TEST_CASE(what_the_server_says_of_them_is_handed_on)
{
    log_in_and_read();
    answer_accounts(
        accounts("<account jid='juliet@capulet.lit' created='2026-11-02T09:14:07Z'/>"
                 "<account jid='nurse@capulet.lit'/>"));
    expect_told({"asked 3, existing juliet@capulet.lit of 2026-11-02T09:14:07Z nurse@capulet.lit"});
    expect_no_more_asked();
}

// E35
BOOST_AUTO_TEST_CASE(a_hundred_accounts_are_asked_for_at_a_time)
{
    settings.accounts.clear();
    for (int i = 100; i < 350; ++i) {
        settings.accounts.insert("user" + std::to_string(i) + "@capulet.lit");
    }
    log_in_and_read();
    answer_accounts(accounts(""));
    answer_accounts(accounts(""));
    answer_accounts(accounts("<account jid='user349@capulet.lit'/>"));
    expect_told({"asked 100, existing", "asked 100, existing", "asked 50, existing user349@capulet.lit"});
    expect_no_more_asked();
}

// E35
BOOST_AUTO_TEST_CASE(it_is_asked_again_once_a_day_and_after_the_next_login)
{
    log_in_and_read();
    answer_accounts(accounts(""));
    pass_alive(std::chrono::hours(24) - std::chrono::seconds(1));
    expect_no_more_asked();
    pass_alive(std::chrono::seconds(1));
    answer_accounts(accounts(""));
    channels.ended(Failure::Kind::lost);
    clock.advance(events.delay);
    channels.sent.clear();
    channels.opened(address);
    has_connector("capulet.lit");
    page("");
    answer_accounts(accounts(""));
    expect_told(Strings(3, "asked 3, existing"));
}

// E35
BOOST_AUTO_TEST_CASE(on_an_error_nothing_is_forgotten)
{
    const std::pair<std::string, std::string> kReplies[]{
        {error("forbidden", "auth"), "error"},
        {error("service-unavailable"), "error"},
        {error("internal-server-error", "wait"), "error"},
        {accounts("<account jid='juliet@capulet.lit'/>") + error("forbidden", "auth"), "error"},
        {"", "result"},
        {"<accounts xmlns='urn:xmpp:subscription-requests:1'/>", "result"},
        {pending(""), "result"},
        {accounts("<account/>"), "result"},
        {accounts("<account jid='Juliet@capulet.lit'/>"), "result"},
        {accounts("<account jid='mercutio@capulet.lit'/>"), "result"},
    };
    entity->start();
    for (const auto& [inside, type] : kReplies) {
        channels.opened(address);
        has_connector("capulet.lit");
        page("");
        answer_accounts(inside, type);
        expect_no_more_asked();
        channels.ended(Failure::Kind::lost);
        clock.advance(events.delay);
        channels.sent.clear();
    }
    expect_told({});
}

// E35, E19
BOOST_AUTO_TEST_CASE(without_a_reply_or_one_from_somebody_else_nothing_is_forgotten)
{
    log_in_and_read();
    const std::string asked = take("capulet.lit", "accounts");
    channels.received("<iq type='result' id='" + test::attribute(asked, "id") + "' from='verona.lit' to='" +
                      address + "'>" + accounts("") + "</iq>");
    pass(std::chrono::minutes(2));
    reply(asked, accounts(""));
    channels.ended(Failure::Kind::lost);
    expect_told({});
}

// S81: of the other pages the server may be able to tell.
BOOST_AUTO_TEST_CASE(accounts_of_which_the_server_cannot_tell_do_not_keep_the_others)
{
    settings.accounts.clear();
    for (int i = 100; i < 250; ++i) {
        settings.accounts.insert("user" + std::to_string(i) + "@capulet.lit");
    }
    log_in_and_read();
    answer_accounts(error("internal-server-error", "wait"), "error");
    answer_accounts(accounts(""));
    expect_told({"asked 50, existing"});
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_read_is_tried_again_a_day_later)
{
    settings.error = "locked";
    log_in_and_read();
    expect_no_more_asked();
    settings.error.clear();
    pass_alive(std::chrono::hours(24));
    answer_accounts(accounts(""));
    expect_told({"asked 3, existing"});
}

BOOST_AUTO_TEST_CASE(where_nothing_is_kept_nothing_is_asked)
{
    settings.accounts = {"romeo@verona.lit"};
    log_in_and_read();
    expect_no_more_asked();
    BOOST_TEST(state() == "answering");
}

// --- What is kept is read later than in the call

BOOST_AUTO_TEST_CASE(it_is_asked_when_it_is_known_what_is_kept)
{
    settings.holding = true;
    log_in_and_read();
    expect_no_more_asked();
    settings.answer_held();
    answer_accounts(accounts(""));
    expect_told({"asked 3, existing"});
}

BOOST_AUTO_TEST_CASE(what_was_read_for_a_lost_stream_is_not_asked_about)
{
    settings.holding = true;
    log_in_and_read();
    channels.ended(Failure::Kind::lost);
    clock.advance(events.delay);
    channels.opened(address);
    has_connector("capulet.lit");
    page("");
    settings.answer_held();
    expect_no_more_asked();
    settings.answer_held();  // of this login
    take("capulet.lit", "accounts");
    expect_no_more_asked();
}

BOOST_AUTO_TEST_CASE(what_was_read_for_a_domain_that_is_gone_is_not_asked_about)
{
    settings.holding = true;
    log_in_and_read();
    entity->set_domains({"verona.lit"});
    settings.answer_held();
    expect_no_more_asked();
}

BOOST_AUTO_TEST_SUITE_END()
