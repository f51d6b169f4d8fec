// Under which name and in which group contacts come into users' rosters.
#include "plugin/core/contact_names.h"

#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "people_scene.h"

namespace usher
{

namespace
{

const std::string kListed = "listed = \"opt-out\"\n";
const std::string kNamed = "name_contacts = true\n";
const std::string kGrouped = kNamed + "contact_group = \"Colleagues\"\n";
const std::string kJuliet = "juliet@capulet.lit";
const std::string kNurse = "nurse@capulet.lit";

SubscriptionRequest request(const std::string& user, const std::string& contact)
{
    return {Party::as_written(user), Party::as_written(contact), std::nullopt};
}

/// "Angelica in Colleagues"
std::string text(const ContactLabel& label)
{
    return label.name + (label.group.empty() ? "" : " in " + label.group);
}

struct Naming : test::PeopleScene {
    std::string label(const std::string& user, const std::string& contact)
    {
        std::optional<std::vector<ContactLabel>> labels;
        names.of(policy->policy(), {request(user, contact)}, [&](auto found) { labels = std::move(found); });
        return text(labels.value().at(0));
    }

    ContactNames names{directory, choices};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(contact_names, Naming)

BOOST_AUTO_TEST_CASE(nobody_is_named_unless_the_users_organization_wants_it)
{
    BOOST_TEST(label(kJuliet, kNurse) == "");
    set_people_settings(kListed, kGrouped);
    BOOST_TEST(label(kJuliet, kNurse) == "Angelica Müller in Colleagues");
    BOOST_TEST(label("romeo@montague.lit", kNurse) == "");
    BOOST_TEST(label("romeo@elsewhere.lit", kNurse) == "");
    set_people_settings(kListed, kNamed);
    BOOST_TEST(label(kJuliet, kNurse) == "Angelica Müller");
}

// E43: whoever the user could not find keeps their name to themselves.
BOOST_AUTO_TEST_CASE(only_who_can_be_found_is_named)
{
    set_people_settings(kListed, kGrouped);
    BOOST_TEST(label(kJuliet, "tybalt@capulet.example") == "Tybalt Muller in Colleagues");
    BOOST_TEST(label(kJuliet, "romeo@montague.lit") == " in Colleagues");  // Juliet may not search there
    BOOST_TEST(label(kJuliet, "stranger@capulet.lit") == " in Colleagues");
    BOOST_TEST(label(kJuliet, "eve@example.net") == " in Colleagues");
    BOOST_TEST(label(kJuliet, "capulet.lit") == " in Colleagues");
    BOOST_TEST(label(kJuliet, "Nurse@capulet.lit") == " in Colleagues");  // another account's than it seems
    set_people_settings(kListed + "not_listed = [\"nur*@*\"]", kGrouped);
    choices.stored[kNurse] = {true, true};
    BOOST_TEST(label(kJuliet, kNurse) == " in Colleagues");
    set_people_settings("listed = \"off\"", kGrouped);
    BOOST_TEST(label(kJuliet, kNurse) == " in Colleagues");
}

BOOST_AUTO_TEST_CASE(contacts_of_another_organization_are_named_for_its_searchers)
{
    const auto set = [this](const std::string& searchers) {
        const std::string file = test::scene_file(kListed, kNamed) + searchers;  // of the last organization
        BOOST_REQUIRE(policy->set_file(parse_settings(file, "usher.toml").value()).has_value());
    };
    set("searchers = [\"capulet.example\"]\n");
    BOOST_TEST(label(kJuliet, "romeo@montague.lit") == "");
    BOOST_TEST(label("tybalt@capulet.example", "romeo@montague.lit") == "Romeo Müller");
}

BOOST_AUTO_TEST_CASE(what_a_contact_has_decided_holds_also_on_another_instance)
{
    set_people_settings(kListed, kGrouped);
    choices.stored[kNurse] = {false, std::nullopt};
    BOOST_TEST(label(kJuliet, kNurse) == " in Colleagues");
    set_people_settings("listed = \"opt-in\"", kGrouped);
    choices.stored.clear();
    BOOST_TEST(label(kJuliet, kNurse) == " in Colleagues");
    choices.stored[kNurse] = {true, std::nullopt};
    BOOST_TEST(label(kJuliet, kNurse) == "Angelica Müller in Colleagues");
    choices.error = "broken";
    BOOST_TEST(label(kJuliet, kNurse) == " in Colleagues");
}

BOOST_AUTO_TEST_CASE(the_name_is_that_of_the_search)
{
    directory.put({Address::prepare(kNurse).value(), "Angelica", "A", "M", "Nanny", "nurse@capulet.lit"});
    set_people_settings(kListed, kNamed);
    BOOST_TEST(label(kJuliet, kNurse) == "Angelica");
    set_people_settings(kListed + "fields = [\"nickname\", \"given_name\", \"family_name\"]", kNamed);
    BOOST_TEST(label(kJuliet, kNurse) == "A M");
    set_people_settings(kListed + "fields = [\"nickname\", \"email\"]", kNamed);
    BOOST_TEST(label(kJuliet, kNurse) == "Nanny");
    set_people_settings(kListed + "fields = [\"email\"]", kNamed);
    BOOST_TEST(label(kJuliet, kNurse) == "");
    const std::string longest(Person::kMaxField, 'x');
    directory.put({Address::prepare(kNurse).value(), "", longest, longest, "", ""});
    set_people_settings(kListed, kNamed);
    BOOST_TEST(label(kJuliet, kNurse) == longest);
}

BOOST_AUTO_TEST_CASE(every_approval_has_its_label_and_nothing_else)
{
    set_people_settings(kListed, kGrouped);
    answerer.set_policy(policy->policy());
    answerer.set_contact_names(names);
    const std::vector requests{request(kJuliet, "eve@example.net"), request(kJuliet, kNurse),
                               request(kJuliet, "tybalt@capulet.example")};
    for (const Source source : {Source::asked, Source::waiting}) {
        const auto judged = answerer.judge(requests, source).value();
        BOOST_TEST_REQUIRE(judged.size() == 3U);
        BOOST_TEST(text(judged[0].label) == "");
        BOOST_TEST(text(judged[1].label) == "Angelica Müller in Colleagues");
        BOOST_TEST(text(judged[2].label) == "Tybalt Muller in Colleagues");
    }
    const auto without_connector = answerer.judge(requests, Source::roster).value();
    for (const Judged& one : without_connector) {
        BOOST_TEST(text(one.label) == "");  // a server without a connector takes none
    }
    const auto by_hand = [&](Answer answer, const std::string& contact) {
        return text(answerer.record_by_hand(request(kJuliet, contact), answer, "admin").value().label);
    };
    BOOST_TEST(by_hand(Answer::approve, kNurse) == "Angelica Müller in Colleagues");
    BOOST_TEST(by_hand(Answer::approve, "eve@example.net") == " in Colleagues");
    BOOST_TEST(by_hand(Answer::deny, kNurse) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
