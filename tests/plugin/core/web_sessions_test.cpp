// Who may open the administration page, and for how long.
#include "plugin/core/web_sessions.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

#include "doubles.h"

namespace usher
{

namespace
{

using namespace std::chrono_literals;

constexpr auto kMoment = 1ms;

std::chrono::system_clock::time_point noon()
{
    return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 12h;
}

Actor juliet()
{
    return Actor::sender(*Address::prepare("juliet@capulet.lit"));
}

Actor somebody(std::size_t number)
{
    return Actor::sender(*Address::prepare(std::to_string(number) + "@capulet.lit"));
}

std::string token_in(const WebLink& link)
{
    return link.url.substr(link.url.find("#login=") + 7);
}

struct Doors {
    test::FakeClock clock;
    WebSessions sessions{clock, noon, "https://usher.example.org/"};

    WebSessions::Opened open(const Actor& actor)
    {
        return sessions.open_by_link(token_in(sessions.make_link(actor))).value();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(web_sessions, Doors)

BOOST_AUTO_TEST_CASE(a_link_opens_one_session_of_whom_it_was_made_for)
{
    const WebLink link = sessions.make_link(juliet());
    BOOST_TEST(link.url.starts_with("https://usher.example.org/#login="));
    BOOST_TEST(token_in(link).size() == 64U);  // 256 bits
    BOOST_TEST((link.expires == noon() + 10min));
    const auto opened = sessions.open_by_link(token_in(link));
    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST(opened->session->actor.name() == "juliet@capulet.lit");
    BOOST_TEST(opened->secret.size() == 64U);
    BOOST_TEST(!sessions.open_by_link(token_in(link)).has_value());
    BOOST_TEST(sessions.find(opened->secret)->id == opened->session->id);
}

BOOST_AUTO_TEST_CASE(a_link_is_valid_for_ten_minutes)
{
    const std::string early = token_in(sessions.make_link(juliet()));
    const std::string late = token_in(sessions.make_link(juliet()));
    clock.advance(10min - kMoment);
    BOOST_TEST(sessions.open_by_link(early).has_value());
    clock.advance(kMoment);
    BOOST_TEST(!sessions.open_by_link(late).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_secret_of_ours_opens_nothing)
{
    const auto opened = open(juliet());
    for (const std::string& other :
         {std::string(), opened.session->id, opened.session->csrf, std::string("x")}) {
        BOOST_TEST(!sessions.open_by_link(other).has_value());
        BOOST_TEST(!sessions.open_by_attempt(other).has_value());
        BOOST_TEST(sessions.find(other) == nullptr);
    }
    BOOST_TEST(!sessions.open_by_link(opened.secret).has_value());
}

BOOST_AUTO_TEST_CASE(a_session_ends_when_it_has_not_been_used_for_an_hour)
{
    const std::string secret = open(juliet()).secret;
    clock.advance(1h - kMoment);
    BOOST_TEST(sessions.find(secret) != nullptr);
    clock.advance(1h - kMoment);
    BOOST_TEST(sessions.find(secret) != nullptr);
    clock.advance(1h);
    BOOST_TEST(sessions.find(secret) == nullptr);
    BOOST_TEST(sessions.all().empty());
}

BOOST_AUTO_TEST_CASE(a_session_ends_after_twelve_hours_however_much_it_is_used)
{
    const std::string secret = open(juliet()).secret;
    for (int minutes = 1; minutes < 12 * 60; ++minutes) {
        clock.advance(1min);
        BOOST_TEST_REQUIRE(sessions.find(secret) != nullptr, minutes);
    }
    clock.advance(1min - kMoment);
    BOOST_TEST(sessions.find(secret) != nullptr);
    clock.advance(kMoment);
    BOOST_TEST(sessions.find(secret) == nullptr);
    BOOST_TEST(sessions.all().empty());
}

BOOST_AUTO_TEST_CASE(the_fifth_session_of_somebody_ends_theirs_that_was_idle_longest)
{
    const std::string of_root = open(Actor::local("root")).secret;
    std::vector<std::string> secrets;
    for (int i = 0; i < 4; ++i) {
        clock.advance(1s);
        secrets.push_back(open(juliet()).secret);
    }
    clock.advance(1s);
    BOOST_TEST(sessions.find(secrets[0]) != nullptr);  // used: now the second one was idle longest
    for (int i = 0; i < 20; ++i) {
        static_cast<void>(open(juliet()));
        if (i == 0) {
            BOOST_TEST(sessions.find(secrets[0]) != nullptr);
            BOOST_TEST(sessions.find(secrets[1]) == nullptr);
        }
    }
    BOOST_TEST(sessions.all().size() == 5U);
    BOOST_TEST(sessions.find(of_root) != nullptr);
}

BOOST_AUTO_TEST_CASE(the_eleventh_link_of_somebody_ends_their_oldest)
{
    const std::string of_root = token_in(sessions.make_link(Actor::local("root")));
    std::vector<std::string> links;
    for (int i = 0; i < 11; ++i) {
        clock.advance(1s);
        links.push_back(token_in(sessions.make_link(juliet())));
    }
    BOOST_TEST(!sessions.open_by_link(links[0]).has_value());
    BOOST_TEST(sessions.open_by_link(links[1]).has_value());
    for (int i = 0; i < 200; ++i) {
        static_cast<void>(sessions.make_link(juliet()));
    }
    BOOST_TEST(sessions.open_by_link(of_root).has_value());
}

BOOST_AUTO_TEST_CASE(who_has_a_local_name_and_who_has_that_address_are_two)
{
    const std::string local = open(Actor::local("juliet@capulet.lit")).secret;
    for (int i = 0; i < 4; ++i) {
        static_cast<void>(open(juliet()));
    }
    BOOST_TEST(sessions.find(local) != nullptr);
}

BOOST_AUTO_TEST_CASE(the_thirteenth_session_ends_the_one_that_was_idle_longest)
{
    std::vector<std::string> secrets;
    for (std::size_t i = 0; i < 12; ++i) {
        secrets.push_back(open(somebody(i)).secret);
        clock.advance(1s);
    }
    BOOST_TEST(sessions.find(secrets[0]) != nullptr);  // used: now the second one was idle longest
    static_cast<void>(open(juliet()));
    BOOST_TEST(sessions.all().size() == 12U);
    BOOST_TEST(sessions.find(secrets[0]) != nullptr);
    BOOST_TEST(sessions.find(secrets[1]) == nullptr);
}

BOOST_AUTO_TEST_CASE(of_too_many_links_the_oldest_goes)
{
    const std::string first = token_in(sessions.make_link(juliet()));
    clock.advance(1s);
    const std::string second = token_in(sessions.make_link(juliet()));
    for (std::size_t i = 2; i <= WebSessions::kMaxLinks; ++i) {
        clock.advance(1s);
        static_cast<void>(sessions.make_link(somebody(i)));
    }
    BOOST_TEST(!sessions.open_by_link(first).has_value());
    BOOST_TEST(sessions.open_by_link(second).has_value());
}

BOOST_AUTO_TEST_CASE(a_session_is_ended_by_its_id)
{
    const auto opened = open(juliet());
    const std::string id = opened.session->id;
    BOOST_TEST(sessions.end(id));
    BOOST_TEST(sessions.find(opened.secret) == nullptr);
    BOOST_TEST(!sessions.end(id));
}

BOOST_AUTO_TEST_CASE(ending_a_session_ends_the_links_of_whose_it_was)
{
    const std::string id = open(juliet()).session->id;
    const std::string link = token_in(sessions.make_link(juliet()));
    const std::string of_root = token_in(sessions.make_link(Actor::local("root")));
    BOOST_TEST(sessions.end(id));
    BOOST_TEST(!sessions.open_by_link(link).has_value());
    BOOST_TEST(sessions.open_by_link(of_root).has_value());
}

BOOST_AUTO_TEST_CASE(logging_out_ends_that_session_and_no_link)
{
    const auto opened = open(juliet());
    const std::string other = open(juliet()).secret;
    const std::string link = token_in(sessions.make_link(juliet()));
    sessions.log_out(std::string(opened.session->id));
    BOOST_TEST(sessions.find(opened.secret) == nullptr);
    BOOST_TEST(sessions.find(other) != nullptr);
    BOOST_TEST(sessions.open_by_link(link).has_value());
}

BOOST_AUTO_TEST_CASE(of_who_is_gone_nothing_stays_open_and_their_attempts_look_as_before)
{
    const std::string session = open(juliet()).secret;
    const std::string link = token_in(sessions.make_link(juliet()));
    const auto asked = sessions.attempt("juliet@capulet.lit", juliet()).value();
    const auto confirmed = sessions.attempt("juliet@capulet.lit", juliet()).value();
    sessions.answered(confirmed.token, true);
    const std::string of_root = open(Actor::local("root")).secret;
    sessions.end_those_of([](const Actor& actor) { return actor.address().has_value(); });
    sessions.answered(asked.token, true);
    BOOST_TEST(sessions.find(session) == nullptr);
    BOOST_TEST(!sessions.open_by_link(link).has_value());
    BOOST_TEST(sessions.waits(asked.token));
    BOOST_TEST(!sessions.open_by_attempt(asked.token).has_value());
    BOOST_TEST(!sessions.open_by_attempt(confirmed.token).has_value());
    BOOST_TEST(sessions.find(of_root) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_confirmed_attempt_opens_one_session)
{
    const auto attempt = sessions.attempt("juliet@capulet.lit", juliet()).value();
    BOOST_TEST(attempt.code.size() == 7U);
    BOOST_TEST(sessions.waits(attempt.token));
    BOOST_TEST(!sessions.open_by_attempt(attempt.token).has_value());
    sessions.answered(attempt.token, true);
    BOOST_TEST(!sessions.waits(attempt.token));
    BOOST_TEST(sessions.open_by_attempt(attempt.token)->session->actor.name() == "juliet@capulet.lit");
    BOOST_TEST(!sessions.open_by_attempt(attempt.token).has_value());
}

BOOST_AUTO_TEST_CASE(a_refused_attempt_opens_nothing_and_the_first_answer_counts)
{
    const auto attempt = sessions.attempt("juliet@capulet.lit", juliet()).value();
    sessions.answered(attempt.token, false);
    sessions.answered(attempt.token, true);
    BOOST_TEST(!sessions.waits(attempt.token));
    BOOST_TEST(!sessions.open_by_attempt(attempt.token).has_value());
}

BOOST_AUTO_TEST_CASE(an_attempt_of_who_may_not_log_in_looks_the_same_and_is_never_confirmed)
{
    const auto attempt = sessions.attempt("romeo@montague.lit", std::nullopt).value();
    BOOST_TEST(attempt.code.size() == 7U);
    sessions.answered(attempt.token, true);
    BOOST_TEST(sessions.waits(attempt.token));
    BOOST_TEST(!sessions.open_by_attempt(attempt.token).has_value());
    clock.advance(WebSessions::kLinkLife);
    BOOST_TEST(!sessions.waits(attempt.token));
}

BOOST_AUTO_TEST_CASE(attempts_are_bounded_for_each_address_and_in_all)
{
    for (std::size_t i = 0; i < WebSessions::kMaxForAddress; ++i) {
        BOOST_TEST(sessions.attempt("juliet@capulet.lit", juliet()).has_value());
    }
    BOOST_TEST(!sessions.attempt("juliet@capulet.lit", juliet()).has_value());
    for (std::size_t i = WebSessions::kMaxForAddress; i < WebSessions::kMaxAttempts; ++i) {
        BOOST_TEST(sessions.attempt(std::to_string(i) + "@montague.lit", std::nullopt).has_value());
    }
    BOOST_TEST(!sessions.attempt("nurse@capulet.lit", juliet()).has_value());
    clock.advance(WebSessions::kLinkLife);
    BOOST_TEST(sessions.attempt("juliet@capulet.lit", juliet()).has_value());
}

BOOST_AUTO_TEST_CASE(nothing_secret_comes_twice)
{
    std::set<std::string> secrets;
    for (int i = 0; i < 10; ++i) {
        const auto opened = open(juliet());
        secrets.insert({opened.secret, opened.session->csrf, opened.session->id});
    }
    BOOST_TEST(secrets.size() == 30U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
