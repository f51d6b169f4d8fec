// The daemon's store on PostgreSQL, behind a network of its own.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>

#include "link.h"
#include "private_postgres.h"
#include "store.h"

namespace usher::test
{

/// Two hosts, of which one runs; each failover changes which. Root's only: PostgreSQL is another user.
class PostgresStore : public Store
{
  public:
    /// `mounts` must outlive the object.
    explicit PostgresStore(const OwnMounts& mounts);

    [[nodiscard]] std::string url() const override;

    void lock() override;
    void release() override;
    void fill_disk() override { primary_->disk->fill(); }
    /// A server that found no place for its log has ended; then it is started again.
    void make_room() override;
    [[nodiscard]] Journal journal() override;

    void kill() { primary_->server.kill(); }
    void stop() { primary_->server.stop(); }
    void start() { primary_->server.start(); }
    void pause() { primary_->server.pause(); }
    void resume() { primary_->server.resume(); }
    /// All packets are lost, those of new connections too, and nobody is told.
    void lose_packets();
    void deliver_packets();
    void set_read_only(bool on);

    /// The other becomes a synchronous standby: from then on it has what is committed.
    void make_standby();
    /// The standby gets nothing any more: what is committed from then on is lost with the one that runs, unless the commit
    /// waits for the standby.
    void hold_standby() const;
    /// The one that runs is killed, and its standby takes its place, with what it has got.
    void fail_over();

  private:
    struct Host {
        Host(const OwnMounts& mounts, bool is_standby);

        std::optional<SmallDisk> disk;
        PrivatePostgres server;
        Link link;
    };
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };

    /// Changes a setting of the server that runs, or gives it its default again.
    void set(const std::string& name, const std::optional<std::string>& value);

    Host one_;
    Host other_;
    Host* primary_ = &one_;
    Host* standby_ = &other_;
    std::string database_;
    std::unique_ptr<PGconn, Finish> lock_;  // that holds it
};

}  // namespace usher::test
