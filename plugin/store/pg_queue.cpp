#include "plugin/store/pg_queue.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "plugin/store/stored_value.h"

namespace usher
{

namespace
{

constexpr const char* kOtherConnection = "the connection to PostgreSQL was lost since the decision";

// A condition is noted in a setting that lasts as long as the transaction. So all of it is one round trip, and where the
// condition is not true, that is no error in the log of the server.

Statement noted(const Statement& condition)
{
    return {"SELECT set_config('usher.condition', CASE WHEN " + condition.sql +
                " THEN 'true' ELSE 'false' END, true)",
            condition.values};
}
constexpr const char* kIfNoted = " AND current_setting('usher.condition') = 'true'";

bool was_noted(const Rows& rows)
{
    return text(rows.rows.at(0).at(0)) == "true";
}

/// As text for people: "400 ms", "10 s".
std::string to_string(std::chrono::milliseconds time)
{
    return time.count() % 1'000 == 0 ? std::to_string(time.count() / 1'000) + " s"
                                     : std::to_string(time.count()) + " ms";
}

}  // namespace

PgQueue::PgQueue(event_base* loop, std::string options, Limits limits, PgSession::Needs needs, Done done)
    : limits_(limits),
      done_(std::move(done)),
      clock_(loop),
      session_(loop, std::move(options), std::move(needs),
               {.ready = [this] { ready(); }, .lost = [this](const std::string& why) { lost(why); }})
{
}

void PgQueue::run(Transaction transaction, StoreCallback<StepRows> then)
{
    if (!unreachable_.empty()) {
        done_(transaction.kind, tl::unexpected(unreachable_), std::move(then));
        return;
    }
    const bool first = sent_.empty() && waiting_.empty();
    waiting_.push_back({std::move(transaction), std::move(then), clock_.now()});
    send_waiting();
    if (first) {
        watch_oldest();
    }
}

// ---- the connection

void PgQueue::ready()
{
    ready_ = true;
    unreachable_.clear();
    send_waiting();
    watch_oldest();
}

void PgQueue::lost(const std::string& why)
{
    // A connection that was there may be there again at once: what has not been sent waits for that. One that could not be
    // made is known not to be there.
    if (!std::exchange(ready_, false)) {
        unreachable_ = why;
        finish_all(std::exchange(waiting_, {}), why);
    }
    in_steps_ = false;
    finish_all(std::exchange(sent_, {}), why);
    watch_oldest();
}

// ---- transactions

void PgQueue::send_waiting()
{
    while (ready_ && !in_steps_ && !waiting_.empty()) {
        Running next = std::move(waiting_.front());
        waiting_.pop_front();
        const auto& ids = next.transaction.new_ids;
        if (std::all_of(ids.begin(), ids.end(),
                        [numbers = session_.numbers()](std::int64_t id) { return numbers.own(id); })) {
            sent_.push_back(std::move(next));
            send(sent_.back());
        } else {
            done_(next.transaction.kind, tl::unexpected<std::string>(kOtherConnection), std::move(next.then));
        }
    }
}

void PgQueue::send(Running& one)
{
    Transaction& transaction = one.transaction;
    std::vector<Statement> statements;
    in_steps_ = static_cast<bool>(transaction.next);
    if (in_steps_) {
        statements.push_back(transaction.kind == Transaction::Kind::read
                                 ? Statement{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
                                 : Statement{"BEGIN"});
    }
    if (transaction.kind == Transaction::Kind::durable && session_.commits_early()) {
        statements.push_back({"SELECT set_config('synchronous_commit', 'on', true)"});  // until its end
    }
    if (transaction.condition) {
        statements.push_back(noted(*transaction.condition));
        for (Statement& statement : transaction.statements) {
            statement.sql += kIfNoted;
        }
    }
    one.leading = statements.size();
    statements.insert(statements.end(), std::make_move_iterator(transaction.statements.begin()),
                      std::make_move_iterator(transaction.statements.end()));
    session_.connection().send(statements, [this](Result result) { stepped(std::move(result)); });
}

void PgQueue::stepped(Result result)
{
    Running& one = sent_.front();
    if (!result) {
        if (one.transaction.next && !one.result) {
            roll_back(result.error());
        } else {
            finish(tl::unexpected(result.error()));
        }
        return;
    }
    if (one.result) {
        finish(*std::move(one.result));
        return;
    }
    if (one.transaction.condition && !was_noted(result->at(one.leading - 1))) {
        finish(StepRows());
        return;
    }
    result->erase(result->begin(), result->begin() + static_cast<std::ptrdiff_t>(one.leading));
    one.leading = 0;
    if (one.transaction.next) {
        take_next_step(*std::move(result));
    } else {
        finish(std::move(result));
    }
}

void PgQueue::take_next_step(StepRows rows)
{
    Running& one = sent_.front();
    std::vector<Statement> statements;
    try {
        statements = one.transaction.next(rows);
    } catch (const std::exception& error) {
        roll_back(error.what());
        return;
    }
    if (statements.empty()) {
        one.result = std::move(rows);
        in_steps_ = false;
        statements.push_back({"COMMIT"});
    }
    session_.connection().send(statements, [this](Result result) { stepped(std::move(result)); });
    send_waiting();
    watch_oldest();
}

void PgQueue::roll_back(const std::string& why)
{
    in_steps_ = false;
    session_.connection().send({{"ROLLBACK"}}, [](const Result&) {});
    send_waiting();
    finish(tl::unexpected(why));
}

void PgQueue::finish(Result result)
{
    Running over = std::move(sent_.front());
    sent_.pop_front();
    watch_oldest();
    done_(over.transaction.kind, std::move(result), std::move(over.then));
}

void PgQueue::finish_all(std::deque<Running> all, const std::string& why)
{
    for (Running& one : all) {
        done_(one.transaction.kind, tl::unexpected(why), std::move(one.then));
    }
}

// ---- time

void PgQueue::watch_oldest()
{
    if (sent_.empty() && waiting_.empty()) {
        timer_.reset();
        return;
    }
    const Running& oldest = sent_.empty() ? waiting_.front() : sent_.front();
    const Clock::Time since = limits_.in_all ? oldest.given : clock_.now();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(since + limits_.time - clock_.now());
    timer_ = clock_.after(std::max(left, std::chrono::milliseconds(0)), [this] { expired(); });
}

void PgQueue::expired()
{
    const std::string why = "PostgreSQL has not answered within " + to_string(limits_.time);
    if (ready_) {
        // Another connection would hang as well, so nobody is to wait for it.
        ready_ = false;
        session_.connection().drop(why);
        return;
    }
    // There is no connection yet. Others have more time left.
    Running late = std::move(waiting_.front());
    waiting_.pop_front();
    watch_oldest();
    done_(late.transaction.kind, tl::unexpected(why), std::move(late.then));
}

}  // namespace usher
