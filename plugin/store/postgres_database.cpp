#include "plugin/store/postgres_database.h"

#include <event2/event.h>

#include <new>
#include <utility>

namespace usher
{

namespace
{

/// A held request is left to its user soon after.
constexpr std::chrono::milliseconds kOtherTime{10'000};

}  // namespace

void PostgresDatabase::FreeEvent::operator()(event* one) const
{
    event_free(one);
}

tl::expected<std::unique_ptr<Database>, std::string> PostgresDatabase::open(
    const std::string& options, event_base* loop, Access access, std::chrono::milliseconds request_time)
{
    return std::unique_ptr<Database>(new PostgresDatabase(options, loop, access, request_time));
}

PostgresDatabase::PostgresDatabase(const std::string& options, event_base* loop, Access access,
                                   std::chrono::milliseconds request_time)
    : call_(event_new(
          loop, -1, 0,
          [](evutil_socket_t, short, void* self) noexcept {
              static_cast<PostgresDatabase*>(self)->call_all();
          },
          this)),
      requests_(
          loop, options, {.time = request_time, .in_all = true},
          {.access = access,
           .statement = request_time,
           .purpose = "requests",
           .numbers = access == Access::write},
          [this](auto kind, auto result, auto then) { over(kind, std::move(result), std::move(then)); }),
      other_(loop, options, {.time = kOtherTime},
             {.access = access,
              .statement = kOtherTime,
              .purpose = "all but requests",
              .all_numbers = access == Access::alone},
             [this](auto kind, auto result, auto then) { over(kind, std::move(result), std::move(then)); })
{
    if (!call_) {
        throw std::bad_alloc();
    }
}

PostgresDatabase::~PostgresDatabase() = default;

void PostgresDatabase::run(Transaction transaction, StoreCallback<StepRows> then)
{
    PgQueue& queue = transaction.queue == Transaction::Queue::requests ? requests_ : other_;
    queue.run(std::move(transaction), std::move(then));
}

bool PostgresDatabase::in_place()
{
    for (const PgQueue* queue : {&requests_, &other_}) {
        if (!queue->unreachable().empty()) {
            last_write_error_ = queue->unreachable();
            return false;
        }
    }
    return true;
}

void PostgresDatabase::over(Transaction::Kind kind, PgQueue::Result result, StoreCallback<StepRows> then)
{
    calls_.emplace_back([this, kind, result = std::move(result), then = std::move(then)]() mutable {
        if (kind != Transaction::Kind::read) {
            last_write_error_ = result ? std::string() : result.error();
        }
        then(std::move(result));
    });
    event_active(call_.get(), EV_TIMEOUT, 0);
}

void PostgresDatabase::call_all()
{
    // A call may destroy this object. Those that follow are then forgotten.
    const std::weak_ptr<bool> alive = alive_;
    for (auto calls = std::exchange(calls_, {}); !calls.empty() && !alive.expired(); calls.pop_front()) {
        calls.front()();
    }
}

}  // namespace usher
