#include "plugin/store/lost_records.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "plugin/store/journal.h"
#include "plugin/store/stored_value.h"
#include "plugin/text/timestamp.h"

namespace usher
{

LostRecords::LostRecords(Database& database, std::string file) : database_(database), file_(std::move(file))
{
    if (std::ifstream in(file_); in >> written_) {
        newest_ = written_;
    } else {
        written_ = 0;
    }
}

Statement LostRecords::query()
{
    return {"SELECT newest FROM lost_records WHERE place = 0"};
}

void LostRecords::look(StoreCallback<void> then)
{
    Statement statement{
        "SELECT (SELECT COUNT(*) FROM journal WHERE id = $1), "
        "COALESCE((SELECT MAX(id) FROM journal WHERE id < $1), 0), "
        "COALESCE((SELECT MAX(id) FROM journal), 0), "
        "COALESCE((SELECT newest FROM lost_records WHERE place = 0), 0)",
        {newest_}};
    database_.run(
        {.kind = Transaction::Kind::read, .statements = {std::move(statement)}},
        callbacks_.bind([this, was = newest_,
                         then = std::move(then)](const tl::expected<StepRows, std::string>& given) {
            if (!given) {
                return then(tl::unexpected(given.error()));
            }
            const auto& row = given->front().rows.at(0);
            const std::int64_t older = number(row.at(1));
            const std::int64_t newest = number(row.at(2));
            if (!std::exchange(looked_, true) && was == 0 && newest != 0 && !file_.empty()) {
                spdlog::info(
                    "{} does not say which record is the newest: if the store was restored from a backup just now, that is "
                    "not noticed",
                    file_);
            }
            // The oldest ones expire first: where there is an older one, this one has not.
            const bool lost = was != 0 && number(row.at(0)) == 0 && older > number(row.at(3));
            if (!lost) {
                newest_ = newest;
                return then({});
            }
            spdlog::warn(
                "the store has lost records (was it restored from a backup?): the newest from before is of {}, but there "
                "was one of {}. Approvals by policy up to then are never revoked any more, because users may have approved "
                "the same contacts themselves in the time that is lost. Nothing has to be done",
                utc_minutes(decision_time(older)), utc_minutes(decision_time(was)));
            database_.run(
                {.kind = Transaction::Kind::durable,
                 .statements =
                     {{"INSERT INTO lost_records (place, newest) VALUES (0, $1) ON CONFLICT (place) DO "
                       "UPDATE SET newest = excluded.newest",
                       {older}}}},
                callbacks_.bind([this, newest, then](const tl::expected<StepRows, std::string>& stored) {
                    if (!stored) {
                        return then(tl::unexpected(stored.error()));
                    }
                    newest_ = newest;
                    then({});
                }));
        }));
}

void LostRecords::remember()
{
    look([this, before = newest_](const tl::expected<void, std::string>& looked) {
        if (looked) {  // else it is tried again, and said by who watches the store
            write(std::min(before, newest_));
        }
    });
}

void LostRecords::end()
{
    look([this](const tl::expected<void, std::string>& looked) {
        if (looked) {
            write(newest_);
        }
    });
}

void LostRecords::write(std::int64_t newest)
{
    if (file_.empty() || newest == 0 || newest == written_) {
        return;
    }
    const std::string made = file_ + ".new";
    std::ofstream out(made, std::ios::trunc);
    out << newest << "\n";
    out.close();
    if (out && std::rename(made.c_str(), file_.c_str()) == 0) {
        written_ = newest;
        file_failed_ = false;
    } else if (!std::exchange(file_failed_, true)) {
        spdlog::warn(
            "{} cannot be written ({}): if the store is restored from a backup later, usherd may not notice it",
            made, std::strerror(errno));
    }
}

}  // namespace usher
