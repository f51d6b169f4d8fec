// The grant of the approvals' part, as it reaches it from the stream.
#include "entity_scene.h"
#include "integration/approvals/approvals.h"

using namespace usher;
using namespace usher::test;

namespace
{

struct ApprovalsScene : Scene {
    ApprovalsScene() { entity->add_part(approvals); }

    void advertise(const std::string& from, const std::string& type)
    {
        channels.received("<message from='" + from +
                          "'><privilege xmlns='urn:xmpp:privilege:2'><perm access='iq'><namespace "
                          "ns='urn:xmpp:subscription-requests:0#approvals' type='" +
                          type + "'/></perm></privilege></message>");
    }

    Approvals approvals{clock, entity->iqs()};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(entity_approvals, ApprovalsScene)

BOOST_AUTO_TEST_CASE(approvals_are_offered_by_the_grant_of_their_own)
{
    start_answering();
    channels.received(advertisement("capulet.lit"));
    advertise("capulet.lit", "set");  // what cannot be read cannot be revoked either: a mark is missing
    advertise("montague.lit", "both");
    BOOST_TEST(!approvals.offered("capulet.lit"));
    BOOST_TEST(!approvals.offered("montague.lit"));  // no domain of ours
    advertise("capulet.lit", "both");
    BOOST_TEST(approvals.offered("capulet.lit"));
    channels.ended(Failure::Kind::lost);
    BOOST_TEST(!approvals.offered("capulet.lit"));
}

BOOST_AUTO_TEST_SUITE_END()
