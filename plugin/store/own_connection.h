// A connection to the store of one's own, on a thread that may wait for it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/store/database.h"

struct event_base;

namespace usher
{

/// Only looks, as the store is.
class OwnConnection
{
  public:
    /// The error is for people.
    [[nodiscard]] static tl::expected<OwnConnection, std::string> open(const std::string& store_url);

    [[nodiscard]] Database& database() { return *database_; }
    /// Waits until what was begun with the database is `done()`.
    template <typename Done>
    void wait_until(Done done)
    {
        while (!done()) {
            turn();
        }
    }
    [[nodiscard]] tl::expected<StepRows, std::string> read(Statement statement);

  private:
    struct FreeLoop {
        void operator()(event_base* loop) const;
    };

    OwnConnection() = default;
    void turn();

    std::unique_ptr<event_base, FreeLoop> loop_;
    std::unique_ptr<Database> database_;
};

}  // namespace usher
