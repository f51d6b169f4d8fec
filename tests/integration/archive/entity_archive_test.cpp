// What reaches the archives of a domain of what arrives on the stream, and what does not.
#include "entity_scene.h"
#include "integration/archive/archive_source.h"

using namespace usher;
using namespace usher::test;

namespace
{

struct ArchiveScene : Scene, ArchiveEvents {
    ArchiveScene() { entity->add_part(source); }

    void archive_offered(const std::string& domain) override { told.push_back("offered " + domain); }
    void archive_changed(const std::string& domain, std::vector<Address> accounts) override
    {
        told.push_back("changed " + domain + " " + std::to_string(accounts.size()));
    }
    void archive_lost() override { told.push_back("lost"); }

    void advertise(const std::string& from, const std::string& attributes = {})
    {
        channels.received(
            "<message from='" + from + "'" + attributes +
            "><privilege xmlns='urn:xmpp:privilege:2'><perm access='iq'><namespace "
            "ns='urn:xmpp:subscription-requests:0#archive' type='both'/></perm></privilege></message>");
    }
    void changed(const std::string& from, const std::string& attributes = {})
    {
        channels.received("<message from='" + from + "'" + attributes +
                          "><changed xmlns='urn:xmpp:subscription-requests:0#archive'><person jid='juliet@" +
                          from + "'/></changed></message>");
    }
    void expect_told(const Strings& expected)
    {
        BOOST_TEST(told == expected, boost::test_tools::per_element());
        told.clear();
    }

    ArchiveSource source{clock, entity->iqs(), *this};
    Strings told;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(entity_archive, ArchiveScene)

BOOST_AUTO_TEST_CASE(archives_are_offered_by_the_grant_of_their_own)
{
    start_answering();
    channels.received(advertisement("capulet.lit"));
    expect_told({});
    advertise("capulet.lit");
    changed("capulet.lit");
    expect_told({"offered capulet.lit", "changed capulet.lit 1"});
    channels.ended(Failure::Kind::lost);
    expect_told({"lost"});
}

BOOST_AUTO_TEST_CASE(a_hint_counts_only_from_a_domain_of_ours)
{
    start_answering();
    advertise("capulet.lit");
    told.clear();
    changed("montague.lit");
    changed("capulet.lit/balcony");
    changed("juliet@capulet.lit");
    changed("capulet.lit", " type='error'");
    advertise("montague.lit");
    advertise("capulet.lit", " type='error'");
    expect_told({});
}

BOOST_AUTO_TEST_CASE(what_a_domain_offered_before_it_was_ours_holds)
{
    log_in();
    advertise("verona.lit");
    expect_told({});
    entity->set_domains({"capulet.lit", "verona.lit"});
    expect_told({"offered verona.lit"});
}

BOOST_AUTO_TEST_SUITE_END()
