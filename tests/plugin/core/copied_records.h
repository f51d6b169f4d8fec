// Many records in the journal, quicker than by recording each.
#pragma once

#include <cstdint>
#include <string>

#include <boost/test/unit_test.hpp>

#include "store_now.h"

namespace usher::test
{

/// As many copies of the record, each a little older than the one before it, of the contacts `c1@capulet.lit`, `c2@...`.
inline void copy_record(Database& database, std::int64_t id, std::int64_t count)
{
    const std::string before = "at, source, organization, user_address, ";
    const std::string after =
        ", item_subscription, item_ask, recent_from_contact, recent_from_domain, recent_to_user, recent_complete, "
        "chosen_option, answer, reason, rule, generation";
    BOOST_REQUIRE(
        run_now(database,
                {{"INSERT INTO journal (id, " + before + "contact_address" + after +
                      ") WITH RECURSIVE copy(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM copy WHERE i < $1) "
                      "SELECT id - i, " +
                      before + "'c' || i || '@capulet.lit'" + after + " FROM journal, copy WHERE id = $2",
                  {count, id}}})
            .has_value());
}

}  // namespace usher::test
