// What is done for one account: by what its server says, what the store remembers, and what its organisation wants.
#include "plugin/archive/archive_step.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <ostream>
#include <string>

namespace usher
{

namespace
{

using namespace std::chrono_literals;
using enum Archiving;

constexpr std::chrono::system_clock::time_point kNow{1'795'428'000s};

struct Is {
    std::optional<Archiving> preference = {};
    bool locked = false;
};

/// Nothing in the store, or what usherd has set, is setting, and has locked.
struct Stored {
    std::optional<Archiving> set = {};
    std::optional<Archiving> setting = {};
    bool locked = false;
    std::chrono::minutes age{60};
};
using Record = std::optional<Stored>;

struct Case {
    const char* name;
    Is is;
    Record record;
    ArchiveWish wish;
    ArchiveStep step;
};
std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.name;
}

const ArchiveStep kNothing{ArchiveState::set};
const ArchiveStep kOwn{ArchiveState::own};
const ArchiveStep kOwnNow{ArchiveState::own, std::nullopt, true};

ArchiveStep order(Archiving preference, bool lock = false)
{
    return {ArchiveState::waiting, ArchiveOrder{preference, lock}};
}
ArchiveStep known(Archiving preference, bool lock = false)
{
    return {ArchiveState::set, ArchiveOrder{preference, lock, true}};
}

const ArchiveWish kNever{never, false};
const ArchiveWish kNeverLocked{never, true};
const ArchiveWish kServer{};

const Case kCases[] = {
    // Without a lock
    {"whoever_has_no_preference_is_given_one", {}, {}, kNever, order(never)},
    {"who_had_one_before_keeps_it", {always}, {}, kNever, kOwn},
    {"who_had_the_same_before_keeps_it_as_their_own", {never}, {}, kNever, kOwn},
    {"who_has_changed_it_to_the_same_keeps_it_as_their_own", {never}, Stored{always}, kNever, kOwnNow},
    {"who_has_it_from_usherd_is_left_alone", {never}, Stored{never}, kNever, kNothing},
    {"who_has_changed_it_keeps_it", {always}, Stored{never}, kNever, kOwnNow},
    {"who_has_changed_it_while_somebody_may_be_setting_is_looked_at_later",
     {always},
     Stored{never, {}, false, 1min},
     kNever,
     kOwn},
    {"another_default_is_set_anew_for_whom_usherd_has_set_it",
     {always},
     Stored{always},
     kNever,
     order(never)},
    {"and_not_for_who_has_changed_it", {roster}, Stored{always}, kNever, kOwnNow},
    {"what_was_taken_away_is_set_again", {}, Stored{never}, kNever, order(never)},
    // What a crash, or another process, leaves behind
    {"set_but_the_store_does_not_know", {never}, Stored{{}, never}, kNever, known(never)},
    {"set_anew_but_the_store_does_not_know", {never}, Stored{always, never}, kNever, known(never)},
    {"about_to_be_set_and_not_yet", {always}, Stored{always, never}, kNever, order(never)},
    {"about_to_be_set_for_the_first_time", {}, Stored{{}, never}, kNever, order(never)},
    {"about_to_be_set_and_changed_by_the_user", {roster}, Stored{always, never}, kNever, kOwnNow},
    // With a lock
    {"with_a_lock_it_is_set_for_who_has_none", {}, {}, kNeverLocked, order(never, true)},
    {"with_a_lock_for_who_had_one", {always}, {}, kNeverLocked, order(never, true)},
    {"with_a_lock_for_who_has_changed_it", {always}, Stored{never}, kNeverLocked, order(never, true)},
    {"with_a_lock_for_who_has_it_without", {never}, Stored{never}, kNeverLocked, order(never, true)},
    {"who_is_locked_is_left_alone", {never, true}, Stored{never, {}, true}, kNeverLocked, kNothing},
    {"who_is_locked_by_others_is_locked_by_us_too", {never, true}, {}, kNeverLocked, order(never, true)},
    {"another_default_with_a_lock",
     {always, true},
     Stored{always, {}, true},
     kNeverLocked,
     order(never, true)},
    // A lock that is not wanted any more
    {"a_lock_of_ours_is_taken_away", {never, true}, Stored{never, {}, true}, kNever, order(never)},
    {"a_lock_of_ours_that_is_gone", {never}, Stored{never, {}, true}, kNever, known(never)},
    {"a_lock_of_others_is_not", {never, true}, {}, kNever, kOwn},
    {"nor_where_they_locked_what_we_set", {never, true}, Stored{never}, {always, false}, kOwnNow},
    // Back to the server's
    {"nothing_is_done_for_the_server_default", {}, {}, kServer, kOwn},
    {"nor_for_who_has_it_from_usherd", {never}, Stored{never}, kServer, kOwn},
    {"a_lock_goes_and_the_preference_stays", {always, true}, Stored{never, {}, true}, kServer, order(always)},
    {"a_lock_goes_also_where_the_preference_cannot_be_read",
     {{}, true},
     Stored{never, {}, true},
     kServer,
     order(never)},
    {"and_is_not_forgotten_where_it_is_not_known_what_was_set",
     {{}, true},
     Stored{{}, {}, true},
     kServer,
     {ArchiveState::unknown}},
    {"a_lock_that_has_gone_with_the_preference_is_forgotten", {}, Stored{never, {}, true}, kServer, kOwnNow},
    {"a_lock_that_has_gone_is_remembered_so",
     {never},
     Stored{never, {}, true},
     kServer,
     {ArchiveState::waiting, ArchiveOrder{never, false, true}}},
    {"a_lock_of_others_stays", {never, true}, {}, kServer, kOwn},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(archive_step)

BOOST_DATA_TEST_CASE(what_is_done, boost::unit_test::data::make(kCases), c)
{
    const ArchivePreference is{Address::prepare("juliet@capulet.lit").value(), c.is.preference, c.is.locked};
    std::optional<ArchiveRecord> record;
    if (c.record) {
        record = {c.record->set, c.record->setting, c.record->locked, kNow - c.record->age};
    }
    const ArchiveStep step = next_archive_step(is, record ? &*record : nullptr, c.wish, kNow);
    BOOST_TEST((step.state == c.step.state));
    BOOST_TEST((step.order == c.step.order));
    BOOST_TEST(step.forget == c.step.forget);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
