// What is asked of Usher while its store cannot be read, or answers late.
#include "plugin/core/operations.h"
#include "plugin/settings/json_lists.h"
#include "plugin/settings/reader.h"

#include <boost/test/unit_test.hpp>
#include <optional>

#include "core_now.h"
#include "doubles.h"
#include "held_database.h"
#include "sqlite_file.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

const std::string kFile = R"(
[connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Capulet"
domains = ["capulet.lit", "capulet.example"]
administrators = ["nurse@capulet.lit"]
[[organization]]
name = "Montague"
domains = ["montague.lit"]
administrators = ["lady@montague.lit"]
)";

std::chrono::system_clock::time_point noon()
{
    return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);
}

Login login()
{
    Login login;
    login.component = true;
    login.address = "usher.capulet.lit";
    return login;
}

Address address(std::string_view text)
{
    return Address::prepare(text).value();
}

struct NoEvents : EntityEvents {
    void domain_changed(const std::string&, DomainState) override {}
    void offline(const Failure&, std::chrono::milliseconds) override {}
};

struct Running {
    void execute(const std::string& statement) const { test::SqliteFile(path).run(statement); }
    Result<Explained> explain()
    {
        std::optional<Result<Explained>> explained;
        operations.explain(Actor::local("root"), juliet, address("nurse@capulet.lit"),
                           [&](Result<Explained> result) { explained = std::move(result); });
        return explained.value();
    }

    Result<UserOption> option()
    {
        std::optional<Result<UserOption>> option;
        operations.option(Actor::sender(juliet), juliet,
                          [&](Result<UserOption> result) { option = std::move(result); });
        return option.value();
    }
    Result<UserOption> choose(std::optional<Option> chosen)
    {
        std::optional<Result<UserOption>> made;
        operations.choose(Actor::sender(juliet), juliet, chosen,
                          [&](Result<UserOption> result) { made = std::move(result); });
        return made.value();
    }
    Status status()
    {
        std::optional<Result<Status>> status;
        operations.status(Actor::local("test"), [&](Result<Status> result) { status = std::move(result); });
        return status.value().value();
    }
    /// As if the settings file had become this.
    void set_file(const std::string& file)
    {
        BOOST_REQUIRE(policy->set_file(parse_settings(file, "usher.toml").value()).has_value());
    }
    /// The same, as soon as the store has answered.
    void replace_file(const std::string& file)
    {
        policy->PolicyInForce::set_file(parse_settings(file, "usher.toml").value(),
                                        [](const auto& outcome) { BOOST_TEST(outcome.has_value()); });
    }

    /// Replies to what has been sent, as a server on which one request waits; to later answers as given.
    void serve(const std::string& answer_type = "result", const std::string& answer_inside = {})
    {
        for (std::vector<std::string> sent = channels.take_sent(); !sent.empty();
             sent = channels.take_sent()) {
            for (const std::string& xml : sent) {
                const std::string payload = reply(xml);
                if (xml.find("<answer ") != std::string::npos) {
                    channels.received("<iq type='" + answer_type + "' id='" + attribute(xml, "id") +
                                      "' from='" + attribute(xml, "to") + "'>" + answer_inside + "</iq>");
                } else if (!payload.empty()) {
                    channels.received("<iq type='result' id='" + attribute(xml, "id") + "' from='" +
                                      attribute(xml, "to") + "'>" + payload + "</iq>");
                }
            }
        }
    }
    /// Replies to the queries of the list, of which there is one at a time, with these pages.
    void serve_list(const std::vector<std::string>& pages)
    {
        for (const std::string& page : pages) {
            BOOST_REQUIRE(channels.sent.size() == 1U);
            const std::string query = channels.take_sent().front();
            channels.received("<iq type='result' id='" + attribute(query, "id") + "' from='capulet.lit'>" +
                              page + "</iq>");
        }
    }
    static std::string attribute(const std::string& xml, const std::string& name)
    {
        const std::size_t begin = xml.find(" " + name + "='") + name.size() + 3;
        return xml.substr(begin, xml.find('\'', begin) - begin);
    }
    [[nodiscard]] std::string reply(const std::string& xml)
    {
        const std::string protocol = "urn:xmpp:subscription-requests:0";
        if (xml.find("disco#info") != std::string::npos && attribute(xml, "to") == "montague.lit") {
            return "<query xmlns='http://jabber.org/protocol/disco#info'/>";
        }
        if (xml.find("disco#info") != std::string::npos) {
            return "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='" + protocol +
                   "'/></query>";
        }
        if (xml.find("<answer") != std::string::npos) {
            const std::string answer = xml.substr(xml.find("<answer"));
            answered.push_back(attribute(answer, "contact") + ": " + attribute(answer, "type"));
        }
        if (xml.find("<pending") == std::string::npos) {
            return {};
        }
        const bool first = xml.find("<after>") == std::string::npos;
        return "<pending xmlns='" + protocol + "'>" +
               (first ? "<request id='1'><forwarded xmlns='urn:xmpp:forward:0'><presence "
                        "xmlns='jabber:client' type='subscribe' from='" +
                            contact + "' to='juliet@capulet.lit'/></forwarded></request>"
                      : "") +
               "<set xmlns='http://jabber.org/protocol/rsm'>" + (first ? "<last>1</last>" : "") +
               "</set></pending>";
    }

    /// A page with requests of Juliet's colleagues.
    static std::string many_waiting(int from, int to)
    {
        std::string page = "<pending xmlns='urn:xmpp:subscription-requests:0'>";
        for (int i = from; i < to; ++i) {
            page +=
                "<request id='" + std::to_string(i) +
                "'><forwarded xmlns='urn:xmpp:forward:0'><presence xmlns='jabber:client' type='subscribe' "
                "from='nurse" +
                std::to_string(i) + "@capulet.lit' to='juliet@capulet.lit'/></forwarded></request>";
        }
        return page + "<set xmlns='http://jabber.org/protocol/rsm'><last>" + std::to_string(to) +
               "</last></set></pending>";
    }
    const std::string kNoneWaiting =
        "<pending xmlns='urn:xmpp:subscription-requests:0'><set xmlns='http://jabber.org/protocol/rsm'/></pending>";

    test::TemporaryDirectory directory;
    std::string path = (directory.path() / "usher.db").string();
    std::unique_ptr<test::HeldDatabase> database =
        std::make_unique<test::HeldDatabase>(Database::open("sqlite3://" + path).value());
    std::unique_ptr<test::PolicyNow> policy =
        test::PolicyNow::make(parse_settings(kFile, "usher.toml").value(), *database, noon).value();
    test::ChoicesNow choices{*database};
    test::JournalNow journal{*database};
    test::FakeClock clock;
    test::FakeChannels channels;
    NoEvents events;
    test::AnswererNow answerer{policy->policy(), choices.choices, journal.journal, clock, noon};
    Entity entity{login(),
                  "usher.capulet.lit",
                  {"capulet.lit", "capulet.example", "montague.lit"},
                  channels,
                  clock,
                  [] { return 0.5; },
                  answerer,
                  events};
    Operations operations{*policy, answerer, choices.choices, *database, entity, clock};
    const Address juliet = address("juliet@capulet.lit");
    std::string contact = "nurse@capulet.lit";  // of the request that waits
    std::vector<std::string> answered;          // later answers that the server has been sent
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(operations, Running)

BOOST_AUTO_TEST_CASE(a_choice_that_cannot_be_read_is_not_guessed)
{
    BOOST_REQUIRE(choices.set(juliet, Option::all).has_value());
    BOOST_TEST((explain().value().facts.chosen == Option::all));
    execute("ALTER TABLE choice RENAME TO gone");
    const auto unread = option();
    BOOST_REQUIRE(!unread.has_value());
    BOOST_TEST((unread.error().kind == Refusal::Kind::unavailable));
    BOOST_TEST(unread.error().text == "The store cannot be read.", unread.error().text);
    BOOST_TEST(unread.error().text.find("juliet") == std::string::npos, unread.error().text);
    const auto chosen = choose(Option::prompt);
    BOOST_REQUIRE(!chosen.has_value());
    BOOST_TEST((chosen.error().kind == Refusal::Kind::unavailable));
    const auto explained = explain();
    BOOST_REQUIRE(!explained.has_value());
    BOOST_TEST((explained.error().kind == Refusal::Kind::unavailable));

    execute("ALTER TABLE gone RENAME TO choice");
    BOOST_TEST((option().value().in_force == Option::all));
    const UserOption made = choose(std::nullopt).value();
    BOOST_TEST((made.in_force == Option::organization));
    BOOST_TEST(!made.chosen.has_value());
}

BOOST_AUTO_TEST_CASE(exceptions_are_changed_by_their_user_and_by_administrators_only)
{
    const auto changed = [this](const Actor& actor) {
        std::optional<Result<UserExceptions>> given;
        operations.change_exceptions(actor, juliet, {{"Montague.lit", Handling::never_accept}},
                                     [&given](Result<UserExceptions> result) { given = std::move(result); });
        return given.value();
    };
    const auto seen = [this](const Actor& actor) {
        std::optional<Result<UserExceptions>> given;
        operations.exceptions(actor, juliet,
                              [&given](Result<UserExceptions> result) { given = std::move(result); });
        return given.value();
    };
    for (const Actor& other :
         {Actor::sender(address("tybalt@capulet.lit")), Actor::sender(address("romeo@montague.lit"))}) {
        BOOST_REQUIRE(!changed(other).has_value());
        BOOST_TEST((changed(other).error().kind == Refusal::Kind::forbidden));
        BOOST_REQUIRE(!seen(other).has_value());
        BOOST_TEST((seen(other).error().kind == Refusal::Kind::forbidden));
    }
    BOOST_TEST(choices.exceptions_of(juliet).value().empty());
    for (const Actor& actor : {Actor::sender(juliet), Actor::local("root")}) {
        BOOST_REQUIRE(changed(actor).has_value());
        BOOST_TEST((seen(actor).value().exceptions ==
                    std::vector<ContactException>{{Handling::never_accept, "montague.lit"}}));
    }
    execute("ALTER TABLE contact_exception RENAME TO gone");
    BOOST_TEST((seen(Actor::sender(juliet)).error().kind == Refusal::Kind::unavailable));
    BOOST_TEST((changed(Actor::sender(juliet)).error().kind == Refusal::Kind::unavailable));
    const auto explained = explain();  // nor is anything decided without them
    BOOST_REQUIRE(!explained.has_value());
    BOOST_TEST((explained.error().kind == Refusal::Kind::unavailable));
}

BOOST_AUTO_TEST_CASE(a_review_says_that_choices_cannot_be_read)
{
    BOOST_REQUIRE(choices.set(juliet, Option::prompt).has_value());
    entity.start();
    channels.opened("usher.capulet.lit");
    serve();
    const auto review = [this] {
        std::optional<Result<Review>> reviewed;
        operations.review(Actor::local("root"), juliet, false,
                          [&](Result<Review> result) { reviewed = std::move(result); });
        serve();
        return reviewed.value();
    };
    BOOST_REQUIRE(review().value().requests.size() == 1U);
    BOOST_TEST(review().value().requests[0].decision.reason == Reason::prompt);
    execute("ALTER TABLE choice RENAME TO gone");
    const auto failed = review();
    BOOST_REQUIRE(!failed.has_value());
    BOOST_TEST((failed.error().kind == Refusal::Kind::unavailable));
    BOOST_TEST(failed.error().text == "The store cannot be read.", failed.error().text);
}

BOOST_AUTO_TEST_CASE(one_domain_without_a_connector_does_not_hide_what_waits_on_the_others)
{
    std::optional<Result<Waiting>> found;
    const auto list = [this, &found](const std::optional<Address>& user) {
        found.reset();
        operations.waiting(Actor::local("root"), user,
                           [&](Result<Waiting> result) { found = std::move(result); });
    };
    list(std::nullopt);
    BOOST_REQUIRE(!found.value().has_value());
    BOOST_TEST(found->error().text == "usherd is not connected to the server: starting");

    entity.start();
    channels.opened("usher.capulet.lit");
    serve();
    list(std::nullopt);
    serve();
    BOOST_REQUIRE(found.value().has_value());
    BOOST_TEST(found->value().requests.size() == 1U);
    BOOST_REQUIRE(found->value().unlisted.size() == 1U);
    BOOST_TEST(found->value().unlisted[0].domain == "montague.lit");
    BOOST_TEST(found->value().unlisted[0].why == "its server has no connector");

    std::optional<Result<Review>> review;
    operations.review(Actor::local("root"), std::nullopt, false,
                      [&](Result<Review> result) { review = std::move(result); });
    serve();
    BOOST_REQUIRE(review.value().has_value());
    BOOST_TEST(review->value().requests.size() == 1U);
    BOOST_TEST(review->value().unlisted.size() == 1U);

    list(address("romeo@montague.lit"));  // nothing else to show
    BOOST_REQUIRE(!found.value().has_value());
    BOOST_TEST((found->error().kind == Refusal::Kind::unavailable));
    BOOST_TEST(found->error().text ==
               "The waiting requests cannot be listed: montague.lit, because its server has no connector.");
}

// E15: a person sees a text, too, that may be another account's than it seems.
BOOST_AUTO_TEST_CASE(a_contact_that_cannot_be_compared_is_denied_by_hand_but_not_approved)
{
    contact = "n\u0300\u0323\u0321@capulet.lit";
    entity.start();
    channels.opened("usher.capulet.lit");
    serve();
    std::optional<Result<Explained>> explained;
    operations.explain(Actor::local("root"), juliet, Party::read(contact).value(),
                       [&](Result<Explained> result) { explained = std::move(result); });
    serve();
    BOOST_TEST(explained->value().waits);
    BOOST_TEST(explained->value().explanation.decision.reason == Reason::unprepared);
    BOOST_TEST(explained->value().request.contact.text() == contact);

    const auto answer = [this](Answer given) {
        std::optional<Result<std::int64_t>> id;
        operations.answer(Actor::local("root"), juliet, Party::read(contact).value(), given,
                          [&](Result<std::int64_t> result) { id = std::move(result); });
        serve();
        return id.value();
    };
    const auto approved = answer(Answer::approve);
    BOOST_REQUIRE(!approved.has_value());
    BOOST_TEST(approved.error().text.find("cannot be compared") != std::string::npos);
    BOOST_TEST(answered.empty());
    const auto denied = answer(Answer::deny);
    BOOST_REQUIRE(denied.has_value());
    BOOST_TEST(answered == std::vector{contact + ": unsubscribed"}, boost::test_tools::per_element());  // E27
}

BOOST_AUTO_TEST_CASE(a_domain_alone_is_answered_by_hand)
{
    contact = "icq.montague.lit";
    entity.start();
    channels.opened("usher.capulet.lit");
    serve();
    std::optional<Result<std::int64_t>> id;
    operations.answer(Actor::sender(juliet), juliet, Party::read("ICQ.montague.lit").value(), Answer::approve,
                      [&](Result<std::int64_t> result) { id = std::move(result); });
    serve();
    BOOST_TEST(id->has_value());
    BOOST_TEST(answered == std::vector{contact + ": subscribed"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_administrator_finds_the_records_of_the_organizations_domains_whatever_its_name_was)
{
    std::vector<JournalEntry> entries;
    for (const char* const name : {"Capulet", "House of Capulet", "Montague"}) {
        entries.push_back({{.id = journal.next_id(noon()),
                            .at = noon(),
                            .source = Source::asked,
                            .organization = name,
                            .request = {juliet, address("romeo@montague.lit"), std::nullopt},
                            .facts = {},
                            .decision = {},
                            .generation = 1}});
    }
    BOOST_REQUIRE(journal.record(entries).has_value());
    const auto found = [this](const char* administrator) {
        std::optional<Result<std::vector<JournalRecord>>> seen;
        operations.journal(Actor::sender(address(administrator)), {},
                           [&](Result<std::vector<JournalRecord>> result) { seen = std::move(result); });
        return seen->value().size();
    };
    BOOST_TEST(found("nurse@capulet.lit") == 3U);
    BOOST_TEST(found("lady@montague.lit") == 0U);
}

/// A store that fails says nothing about the request.
BOOST_AUTO_TEST_CASE(a_review_that_cannot_be_recorded_is_refused_and_answers_nothing)
{
    entity.start();
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    std::optional<Result<Review>> reviewed;
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    operations.review(Actor::local("root"), juliet, true,
                      [&](Result<Review> result) { reviewed = std::move(result); });
    serve();
    other.run("ROLLBACK");
    BOOST_REQUIRE(reviewed.has_value());
    BOOST_REQUIRE(!reviewed->has_value());
    BOOST_TEST((reviewed->error().kind == Refusal::Kind::unavailable));
    BOOST_TEST(reviewed->error().text.find("Nothing was answered: the journal cannot be written: ") == 0U,
               reviewed->error().text);
}

BOOST_AUTO_TEST_CASE(an_answer_by_hand_says_which_part_of_the_store_failed)
{
    entity.start();
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    const auto answer = [this] {
        std::optional<Result<std::int64_t>> given;
        operations.answer(Actor::local("root"), juliet, address("nurse@capulet.lit"), Answer::approve,
                          [&](Result<std::int64_t> result) { given = std::move(result); });
        serve();
        BOOST_REQUIRE(given.has_value());
        BOOST_REQUIRE(!given->has_value());
        BOOST_TEST((given->error().kind == Refusal::Kind::unavailable));
        return given->error().text;
    };
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    BOOST_TEST(answer().find("Nothing was answered: the journal cannot be written: ") == 0U);
    other.run("ROLLBACK");
    execute("ALTER TABLE choice RENAME TO gone");
    BOOST_TEST(answer().find("Nothing was answered: users' choices cannot be read: ") == 0U);
}

/// The journal says what became of an answer by hand, also where nothing waited any more.
BOOST_AUTO_TEST_CASE(an_answer_by_hand_is_recorded_with_its_outcome)
{
    entity.start();
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    const auto answer = [this](const std::string& type, const std::string& inside) {
        std::optional<Result<std::int64_t>> given;
        operations.answer(Actor::local("root"), juliet, address("nurse@capulet.lit"), Answer::approve,
                          [&](Result<std::int64_t> result) { given = std::move(result); });
        serve(type, inside);
        return given.value();
    };
    const std::string gone =
        "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    const auto refused = answer("error", gone);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().kind == Refusal::Kind::not_found));
    const auto confirmed = answer("result", "");
    BOOST_REQUIRE(confirmed.has_value());
    JournalSearch search(*database, {});
    BOOST_REQUIRE(test::search_now(search).value());
    const auto records = search.take_found();
    BOOST_REQUIRE(records.size() == 2U);
    BOOST_TEST((records[0].outcome == Outcome::refused));
    BOOST_TEST(records[0].refusal == "item-not-found");
    BOOST_TEST(refused.error().text.find(std::to_string(records[0].id)) != std::string::npos);
    BOOST_TEST((records[1].outcome == Outcome::confirmed));
    BOOST_TEST(records[1].id == *confirmed);
}

/// The next page is judged when the server has replied to this one, and requests can be answered in between.
BOOST_AUTO_TEST_CASE(a_review_is_applied_page_by_page)
{
    entity.start();
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    std::optional<Result<Review>> review;
    operations.review(Actor::local("root"), juliet, true,
                      [&](Result<Review> result) { review = std::move(result); });
    serve_list({many_waiting(0, 100), many_waiting(100, 200), many_waiting(200, 250), kNoneWaiting});
    for (const std::size_t size : {100U, 100U, 50U}) {
        BOOST_TEST(!review.has_value());
        BOOST_TEST(channels.sent.size() == size);
        serve("result", "");
        clock.advance(std::chrono::milliseconds(0));
    }
    BOOST_REQUIRE(review.has_value());
    BOOST_REQUIRE(review->has_value());
    BOOST_TEST((*review)->requests.size() == 250U);
    for (const Reviewed& one : (*review)->requests) {
        BOOST_TEST((one.outcome == AnswerOutcome::answered));
    }
}

BOOST_AUTO_TEST_CASE(a_review_that_is_interrupted_says_how_far_it_came)
{
    entity.start();
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    std::optional<Result<Review>> review;
    operations.review(Actor::local("root"), juliet, true,
                      [&](Result<Review> result) { review = std::move(result); });
    serve_list({many_waiting(0, 100), many_waiting(100, 200), kNoneWaiting});
    serve("result", "");
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    clock.advance(std::chrono::milliseconds(0));
    other.run("ROLLBACK");
    BOOST_REQUIRE(review.has_value());
    BOOST_REQUIRE(!review->has_value());
    BOOST_TEST(review->error().text.find(
                   "Only 100 of 200 waiting requests were looked at: the journal cannot") == 0U,
               review->error().text);
}

BOOST_AUTO_TEST_CASE(a_review_goes_on_where_a_domain_is_not_served_any_more)
{
    entity.start();
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    std::optional<Result<Review>> review;
    operations.review(Actor::local("root"), juliet, true,
                      [&](Result<Review> result) { review = std::move(result); });
    serve_list({many_waiting(0, 100), many_waiting(100, 200), kNoneWaiting});
    serve("result", "");
    entity.set_domains({"montague.lit"});
    clock.advance(std::chrono::milliseconds(0));
    BOOST_REQUIRE(review.has_value());
    BOOST_REQUIRE(review->has_value());
    BOOST_TEST(review->value().requests.size() == 100U);
    BOOST_REQUIRE(review->value().unlisted.size() == 1U);
    BOOST_TEST(review->value().unlisted[0].domain == "capulet.lit");
}

BOOST_AUTO_TEST_CASE(thousands_of_domains_may_not_be_served)
{
    constexpr std::size_t kDomains = 20'000;
    Settings settings = parse_settings(kFile, "usher.toml").value();
    for (std::size_t i = settings.organizations[1].domains.size(); i < kDomains; ++i) {
        settings.organizations[1].domains.push_back("d" + std::to_string(i) + ".montague.lit");
    }
    const auto many = test::PolicyNow::make(settings, *database, noon).value();
    Operations all(*many, answerer, choices.choices, *database, entity, clock);
    entity.start();
    channels.opened("usher.capulet.lit");
    entity.set_domains({});
    std::optional<Result<Waiting>> waiting;
    all.waiting(Actor::local("root"), std::nullopt,
                [&](Result<Waiting> result) { waiting = std::move(result); });
    BOOST_REQUIRE(waiting.has_value());
    BOOST_REQUIRE(!waiting->has_value());
    BOOST_TEST(waiting->error().text.ends_with("; and 19999 more domains."), waiting->error().text);
}

BOOST_AUTO_TEST_CASE(an_explanation_says_that_the_server_could_not_be_asked)
{
    BOOST_TEST(explain().value().list_error == "Usher is not connected to its server");
    entity.start();
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    std::optional<Result<Explained>> explained;
    operations.explain(Actor::local("root"), juliet, address("nurse@capulet.lit"),
                       [&](Result<Explained> result) { explained = std::move(result); });
    serve();
    BOOST_REQUIRE(explained.has_value());
    BOOST_TEST(explained->value().waits);
    BOOST_TEST(explained->value().list_error == "");
}

BOOST_AUTO_TEST_CASE(status_counts_the_choices_of_each_organization)
{
    for (const char* user : {"juliet@capulet.lit", "tybalt@capulet.example", "romeo@montague.lit"}) {
        BOOST_REQUIRE(choices.set(address(user), Option::all).has_value());
    }
    const auto counts = [this] {
        const Status now = status();
        return std::vector{now.organizations.at(0).choices, now.organizations.at(1).choices};
    };
    const std::vector<std::size_t> expected{2, 1};
    BOOST_TEST(counts() == expected, boost::test_tools::per_element());
    BOOST_TEST(status().store_error == "");

    execute("ALTER TABLE choice_count RENAME TO gone");
    BOOST_TEST(counts() == expected, boost::test_tools::per_element());  // as last read
    BOOST_TEST(status().store_error.find("no such table") != std::string::npos);
    execute("ALTER TABLE gone RENAME TO choice_count");
    BOOST_TEST(status().store_error == "");
}

BOOST_AUTO_TEST_CASE(status_says_that_the_last_write_failed_until_one_succeeds)
{
    test::SqliteFile other(path);
    other.run("BEGIN IMMEDIATE");
    BOOST_TEST(!choices.set(juliet, Option::all).has_value());
    BOOST_TEST(choices.of(juliet).has_value());  // what can be read says nothing of writing
    BOOST_TEST(status().store_error.find("locked") != std::string::npos);
    other.run("ROLLBACK");
    BOOST_TEST(choices.set(juliet, Option::all).has_value());
    BOOST_TEST(status().store_error == "");
}

// --- A store that answers late

BOOST_AUTO_TEST_CASE(of_two_choices_the_one_that_was_asked_for_last_counts)
{
    std::vector<Option> confirmed;
    const auto ask = [&](Option chosen) {
        operations.choose(
            Actor::sender(juliet), juliet, chosen,
            [&confirmed](const Result<UserOption>& made) { confirmed.push_back(made.value().in_force); });
    };
    database->holds = true;
    ask(Option::all);
    ask(Option::prompt);
    BOOST_TEST(confirmed.empty());
    database->release_all();
    BOOST_TEST((confirmed == std::vector{Option::all, Option::prompt}));
    BOOST_TEST((option().value().in_force == Option::prompt));
}

BOOST_AUTO_TEST_CASE(rights_are_those_that_the_actor_had_when_they_asked)
{
    std::string without_nurse = kFile;
    without_nurse.replace(without_nurse.find("nurse@"), 5, "tybalt");
    const Actor nurse = Actor::sender(address("nurse@capulet.lit"));
    std::optional<Result<UserOption>> option;
    std::optional<Result<GeneralIm>> saved;
    std::optional<Result<GeneralIm>> reset;
    database->holds = true;
    replace_file(without_nurse);
    operations.option(nurse, juliet, [&](Result<UserOption> result) { option = std::move(result); });
    operations.save_general(nurse, "Capulet", {.option = Option::all},
                            [&](Result<GeneralIm> result) { saved = std::move(result); });
    operations.reset_general(nurse, "Capulet", [&](Result<GeneralIm> result) { reset = std::move(result); });
    BOOST_TEST(!option.has_value());
    BOOST_TEST(!saved.has_value());
    BOOST_TEST(!reset.has_value());
    database->release_all();
    BOOST_TEST(option.value().has_value());
    BOOST_TEST(saved.value().has_value());
    BOOST_TEST(reset.value().has_value());
    BOOST_TEST(!operations.general(nurse, "Capulet").has_value());
}

BOOST_AUTO_TEST_CASE(an_overview_is_of_what_the_actor_administers)
{
    std::optional<OverviewOrder> ordered;
    operations.on_overview([&ordered](OverviewOrder order, const auto& then) {
        ordered = std::move(order);
        then(Overview());
    });
    const auto ask = [this, &ordered](const Actor& actor, std::optional<std::string> organization) {
        ordered.reset();
        std::optional<Refusal> refusal;
        operations.overview(actor, organization, OverviewPeriod::week, [&refusal](const auto& given) {
            refusal = given ? std::nullopt : std::optional(given.error());
        });
        return refusal;
    };
    const Actor nurse = Actor::sender(address("nurse@capulet.lit"));
    BOOST_TEST(!ask(nurse, std::nullopt).has_value());
    BOOST_TEST((ordered->domains == std::vector<std::string>{"capulet.lit", "capulet.example"}));
    BOOST_TEST((ask(nurse, "Montague")->kind == Refusal::Kind::forbidden));
    BOOST_TEST(!ordered.has_value());
    BOOST_TEST((ask(Actor::sender(juliet), std::nullopt)->kind == Refusal::Kind::forbidden));
    BOOST_TEST(!ask(Actor::local("root"), "Montague").has_value());
    BOOST_TEST((ordered->domains == std::vector<std::string>{"montague.lit"}));
    BOOST_TEST(!ask(Actor::local("root"), std::nullopt).has_value());
    BOOST_TEST(!ordered->domains.has_value());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_saved_cannot_be_tried_either_and_by_nobody_else)
{
    const Actor nurse = Actor::sender(address("nurse@capulet.lit"));
    const auto refusals = [this](const Actor& actor, const std::string& organization,
                                 const GeneralChange& change) {
        std::vector<std::string> texts;
        const auto add = [&texts](const auto& given) {
            texts.push_back(given ? "done" : std::to_string(int(given.error().kind)) + given.error().text);
        };
        operations.save_general(actor, organization, change, add);
        operations.preview_journal(actor, organization, change, {}, add);
        operations.preview_waiting(actor, organization, change, add);
        operations.explain_with(actor, organization, change, juliet, address("romeo@montague.lit"), add);
        BOOST_REQUIRE(texts.size() == 4U);
        for (const std::string& text : texts) {
            BOOST_TEST(text == texts.front());
        }
        return texts.front().substr(1);
    };
    const std::uint64_t before = operations.generation();
    BOOST_TEST(refusals(nurse, "Montague", {}) == "You are not an administrator of Montague.");
    BOOST_TEST(refusals(Actor::sender(juliet), "Capulet", {}) == "You are not an administrator of Capulet.");
    BOOST_TEST(refusals(Actor::local("root"), "Verona", {}) == "There is no organization Verona.");
    BOOST_TEST(refusals(nurse, "Capulet", {.domains = {{"montague.lit"}}})
                   .starts_with("montague.lit cannot be chosen here;"));
    BOOST_TEST(refusals(nurse, "Capulet", {.domains = std::vector<std::string>()})
                   .starts_with("At least one domain is needed"));
    BOOST_TEST(refusals(nurse, "Capulet", {.federation = Federation{FederationMode::listed, {}, {}}}) ==
               "Federation with listed domains needs at least one domain.");
    const RuleList rules = rules_from(nlohmann::json::parse(R"([{"from": ["*"], "answer": "deny"},
                                             {"from": ["*"], "to": ["group:sales"], "answer": "deny"}])"))
                               .value();
    BOOST_TEST(
        refusals(nurse, "Capulet", {.rules = rules}) ==
        "rule 2, to: found \"group:sales\"; accepted: group:NAME of an [[organization.group]] (there is none "
        "in this organization)");
    const RuleList long_rules =
        rules_from(nlohmann::json::parse(R"([{"from": ["*"], "answer": "approve", "for": "365d"}])")).value();
    BOOST_TEST(
        refusals(nurse, "Capulet", {.rules = long_rules}) ==
        "rule 1, for: found \"365d\"; accepted: less than [store] journal_days, which is 365, by a day at "
        "least");
    BOOST_TEST(refusals(nurse, "Capulet", {.administrators = {{address("peter@capulet.lit")}}}) ==
               "You cannot remove yourself from the administrators; another administrator can.");
    BOOST_TEST(
        refusals(Actor::local("root"), "Capulet", {.administrators = {{address("lady@montague.lit")}}}) ==
        "lady@montague.lit cannot be an administrator of Capulet: an address of its own domains is needed "
        "(capulet.lit, capulet.example).");
    BOOST_TEST(operations.generation() == before);
}

BOOST_AUTO_TEST_CASE(whoever_is_removed_from_the_administrators_has_no_right_any_more)
{
    const Actor nurse = Actor::sender(address("nurse@capulet.lit"));
    const Actor peter = Actor::sender(address("peter@capulet.lit"));
    const auto save = [this](const Actor& actor, std::vector<Address> administrators) {
        std::optional<Result<GeneralIm>> saved;
        operations.save_general(actor, "Capulet", {.administrators = std::move(administrators)},
                                [&](Result<GeneralIm> result) { saved = std::move(result); });
        return saved.value().has_value();
    };
    const auto reset = [this](const Actor& actor) {
        std::optional<Result<GeneralIm>> done;
        operations.reset_general(actor, "Capulet",
                                 [&](Result<GeneralIm> result) { done = std::move(result); });
        return done.value();
    };
    BOOST_TEST(!operations.general(peter, "Capulet").has_value());
    BOOST_TEST(save(nurse, {address("nurse@capulet.lit"), address("peter@capulet.lit")}));
    BOOST_TEST(operations.general(peter, "Capulet").has_value());
    const auto by_peter = reset(peter);  // the file names only the nurse
    BOOST_REQUIRE(!by_peter.has_value());
    BOOST_TEST((by_peter.error().kind == Refusal::Kind::forbidden));
    BOOST_TEST(
        by_peter.error().text ==
        "The settings file does not name you as an administrator of Capulet: to reset the settings would "
        "remove you. Somebody whom it names can.");
    BOOST_TEST(save(peter, {address("peter@capulet.lit")}));
    BOOST_TEST(operations.administered(nurse).empty());
    BOOST_TEST(!save(nurse, {address("nurse@capulet.lit")}));
    BOOST_TEST(operations.general(peter, "Capulet").has_value());
    BOOST_TEST(reset(Actor::local("root")).has_value());
    BOOST_TEST(operations.administered(nurse).size() == 1U);
    BOOST_TEST(operations.administered(peter).empty());
}

BOOST_AUTO_TEST_CASE(a_saved_rule_is_explained_by_who_saved_it_and_a_changed_one_as_not_saved_yet)
{
    const auto rules = rules_from(nlohmann::json::parse(R"([{"from": ["montague.lit"], "answer": "deny"}])"));
    const auto why = [this](const GeneralChange& change) {
        std::optional<Result<Explained>> explained;
        operations.explain_with(Actor::local("root"), "Capulet", change, juliet,
                                address("romeo@montague.lit"),
                                [&](Result<Explained> result) { explained = std::move(result); });
        return explained.value()->explanation.steps.back().why;
    };
    BOOST_TEST(why({.rules = rules.value()}) == "Rule 1, as it would be saved, matches and says deny.");
    BOOST_REQUIRE(policy->save("Capulet", {.rules = rules.value()}, "nurse@capulet.lit").has_value());
    answerer.set_policy(policy->policy(), policy->settings_version());
    BOOST_TEST(why({.option = Option::all}) ==
               "Rule 1, saved by nurse@capulet.lit on 2026-11-23 12:00 UTC, matches and says deny.");
}

BOOST_AUTO_TEST_CASE(a_preview_decides_the_organizations_journal_under_the_change)
{
    std::optional<ReplayRequest> replayed;
    operations.on_replay([&replayed](ReplayRequest request, const auto& then) {
        replayed = std::move(request);
        then(Replay());
    });
    BOOST_REQUIRE(policy->save("Capulet", {.domains = {{"capulet.lit"}}}, "nurse@capulet.lit").has_value());
    BOOST_REQUIRE(policy->save("Montague", {.option = Option::all}, "lady@montague.lit").has_value());
    const std::uint64_t before = operations.generation();
    bool given = false;
    operations.preview_journal(Actor::sender(address("nurse@capulet.lit")), "Capulet",
                               {.option = Option::prompt, .domains = {{"capulet.example"}}},
                               {.after = 7, .most = 9},
                               [&given](const auto& done) { given = done.has_value(); });
    BOOST_TEST(given);
    BOOST_REQUIRE(replayed.has_value());
    BOOST_TEST((replayed->filter.after == 7));
    BOOST_TEST(replayed->filter.most == 9U);
    BOOST_TEST((replayed->filter.domains == std::vector<std::string>{"capulet.lit", "capulet.example"}));
    BOOST_REQUIRE(replayed->changed != nullptr);
    const Settings changed = replayed->changed();
    BOOST_REQUIRE(changed.organizations.size() == 2U);
    const OrganizationSettings& capulet = changed.organizations[0];
    BOOST_TEST((capulet.option == Option::prompt));
    BOOST_TEST((capulet.domains == std::vector<std::string>{"capulet.example"}));
    BOOST_TEST((changed.organizations[1].option == Option::all));
    BOOST_TEST(operations.generation() == before);
    BOOST_TEST((policy->policy()->organizations()[0].option == Option::organization));
}

BOOST_AUTO_TEST_CASE(a_preview_of_what_waits_gives_what_would_be_answered_otherwise)
{
    entity.start();
    channels.opened("usher.capulet.lit");
    serve();
    answered.clear();
    std::vector<std::function<void()>> beside;
    operations.set_worker([&beside](const auto& work, const auto& then) {
        beside.push_back([work, then] {
            work();
            then({});
        });
    });
    const auto preview = [&](const GeneralChange& change) {
        std::optional<Result<WaitingPreview>> previewed;
        operations.preview_waiting(Actor::sender(address("nurse@capulet.lit")), "Capulet", change,
                                   [&](Result<WaitingPreview> result) { previewed = std::move(result); });
        BOOST_REQUIRE(channels.sent.size() == 1U);
        serve_list({many_waiting(0, 100), many_waiting(100, 200), many_waiting(200, 250), kNoneWaiting});
        serve();  // capulet.example, where none waits
        BOOST_TEST(!previewed.has_value());
        BOOST_REQUIRE(beside.size() == 1U);
        std::exchange(beside, {}).front()();
        return previewed.value().value();
    };
    const WaitingPreview by_hand = preview({.option = Option::prompt});
    BOOST_TEST(by_hand.looked_at == 250U);
    BOOST_TEST(by_hand.differing == 250U);
    BOOST_REQUIRE(by_hand.requests.size() == 250U);
    BOOST_TEST(by_hand.requests[3].request.contact.text() == "nurse3@capulet.lit");
    BOOST_TEST((by_hand.requests[3].was.reason == Reason::in_organization));
    BOOST_TEST((by_hand.requests[3].now.answer == Answer::leave));
    BOOST_TEST((by_hand.requests[3].now.reason == Reason::prompt));
    BOOST_TEST(preview({.option = Option::all}).differing == 0U);  // another reason only
    BOOST_TEST(preview({}).looked_at == 250U);
    BOOST_TEST((policy->policy()->organizations()[0].option == Option::organization));
    BOOST_TEST(answered.empty());
}

BOOST_AUTO_TEST_CASE(what_the_worker_cannot_do_is_said)
{
    operations.set_worker(
        [](const auto&, const auto& then) { then(tl::unexpected<std::string>("out of memory")); });
    std::optional<Result<Explained>> explained;
    operations.explain_with(Actor::local("root"), "Capulet", {}, juliet, address("romeo@montague.lit"),
                            [&](Result<Explained> result) { explained = std::move(result); });
    BOOST_REQUIRE(!explained.value().has_value());
    BOOST_TEST(explained->error().text == "The changed settings could not be tried: out of memory.");
}

BOOST_AUTO_TEST_CASE(one_request_is_explained_under_the_change)
{
    const auto explain = [this](const GeneralChange& change, const std::string& user) {
        std::optional<Result<Explained>> explained;
        operations.explain_with(Actor::sender(address("nurse@capulet.lit")), "Capulet", change, address(user),
                                address("romeo@montague.lit"),
                                [&](Result<Explained> result) { explained = std::move(result); });
        return explained.value();
    };
    BOOST_TEST(
        (explain({}, "juliet@capulet.lit")->explanation.decision.reason == Reason::outside_organization));
    const Explained closed =
        explain({.federation = Federation{FederationMode::closed, {}, Answer::deny}}, "juliet@capulet.lit")
            .value();
    BOOST_TEST((closed.explanation.decision.answer == Answer::deny));
    BOOST_TEST((closed.explanation.decision.reason == Reason::federation_closed));
    BOOST_TEST(closed.organization == "Capulet");
    BOOST_TEST(closed.generation == operations.generation());
    BOOST_TEST(
        (explain({}, "juliet@capulet.lit")->explanation.decision.reason == Reason::outside_organization));
    const auto of_others = explain({}, "romeo@montague.lit");
    BOOST_REQUIRE(!of_others.has_value());
    BOOST_TEST((of_others.error().kind == Refusal::Kind::invalid));
    BOOST_TEST(of_others.error().text == "romeo@montague.lit is no user of Capulet.");
}

BOOST_AUTO_TEST_CASE(an_organization_may_be_gone_when_its_settings_are_saved)
{
    std::optional<Result<GeneralIm>> saved;
    database->holds = true;
    replace_file(kFile.substr(0, kFile.rfind("[[organization]]")));
    operations.save_general(Actor::local("root"), "Montague", {.option = Option::all},
                            [&](Result<GeneralIm> result) { saved = std::move(result); });
    database->release_all();
    BOOST_REQUIRE(!saved.value().has_value());
    BOOST_TEST(saved->error().text == "The settings file has no organization Montague any more.");
}

BOOST_AUTO_TEST_CASE(status_does_not_wait_for_a_store_that_does_not_answer)
{
    BOOST_REQUIRE(choices.set(juliet, Option::all).has_value());
    BOOST_TEST(status().organizations.at(0).choices == 1U);
    BOOST_REQUIRE(choices.set(address("tybalt@capulet.example"), Option::all).has_value());
    std::vector<Status> answers;
    const auto ask = [&] {
        operations.status(Actor::local("test"),
                          [&](const Result<Status>& result) { answers.push_back(result.value()); });
    };
    database->holds = true;
    ask();
    ask();
    clock.advance(Operations::kStatusPatience - std::chrono::milliseconds(1));
    BOOST_TEST(answers.empty());
    clock.advance(std::chrono::milliseconds(1));
    BOOST_REQUIRE(answers.size() == 2U);
    BOOST_TEST(answers[0].organizations.at(0).choices == 1U);
    BOOST_TEST(answers[0].store_error == "the store does not answer");

    ask();
    database->release_all();
    BOOST_REQUIRE(answers.size() == 3U);  // none is answered twice
    BOOST_TEST(answers[2].organizations.at(0).choices == 2U);
    BOOST_TEST(answers[2].store_error == "");
    clock.advance(Operations::kStatusPatience);
    BOOST_TEST(answers.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_review_and_an_explanation_come_when_the_store_has_answered)
{
    entity.start();
    channels.opened("usher.capulet.lit");
    serve();
    std::optional<Result<Review>> review;
    std::optional<Result<Explained>> explained;
    database->holds = true;
    operations.review(Actor::local("root"), juliet, false,
                      [&](Result<Review> result) { review = std::move(result); });
    operations.explain(Actor::local("root"), juliet, address("nurse@capulet.lit"),
                       [&](Result<Explained> result) { explained = std::move(result); });
    serve();
    BOOST_TEST(database->held() == 2U);
    BOOST_TEST(!review.has_value());
    BOOST_TEST(!explained.has_value());
    std::string prompting = kFile;
    database->holds = false;
    set_file(prompting.insert(prompting.find("domains"), "option = \"prompt\"\n"));
    database->release_all();
    BOOST_REQUIRE(review.value().value().requests.size() == 1U);
    BOOST_TEST(review->value().requests[0].request.contact.text() == "nurse@capulet.lit");
    BOOST_TEST(review->value().requests[0].decision.reason == Reason::prompt);
    BOOST_TEST(explained.value().value().waits);
    BOOST_TEST(explained->value().generation == policy->policy()->generation());
}

BOOST_AUTO_TEST_CASE(an_answer_by_hand_is_sent_when_it_is_recorded)
{
    entity.start();
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    std::optional<Result<std::int64_t>> id;
    database->holds = true;
    operations.answer(Actor::sender(juliet), juliet, address("nurse@capulet.lit"), Answer::approve,
                      [&](Result<std::int64_t> result) { id = std::move(result); });
    serve();
    BOOST_TEST(database->held() == 1U);
    BOOST_TEST(answered.empty());
    database->release_all();
    serve();
    BOOST_TEST(id.value().has_value());
    BOOST_TEST(answered == std::vector<std::string>{"nurse@capulet.lit: subscribed"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_answer_by_hand_that_is_recorded_after_the_connection_was_lost_is_not_sent)
{
    entity.start();
    channels.opened("usher.capulet.lit");
    channels.sent.clear();
    std::optional<Result<std::int64_t>> id;
    database->holds = true;
    operations.answer(Actor::sender(juliet), juliet, address("nurse@capulet.lit"), Answer::approve,
                      [&](Result<std::int64_t> result) { id = std::move(result); });
    serve();
    channels.ended(Failure::Kind::closed);
    database->release_all();
    BOOST_REQUIRE(!id.value().has_value());
    BOOST_TEST((id->error().kind == Refusal::Kind::unavailable));
    BOOST_TEST(answered.empty());
}

BOOST_AUTO_TEST_CASE(the_journal_comes_when_the_store_has_answered)
{
    std::optional<Result<std::vector<JournalRecord>>> records;
    database->holds = true;
    operations.journal(Actor::local("root"), {},
                       [&](Result<std::vector<JournalRecord>> result) { records = std::move(result); });
    BOOST_TEST(!records.has_value());
    database->release_all();
    BOOST_TEST(records.value().value().empty());
}

// Another process may commit a lesser id later.
BOOST_AUTO_TEST_CASE(where_others_write_too_a_record_of_just_now_is_not_settled)
{
    const auto now = std::chrono::system_clock::now();
    std::vector<JournalEntry> entries;
    for (const auto ago : {std::chrono::seconds(10), std::chrono::seconds(0)}) {
        entries.push_back({{.id = journal.next_id(now - ago),
                            .at = now - ago,
                            .organization = "Capulet",
                            .request = {juliet, juliet, std::nullopt},
                            .facts = {},
                            .decision = {}}});
    }
    BOOST_REQUIRE(journal.record(entries).has_value());
    const auto found = [this](const JournalFilter& filter) {
        std::vector<std::int64_t> ids;
        operations.journal(Actor::local("root"), filter,
                           [&](const Result<std::vector<JournalRecord>>& records) {
                               for (const JournalRecord& one : records.value()) {
                                   ids.push_back(one.id);
                               }
                           });
        return ids;
    };
    const std::vector<std::int64_t> both{entries[0].record.id, entries[1].record.id};
    const std::vector<std::int64_t> first{both[0]};
    BOOST_TEST(found({.after = 0, .settled = true}) == both, boost::test_tools::per_element());
    database->shared = true;
    BOOST_TEST(found({.after = 0, .settled = true}) == first, boost::test_tools::per_element());
    BOOST_TEST(found({.settled = true, .most = 1}) == first, boost::test_tools::per_element());
    BOOST_TEST(found({.after = 0}) == both, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
