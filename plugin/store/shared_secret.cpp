#include "plugin/store/shared_secret.h"

#include <utility>

#include "integration/base/random_token.h"
#include "plugin/store/stored_value.h"

namespace usher
{

void read_shared_secret(Database& database, StoreCallback<std::string> then)
{
    // Of two that begin at once, one waits here for the other, and then finds what that one has made.
    database.run(
        {.kind = Transaction::Kind::durable,
         .statements =
             {{"INSERT INTO shared_secret (place, secret) VALUES (0, $1) ON CONFLICT (place) DO NOTHING",
               {random_token() + random_token()}},
              {"SELECT secret FROM shared_secret WHERE place = 0"}}},
        converted<std::string>(std::move(then),
                               [](const StepRows& given) { return text(given.at(1).rows.at(0).at(0)); }));
}

}  // namespace usher
