// Which of policy's approvals are listed and revoked, and that none is that a person has made their own.
#include <algorithm>
#include <random>

#include "approvals_scene.h"

namespace usher
{

namespace
{

using test::RosterEntry;
using Strings = std::vector<std::string>;

const std::string kJuliet = "juliet@capulet.lit";
const std::string kNurse = "nurse@capulet.lit";
const std::string kPeter = "peter@capulet.lit";
const std::string kSusan = "susan@capulet.example";

Actor sender(const std::string& address)
{
    return Actor::sender(Address::prepare(address).value());
}

/// Nurse, Peter and Susan have asked, and policy has approved.
struct Approved : test::ApprovalsScene {
    Approved()
    {
        log_in();
        for (const std::string& contact : {kNurse, kPeter, kSusan}) {
            BOOST_REQUIRE((ask(kJuliet, contact) == Answer::approve));
        }
    }
    [[nodiscard]] RosterEntry& of(const std::string& contact) { return roster[{kJuliet, contact}]; }
    /// The own ones, with why.
    [[nodiscard]] Strings own()
    {
        Strings all;
        const ApprovalsInForce listed = list().value();
        for (const ApprovalInForce& one : listed.own) {
            all.push_back(one.approval.pair.contact.text() + " " + std::string(name(one.own.value())));
        }
        std::sort(all.begin(), all.end());
        return all;
    }
    [[nodiscard]] std::string text_of_failure() const
    {
        BOOST_REQUIRE(outcome.has_value());
        BOOST_REQUIRE(!outcome->has_value());
        BOOST_TEST((outcome->error().kind == Refusal::Kind::unavailable));
        return outcome->error().text;
    }
};

Strings sorted(Strings all)
{
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(operations_approvals, Approved)

// --- Who sees them

BOOST_AUTO_TEST_CASE(only_administrators_see_them_and_their_own_organization_only)
{
    BOOST_TEST(list().value().approvals.size() == 3U);
    BOOST_TEST(list({}, sender("lady@capulet.lit")).value().approvals.size() == 3U);
    const auto refused = [this](const Actor& actor, ApprovalFilter filter) {
        const auto listed = list(std::move(filter), actor);
        BOOST_REQUIRE(!listed.has_value());
        return listed.error();
    };
    BOOST_TEST((refused(sender(kJuliet), {}).kind == Refusal::Kind::forbidden));
    BOOST_TEST(
        (refused(sender("lady@capulet.lit"), {.organization = "Montague"}).kind == Refusal::Kind::forbidden));
    BOOST_TEST((refused(sender("lady@montague.lit"), {.user = Address::prepare(kJuliet)}).kind ==
                Refusal::Kind::forbidden));
    BOOST_TEST((refused(Actor::local("root"), {.organization = "Verona"}).kind == Refusal::Kind::not_found));
    BOOST_TEST((refused(Actor::local("root"), {.user = Address::prepare("paris@verona.lit")}).kind ==
                Refusal::Kind::not_found));
    begin_revoking({}, sender(kJuliet));
    BOOST_TEST((outcome.value().error().kind == Refusal::Kind::forbidden));
    run();
    BOOST_TEST(revoked.empty());
}

BOOST_AUTO_TEST_CASE(domains_that_cannot_be_asked_are_named)
{
    const auto listed = list().value();
    BOOST_REQUIRE(listed.unlisted.size() == 2U);
    BOOST_TEST(listed.unlisted[0].domain == "capulet.example");
    BOOST_TEST(listed.unlisted[0].why == "its server does not let Usher read which approvals are in force");
    BOOST_TEST(listed.unlisted[1].domain == "montague.lit");
    BOOST_TEST(list({.user = Address::prepare(kJuliet)}).value().unlisted.empty());
    const auto none = list({.organization = "Montague"});
    BOOST_REQUIRE(!none.has_value());
    BOOST_TEST(
        none.error().text ==
        "The approvals cannot be listed: montague.lit, because its server does not let Usher read which "
        "approvals are in force.");
    lose_stream();
    const auto offline = list();
    BOOST_REQUIRE(!offline.has_value());
    BOOST_TEST(offline.error().text.find("usherd is not connected") == 0U, offline.error().text);
}

// --- Which

BOOST_AUTO_TEST_CASE(what_is_not_in_force_any_more_is_not_listed)
{
    cancel(of(kNurse));
    of(kPeter) = {Subscription::to};
    const auto listed = list().value();
    BOOST_TEST(pairs(listed.approvals) == Strings{kJuliet + " " + kSusan}, boost::test_tools::per_element());
    BOOST_TEST(listed.own.empty());
    BOOST_TEST(listed.approvals[0].approval.reason == Reason::in_organization);
    BOOST_TEST((listed.approvals[0].standing.subscription == Subscription::from));
}

BOOST_AUTO_TEST_CASE(what_a_person_did_with_a_contact_makes_it_their_own)
{
    of(kNurse).name = "Nanny";
    of(kPeter).subscription = Subscription::both;
    of(kSusan).groups = {"Friends"};
    BOOST_TEST(own() == (Strings{kNurse + " named", kPeter + " subscribed", kSusan + " grouped"}),
               boost::test_tools::per_element());
    BOOST_TEST(list().value().approvals.empty());
    of(kPeter) = {Subscription::from, true};
    BOOST_TEST(own() == (Strings{kNurse + " named", kPeter + " subscribed", kSusan + " grouped"}),
               boost::test_tools::per_element());
    revoke_all();
    BOOST_TEST(revoked.empty());
    BOOST_TEST(revocations().empty());
}

BOOST_AUTO_TEST_CASE(what_policy_did_itself_does_not_make_it_a_persons)
{
    put_in_force("ask_back = true\nname_contacts = true\ncontact_group = \"Colleagues\"\n");
    for (const std::string& contact : {kNurse, kPeter, kSusan}) {
        of(contact) = {};
        BOOST_REQUIRE((ask(kJuliet, contact) == Answer::approve));
    }
    BOOST_TEST(of(kNurse).name == "Angelica");
    BOOST_TEST(of(kNurse).ask);
    of(kPeter).subscription = Subscription::both;
    of(kPeter).ask = false;
    BOOST_TEST(own().empty());
    of(kNurse).name = "Angelica!";
    of(kPeter).groups = {"Colleagues", "Friends"};
    of(kSusan).name = "Susan";  // policy knows no name for her
    BOOST_TEST(own() == (Strings{kNurse + " named", kPeter + " grouped", kSusan + " named"}),
               boost::test_tools::per_element());
    // What today's policy would not do is a person's.
    of(kNurse).name = "Angelica";
    put_in_force("");
    BOOST_TEST(own() == (Strings{kNurse + " named", kPeter + " grouped", kSusan + " named"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(under_a_policy_that_is_not_kept_every_change_is_a_persons)
{
    put_in_force("ask_back = true\n");
    of(kNurse) = {};
    BOOST_REQUIRE((ask(kJuliet, kNurse) == Answer::approve));
    BOOST_TEST(own().empty());
    test::SqliteFile(path).run("DELETE FROM policy_part");
    BOOST_TEST(own() == (Strings{kNurse + " subscribed"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_todays_policy_would_not_approve_is_found_where_that_is_certain)
{
    const auto contacts = [this] { return sorted(pairs(list({.no_longer = true}).value().approvals)); };
    BOOST_TEST(contacts().empty());
    put_in_force("[[organization.rule]]\nfrom = [\"peter@capulet.lit\"]\nto = [\"*\"]\nanswer = \"leave\"\n");
    BOOST_TEST((contacts() == Strings{kJuliet + " " + kPeter}));
    put_in_force("option = \"prompt\"\n");
    BOOST_TEST(contacts().size() == 3U);
    BOOST_REQUIRE(options.set(Address::prepare(kJuliet).value(), Option::prompt).has_value());
    BOOST_TEST(contacts().empty());  // it is her choice
    put_in_force("option = \"prompt\"\nusers_may_choose = false\n");
    BOOST_TEST(contacts().size() == 3U);
    of(kPeter).name = "Pete";
    BOOST_TEST(contacts().size() == 2U);
    BOOST_TEST(revoke_all({.no_longer = true}).value().approvals.size() == 2U);
    BOOST_TEST(of(kPeter).is_approved());
    // Who is in the group is not known.
    BOOST_REQUIRE(options.set(Address::prepare(kJuliet).value(), std::nullopt).has_value());
    put_in_force("");
    BOOST_REQUIRE((ask(kJuliet, kNurse) == Answer::approve));
    put_in_force(
        "[[organization.group]]\nname = \"sales\"\nldap = \"(department=Sales)\"\n[[organization.rule]]\n"
        "from = [\"group:sales\"]\nto = [\"*\"]\nanswer = \"deny\"\n"
        "[ldap]\nurl = \"ldaps://ldap.capulet.lit\"\nbase = \"dc=capulet,dc=lit\"\n");
    BOOST_TEST(contacts().empty());
}

BOOST_AUTO_TEST_CASE(limits_do_not_take_anything_back)
{
    put_in_force("");
    const std::string file = test::approvals_file() + "[limits]\napprovals_per_user_per_hour = 1\n";
    BOOST_REQUIRE(policy->set_file(parse_settings(file, "usher.toml").value()).has_value());
    answerer.set_policy(policy->policy(), policy->settings_version());
    BOOST_TEST((ask(kJuliet, "susan2@capulet.lit") == Answer::leave));
    BOOST_TEST(list({.no_longer = true}).value().approvals.empty());
}

// --- Revoking

BOOST_AUTO_TEST_CASE(revoking_revokes_what_is_policys_and_nothing_else)
{
    of(kNurse).name = "Nanny";
    const auto done = revoke_all().value();
    BOOST_TEST((sorted(pairs(done.approvals)) == Strings{kJuliet + " " + kPeter, kJuliet + " " + kSusan}));
    for (const ApprovalInForce& one : done.approvals) {
        BOOST_TEST((one.outcome == Revoked::revoked));
    }
    BOOST_TEST((pairs(done.own) == Strings{kJuliet + " " + kNurse}));
    BOOST_TEST(revoked.size() == 2U);
    BOOST_TEST(of(kNurse).is_approved());
    BOOST_TEST((sorted(revocations()) ==
                Strings{"deny " + kPeter + " by root: confirmed", "deny " + kSusan + " by root: confirmed"}));
    BOOST_TEST(revoke_all().value().approvals.empty());  // nothing twice
    BOOST_TEST(revoked.size() == 2U);
    // What policy approves again is listed again.
    BOOST_REQUIRE((ask(kJuliet, kPeter) == Answer::approve));
    BOOST_TEST((pairs(list().value().approvals) == Strings{kJuliet + " " + kPeter}));
}

BOOST_AUTO_TEST_CASE(a_revocation_is_recorded_before_it_is_sent)
{
    begin_revoking();
    database->holds = true;
    run();
    BOOST_TEST(revoked.empty());
    BOOST_TEST(database->held() == 1U);  // what the journal has got since
    database->release();
    run();
    BOOST_TEST(revoked.empty());
    while (database->held() != 0) {
        database->release();
        BOOST_TEST(revoked.empty());
    }
    database->holds = false;
    run();
    BOOST_TEST(revoked.size() == 3U);
    BOOST_TEST(outcome.value().has_value());
}

BOOST_AUTO_TEST_CASE(while_the_store_fails_nothing_is_sent)
{
    begin_revoking();
    database->holds = true;
    run();
    database->fail("disk full");
    BOOST_TEST(text_of_failure() == "Nothing was revoked: the journal cannot be read: disk full.");
    begin_revoking();
    run();
    for (int step = 0; step < 3 && database->held() == 1 && !outcome; ++step) {
        if (step == 2) {
            database->fail("disk full");
        } else {
            database->release();
        }
        run();
    }
    BOOST_TEST(text_of_failure().find("Nothing was revoked: ") == 0U, text_of_failure());
    BOOST_TEST(text_of_failure().find("disk full") != std::string::npos, text_of_failure());
    database->release_all();
    BOOST_TEST(revoked.empty());
    BOOST_TEST(list().value().approvals.size() == 3U);
    BOOST_TEST(revoke_all().value().approvals.size() == 3U);  // as the store works again
    BOOST_TEST(revoked.size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_is_changed_or_fails_at_the_server_is_said)
{
    fails = true;
    const ApprovalsInForce failed = revoke_all().value();
    for (const ApprovalInForce& one : failed.approvals) {
        BOOST_TEST((one.outcome == Revoked::failed));
    }
    BOOST_TEST(revocations().at(0).find(": refused failed") != std::string::npos, revocations().at(0));
    fails = false;
    begin_revoking();
    serve(1);  // what is in force
    of(kNurse).name = "Nanny";
    run();
    BOOST_TEST(revoked.size() == 2U);
    BOOST_TEST(of(kNurse).is_approved());
    const auto& all = outcome.value().value().approvals;
    const auto nurse = std::find_if(all.begin(), all.end(), [](const ApprovalInForce& one) {
        return one.approval.pair.contact.text() == kNurse;
    });
    BOOST_TEST((nurse->outcome == Revoked::changed));
}

// The roster looks the same, but it is the user's approval.
BOOST_AUTO_TEST_CASE(what_was_decided_since_the_journal_was_searched_is_kept)
{
    begin_revoking();
    cancel(of(kNurse));
    put_in_force("users_may_choose = false\noption = \"prompt\"\n");
    BOOST_REQUIRE((ask(kJuliet, kNurse) == Answer::leave));
    approve(of(kNurse));  // by the user
    run();
    BOOST_TEST(of(kNurse).is_approved());
    BOOST_TEST(revoked.size() == 2U);
    BOOST_TEST((outcome.value().value().approvals.at(0).outcome == Revoked::changed));
    BOOST_TEST((sorted(revocations()).size() == 2U));
}

// The clock was ahead when they asked before.
BOOST_AUTO_TEST_CASE(an_earlier_approval_with_a_later_time_does_not_matter)
{
    test::SqliteFile(path).run(
        "CREATE TEMP TABLE earlier AS SELECT * FROM journal WHERE contact_address = 'nurse@capulet.lit'; "
        "UPDATE earlier SET id = id - 1, at = at + 3600000; INSERT INTO journal SELECT * FROM earlier");
    BOOST_TEST(list().value().approvals.size() == 3U);
    BOOST_TEST(revoke_all().value().approvals.size() == 3U);
    BOOST_TEST(revoked.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_lost_in_the_middle_leaves_nothing_to_be_done_twice)
{
    for (int i = 0; i < 150; ++i) {
        BOOST_REQUIRE((ask(kJuliet, "n" + std::to_string(i) + "@capulet.lit") == Answer::approve));
    }
    begin_revoking();
    serve(2);  // the first page's
    BOOST_TEST(revoked.size() == 100U);
    clock.advance(ApprovalReview::kPause);
    serve(1);
    lose_stream();  // while the second page is revoked
    BOOST_TEST(
        text_of_failure() ==
        "Only 100 approvals were revoked, as far as the server has confirmed: capulet.lit: its server did "
        "not answer. Of 53 more it is not known: the same command lists those that are still in force.");
    BOOST_TEST(revoked.size() == 100U);
    BOOST_TEST(revocations().size() == 153U);
    clock.advance(std::chrono::seconds(60));
    log_in();
    BOOST_TEST(revoke_all().value().approvals.size() == 53U);
    BOOST_TEST(revoked.size() == 153U);
    auto once = revoked;
    std::sort(once.begin(), once.end());
    BOOST_TEST((std::unique(once.begin(), once.end()) == once.end()));
}

BOOST_AUTO_TEST_CASE(revocations_go_out_in_pages_with_a_pause_between_and_one_at_a_time)
{
    for (int i = 0; i < 150; ++i) {
        BOOST_REQUIRE((ask(kJuliet, "n" + std::to_string(i) + "@capulet.lit") == Answer::approve));
    }
    begin_revoking();
    serve();
    BOOST_TEST(revoked.size() == 100U);
    clock.advance(ApprovalReview::kPause - std::chrono::milliseconds(1));
    serve();
    BOOST_TEST(revoked.size() == 100U);
    std::optional<Result<ApprovalsInForce>> second;
    operations.revoke(Actor::local("root"), {}, [&](auto result) { second = std::move(result); });
    BOOST_TEST((second.value().error().kind == Refusal::Kind::conflict));
    clock.advance(std::chrono::milliseconds(1));
    serve();
    BOOST_TEST(revoked.size() == 153U);
    clock.advance(ApprovalReview::kPause);
    BOOST_TEST(outcome.value().value().approvals.size() == 153U);
    BOOST_TEST(revoke_all().has_value());
}

// --- Against a model: whatever people do, nothing is revoked that is theirs, and everything that is policy's.

BOOST_AUTO_TEST_CASE(in_random_dialogues_nobody_loses_a_contact_that_is_their_own)
{
    std::size_t revocations_made = 0;
    std::size_t kept = 0;
    for (unsigned seed = 1; seed <= 30; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&random](int end) {
            return std::uniform_int_distribution<int>(0, end - 1)(random);
        };
        test::ApprovalsScene scene;
        scene.log_in();
        enum class Whose { nobodys, policys, persons };
        std::map<test::ApprovalsScene::Pair, Whose> whose;
        const auto check_and_revoke = [&](bool whole) {
            const auto before = scene.roster;
            scene.revoked.clear();
            if (whole) {
                BOOST_REQUIRE(scene.revoke_all().has_value());
            } else {
                scene.begin_revoking();
                scene.serve(static_cast<std::size_t>(below(3)));
                scene.mute = below(2) == 0;
                scene.serve(1);
                scene.mute = false;
                scene.lose_stream();
                scene.clock.advance(std::chrono::seconds(60));
                scene.log_in();
                scene.run();
            }
            for (const auto& [pair, entry] : before) {
                const bool gone =
                    std::find(scene.revoked.begin(), scene.revoked.end(), pair) != scene.revoked.end();
                BOOST_REQUIRE_MESSAGE(!gone || whose[pair] == Whose::policys,
                                      "seed " << seed << ": " << pair.second << " was revoked");
                if (whose[pair] == Whose::persons) {
                    BOOST_REQUIRE((scene.roster[pair] == entry));
                    ++kept;
                }
                if (whole && whose[pair] == Whose::policys) {
                    BOOST_REQUIRE_MESSAGE(gone, "seed " << seed << ": " << pair.second << " was not revoked");
                }
                if (gone) {
                    whose[pair] = Whose::nobodys;
                    ++revocations_made;
                }
            }
        };
        for (int step = 0; step < 60; ++step) {
            const test::ApprovalsScene::Pair pair{below(2) == 0 ? kJuliet : "rosaline@capulet.lit",
                                                  "n" + std::to_string(below(4)) + "@capulet.lit"};
            RosterEntry& entry = scene.roster[pair];
            Whose& owner = whose[pair];
            const int act = below(12);
            if (act < 4 && !entry.is_approved()) {
                const bool own_before = entry != RosterEntry();  // they have it in their roster already
                if (scene.ask(pair.first, pair.second) == Answer::approve) {
                    owner = own_before ? Whose::persons : Whose::policys;
                } else if (below(2) == 0) {
                    scene.approve(entry);
                    owner = Whose::persons;
                }
            } else if (act == 4 && entry.is_approved()) {
                entry.name = "Friend";
                owner = Whose::persons;
            } else if (act == 5 && entry.is_approved()) {
                entry.groups.emplace_back("Friends");
                owner = Whose::persons;
            } else if (act == 6 && entry.is_approved()) {
                entry.subscription = Subscription::both;
                owner = Whose::persons;
            } else if (act == 7 && entry.is_approved()) {
                scene.cancel(entry);
                owner = Whose::nobodys;
            } else if (act == 8 && !entry.is_approved()) {
                scene.now += std::chrono::seconds(1);
                BOOST_REQUIRE(scene.answerer
                                  .record_by_hand(scene.request(pair.first, pair.second), Answer::approve,
                                                  "lady@capulet.lit")
                                  .has_value());
                scene.approve(entry);
                owner = Whose::persons;
            } else if (act == 9) {
                scene.put_in_force(below(2) == 0 ? "" : "users_may_choose = false\noption = \"prompt\"\n");
            } else if (act >= 10) {
                check_and_revoke(act == 10);
            }
        }
        check_and_revoke(true);
    }
    BOOST_TEST(revocations_made > 100U);
    BOOST_TEST(kept > 100U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
