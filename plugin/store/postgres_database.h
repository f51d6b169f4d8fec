// PostgreSQL, one store for several processes. It is asked by libpq on the event loop, which is never held.
//
// Each queue has a connection of its own, that is made again whenever it is lost.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "plugin/store/database.h"
#include "plugin/store/pg_queue.h"

struct event;
struct event_base;

namespace usher
{

class PostgresDatabase : public Database
{
  public:
    /// What requests wait for has this time: no longer than a held one would notice.
    static constexpr std::chrono::milliseconds kRequestTime{400};

    /// `options` are libpq's, `KEY=VALUE ...`, without a password. `loop` must outlive the object. Tests that are about
    /// something else give more time to requests.
    [[nodiscard]] static tl::expected<std::unique_ptr<Database>, std::string> open(
        const std::string& options, event_base* loop, Access access,
        std::chrono::milliseconds request_time = kRequestTime);
    ~PostgresDatabase() override;

    void run(Transaction transaction, StoreCallback<StepRows> then) override;
    [[nodiscard]] bool in_place() override;
    [[nodiscard]] bool unfit() const override { return requests_.unfit() || other_.unfit(); }
    [[nodiscard]] Dialect dialect() const override { return Dialect::postgresql; }
    /// Nobody's while there is no connection.
    [[nodiscard]] RecordNumbers record_numbers() const override { return requests_.numbers(); }

  private:
    struct FreeEvent {
        void operator()(event* one) const;
    };

    PostgresDatabase(const std::string& options, event_base* loop, Access access,
                     std::chrono::milliseconds request_time);

    void over(Transaction::Kind kind, PgQueue::Result result, StoreCallback<StepRows> then);
    void call_all();

    std::deque<std::function<void()>> calls_;  // to be made when nobody is in the middle of anything
    std::unique_ptr<event, FreeEvent> call_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    PgQueue requests_;
    PgQueue other_;
};

}  // namespace usher
