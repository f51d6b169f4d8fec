#include "plugin/store/lost_records.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <utility>

#include "plugin/store/journal.h"
#include "plugin/text/timestamp.h"

namespace usher
{

LostRecords::LostRecords(Database& database, std::string file) : database_(database), file_(std::move(file))
{
    if (std::ifstream in(file_); in >> remembered_) {
        newest_ = remembered_;
    } else {
        remembered_ = 0;
    }
}

Statement LostRecords::query()
{
    return {"SELECT newest FROM lost_records WHERE place = 0"};
}

void LostRecords::compare()
{
    // Without any records there are no approvals that could be doubted: they may also have expired.
    const RecordNumbers numbers = database_.record_numbers();
    if (numbers != numbers_ && numbers.newest != 0 && numbers.newest < newest_) {
        before_loss_ = std::max(before_loss_, newest_);
        spdlog::warn(
            "the store has lost records: the newest one is of {}, and there was one of {}. Approvals by policy from before "
            "are not revoked any more, since nobody knows what happened to them meanwhile",
            utc_minutes(decision_time(numbers.newest)), utc_minutes(decision_time(newest_)));
    }
    numbers_ = numbers;
}

void LostRecords::look(StoreCallback<void> then)
{
    // By the way that records are written: what it is connected to is what they are compared with.
    database_.run(
        {.kind = Transaction::Kind::read, .queue = Transaction::Queue::requests, .statements = {query()}},
        callbacks_.bind([this, then = std::move(then)](const tl::expected<StepRows, std::string>& given) {
            if (!given) {
                return then(tl::unexpected(given.error()));
            }
            compare();
            if (before_loss_ == 0) {
                return then({});
            }
            database_.run(
                {.kind = Transaction::Kind::durable,
                 .queue = Transaction::Queue::requests,
                 .statements =
                     {{"INSERT INTO lost_records (place, newest) VALUES (0, $1) ON CONFLICT (place) DO UPDATE SET "
                       "newest = CASE WHEN lost_records.newest > excluded.newest THEN lost_records.newest ELSE "
                       "excluded.newest END",
                       {before_loss_}}}},
                callbacks_.bind(
                    [this, said = before_loss_, then](const tl::expected<StepRows, std::string>& stored) {
                        if (!stored) {
                            return then(tl::unexpected(stored.error()));
                        }
                        before_loss_ = before_loss_ == said ? 0 : before_loss_;
                        then({});
                    }));
        }));
}

void LostRecords::recorded(std::int64_t id)
{
    compare();
    newest_ = std::max(newest_, id);
}

void LostRecords::remember()
{
    if (file_.empty() || newest_ == remembered_) {
        return;
    }
    const std::string made = file_ + ".new";
    std::ofstream out(made, std::ios::trunc);
    out << newest_ << "\n";
    out.close();
    if (out && std::rename(made.c_str(), file_.c_str()) == 0) {
        remembered_ = newest_;
        file_failed_ = false;
    } else if (!std::exchange(file_failed_, true)) {
        spdlog::warn("{} cannot be written: if the store is restored from a backup, usherd may not notice it",
                     file_);
    }
}

}  // namespace usher
