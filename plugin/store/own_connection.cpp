#include "plugin/store/own_connection.h"

#include <event2/event.h>

#include <optional>
#include <utility>

namespace usher
{

void OwnConnection::FreeLoop::operator()(event_base* loop) const
{
    event_base_free(loop);
}

tl::expected<OwnConnection, std::string> OwnConnection::open(const std::string& store_url)
{
    OwnConnection connection;
    connection.loop_.reset(event_base_new());
    auto database = Database::open(store_url, connection.loop_.get(), Database::Access::read);
    if (!database) {
        return tl::unexpected(std::move(database.error()));
    }
    connection.database_ = *std::move(database);
    return connection;
}

tl::expected<StepRows, std::string> OwnConnection::read(Statement statement)
{
    std::optional<tl::expected<StepRows, std::string>> given;
    database_->run({.statements = {std::move(statement)}}, [&given](auto rows) { given = std::move(rows); });
    wait_until([&given] { return given.has_value(); });
    return *std::move(given);
}

void OwnConnection::turn()
{
    event_base_loop(loop_.get(), EVLOOP_ONCE);
}

}  // namespace usher
