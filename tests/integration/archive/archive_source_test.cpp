// What domains say of their accounts' archives, and what is asked and set of some of them.
#include "integration/archive/archive_source.h"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <vector>

#include "connector.h"

using namespace std::chrono_literals;
using usher::Address;
using usher::ArchiveFailure;
using usher::ArchiveSource;
using usher::Archiving;
using usher::test::Literal;
using usher::test::person;
using Problem = usher::ArchiveFailure::Problem;
using Strings = std::vector<std::string>;

namespace
{

Address address(const std::string& text)
{
    return Address::prepare(text).value();
}

std::string archive(const std::string& persons)
{
    return "<archive xmlns='urn:xmpp:subscription-requests:0#archive'>" + persons + "</archive>";
}

struct Scene : usher::test::Connector, usher::ArchiveEvents {
    void archive_offered(const std::string& domain) override { events.push_back("offered " + domain); }
    void archive_changed(const std::string& domain, std::vector<Address> accounts) override
    {
        std::string event = "changed " + domain + ":";
        for (const Address& one : accounts) {
            event += " " + one.text();
        }
        events.push_back(event);
    }
    void archive_lost() override { events.push_back("lost"); }

    void advertise(const std::string& domain, bool granted = true)
    {
        usher::Advertisement advertisement;
        advertisement.archive = granted;
        source.advertised(domain, advertisement);
    }
    void message(const std::string& payload, const std::string& domain = "capulet.lit")
    {
        const Literal literal("<message from='" + domain + "'>" + payload + "</message>");
        source.received_message(domain, literal.stanza());
    }
    void changed(const std::string& persons, const std::string& domain = "capulet.lit")
    {
        message("<changed xmlns='urn:xmpp:subscription-requests:0#archive'>" + persons + "</changed>",
                domain);
    }

    void set(const std::string& account, Archiving preference, bool lock, const std::string& mark = {})
    {
        outcome.reset();
        source.set(address(account), preference, lock, mark,
                   [this](std::optional<ArchiveFailure> failure) { outcome = std::move(failure); });
    }

    Strings events;
    ArchiveSource source{clock, iqs, *this};
    std::optional<std::optional<ArchiveFailure>> outcome;  // nothing: none yet
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(archive_source, Scene)

BOOST_AUTO_TEST_CASE(a_domain_offers_it_until_the_stream_is_lost)
{
    advertise("montague.lit", false);
    BOOST_TEST(!source.offered("montague.lit"));
    advertise("capulet.lit");
    BOOST_TEST(source.offered("capulet.lit"));
    advertise("capulet.lit");  // its connector was loaded again
    source.stream_lost();
    BOOST_TEST(!source.offered("capulet.lit"));
    BOOST_TEST(events == (Strings{"offered capulet.lit", "offered capulet.lit", "lost"}),
               boost::test_tools::per_element());
    BOOST_TEST(sent.empty());
}

BOOST_AUTO_TEST_CASE(a_hint_names_accounts_of_its_domain_and_offers_nothing)
{
    changed(person("juliet@capulet.lit") + person("tybalt@montague.lit") + person("nurse@capulet.lit"));
    changed("");
    changed(person("tybalt@montague.lit") + "<person/>");  // names nobody of it
    message("<changed xmlns='urn:xmpp:subscription-requests:0#people'/>");
    message("<body>changed</body>");
    std::string many;
    for (int i = 0; i < 101; ++i) {
        many += person("user" + std::to_string(i) + "@capulet.lit");
    }
    changed(many);
    BOOST_TEST(!source.offered("capulet.lit"));
    BOOST_TEST(events == (Strings{"changed capulet.lit: juliet@capulet.lit nurse@capulet.lit",
                                  "changed capulet.lit:", "changed capulet.lit:"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_does_not_come_back_is_gone_and_who_was_not_asked_for_does_not_count)
{
    std::optional<ArchiveSource::Read> given;
    const auto keep = [&given](ArchiveSource::Read read) { given = std::move(read); };
    source.read_again("capulet.lit", {address("juliet@capulet.lit"), address("nurse@capulet.lit")}, keep);
    const std::string question = take();
    BOOST_TEST(question.find("<archive xmlns='urn:xmpp:subscription-requests:0#archive'><person "
                             "jid='juliet@capulet.lit'/><person jid='nurse@capulet.lit'/></archive></iq>") !=
               std::string::npos);
    BOOST_TEST(!reply(question, archive(""), "result", "montague.lit"));
    reply(question, archive("<person jid='nurse@capulet.lit' default='roster' mark='77ab20'/>" +
                            person("tybalt@capulet.lit")));
    BOOST_REQUIRE((given && *given));
    BOOST_TEST_REQUIRE((*given)->size() == 1U);
    BOOST_TEST(((*given)->front() ==
                usher::ArchivePreference{address("nurse@capulet.lit"), Archiving::roster, false, "77ab20"}));

    const auto expect = [&](const ArchiveFailure& failure) {
        BOOST_REQUIRE((given && !*given));
        BOOST_TEST((given->error() == failure));
        given.reset();
    };
    source.read_again("capulet.lit", {address("juliet@capulet.lit")}, keep);
    refuse(take(), "forbidden");
    expect({Problem::not_granted, "forbidden"});
    source.read_again("capulet.lit", {address("juliet@capulet.lit")}, keep);
    reply(take(), "");
    expect({Problem::unreadable});
    // She is there, with something that is not understood: not gone.
    source.read_again("capulet.lit", {address("juliet@capulet.lit")}, keep);
    reply(take(), archive("<person jid='juliet@capulet.lit' default='perhaps'/>"));
    expect({Problem::unreadable});
    source.read_again("capulet.lit", {address("juliet@capulet.lit")}, keep);
    clock.advance(60s);
    expect({Problem::no_reply});
}

BOOST_AUTO_TEST_CASE(a_preference_is_set_with_or_without_a_lock)
{
    set("juliet@capulet.lit", Archiving::never, true);
    const std::string locked = take();
    BOOST_TEST(locked == "<iq type='set' id='" + usher::test::attribute(locked, "id") +
                             "' to='capulet.lit'><archive xmlns='urn:xmpp:subscription-requests:0#archive' "
                             "user='juliet@capulet.lit' default='never' lock='true'/></iq>");
    BOOST_TEST(!outcome.has_value());
    reply(locked, "");
    BOOST_REQUIRE(outcome.has_value());
    BOOST_TEST(!outcome->has_value());

    set("nurse@capulet.lit", Archiving::roster, false);
    BOOST_TEST(take().find("user='nurse@capulet.lit' default='roster'/></iq>") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(E48_mark_goes_back_as_it_came)
{
    set("juliet@capulet.lit", Archiving::never, false, "<1 & 2>'");
    const std::string question = take();
    BOOST_TEST(question.find(" mark='&lt;1 &amp; 2&gt;&apos;'/></iq>") != std::string::npos);
    refuse(question, "conflict");
    BOOST_REQUIRE((outcome && *outcome));
    BOOST_TEST(((*outcome)->problem == Problem::changed));
}

BOOST_AUTO_TEST_CASE(what_is_not_set_says_why)
{
    const auto expect = [this](Problem problem) {
        BOOST_REQUIRE((outcome && *outcome));
        BOOST_TEST(((*outcome)->problem == problem));
    };
    set("juliet@capulet.lit", Archiving::always, false);
    const std::string question = take();
    BOOST_TEST(!reply(question, "", "result", "juliet@capulet.lit"));
    refuse(question, "item-not-found");
    expect(Problem::no_account);
    set("juliet@capulet.lit", Archiving::always, false);
    refuse(take(), "feature-not-implemented");
    expect(Problem::no_archive);
    set("juliet@capulet.lit", Archiving::always, false);
    clock.advance(60s);
    expect(Problem::no_reply);
}

BOOST_AUTO_TEST_SUITE_END()
