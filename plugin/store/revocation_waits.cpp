#include "plugin/store/revocation_waits.h"

#include <sstream>
#include <stdexcept>
#include <utility>

#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

/// `RECORD DUE`, a line for each.
std::string text_of(const std::vector<RevocationWaits::Wait>& waits)
{
    std::string text;
    for (const auto& [record, due] : waits) {
        text += std::to_string(record) + " " + std::to_string(since_1970(due)) + "\n";
    }
    return text;
}

std::vector<RevocationWaits::Wait> waits_in(const std::string& text)
{
    std::vector<RevocationWaits::Wait> waits;
    std::istringstream lines(text);
    std::int64_t due = 0;
    for (std::int64_t record = 0; lines >> record >> due;) {
        waits.push_back({record, time_since_1970(due)});
    }
    if (text_of(waits) != text) {
        throw std::runtime_error("the store has something else where waiting revocations belong");
    }
    return waits;
}

std::optional<RevocationWaits> stored_in(const Rows& rows)
{
    const auto& row = rows.rows.at(0);
    if (number(row.at(0)) == 0) {  // it was made a moment ago
        return std::nullopt;
    }
    return RevocationWaits{time_since_1970(number(row.at(0))), time_since_1970(number(row.at(1))),
                           waits_in(text(row.at(2)))};
}

}  // namespace

void StoredRevocationWaits::ends(
    StoreCallback<std::map<std::string, std::chrono::system_clock::time_point>> then)
{
    using Ends = std::map<std::string, std::chrono::system_clock::time_point>;
    database_.run({.kind = Transaction::Kind::read,
                   .statements = {{"SELECT organization, ends_until FROM revocation_wait"}}},
                  converted<Ends>(std::move(then), [](const StepRows& given) {
                      Ends ends;
                      for (const auto& row : given.at(0).rows) {
                          ends.emplace(text(row.at(0)), time_since_1970(number(row.at(1))));
                      }
                      return ends;
                  }));
}

void StoredRevocationWaits::change(const std::string& organization, Change change, StoreCallback<void> then)
{
    // The first statement locks the row: another process waits there until this transaction is committed.
    database_.run(
        {.kind = Transaction::Kind::durable,
         .statements =
             {{"INSERT INTO revocation_wait (organization, looked_at, ends_until, waits) VALUES ($1, 0, 0, '') "
               "ON CONFLICT (organization) DO UPDATE SET looked_at = revocation_wait.looked_at",
               {organization}},
              {"SELECT looked_at, ends_until, waits FROM revocation_wait WHERE organization = $1",
               {organization}}},
         .next = [organization, change = std::move(change)](const StepRows& given) -> std::vector<Statement> {
             if (given.size() == 1) {  // it is changed
                 return {};
             }
             const RevocationWaits made = change(stored_in(given.at(1)));
             return {
                 {"UPDATE revocation_wait SET looked_at = $2, ends_until = $3, waits = $4 WHERE organization = $1",
                  {organization, since_1970(made.looked_at), since_1970(made.ends_until),
                   text_of(made.waits)}}};
         }},
        converted<void>(std::move(then), [](const StepRows&) {}));
}

void StoredRevocationWaits::forget(const std::string& organization, StoreCallback<void> then)
{
    database_.run({.kind = Transaction::Kind::durable,
                   .statements = {{"DELETE FROM revocation_wait WHERE organization = $1", {organization}}}},
                  converted<void>(std::move(then), [](const StepRows&) {}));
}

}  // namespace usher
