#include "postgres_store.h"

#include <csignal>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "progress.h"

namespace usher::test
{

namespace
{

constexpr const char* kDiskSize = "128m";
/// Of the write-ahead log so much is kept at most, and so little in reserve: it needs room soon when the disk is full.
constexpr const char* kMaxLogSize = "16MB";
constexpr const char* kMinLogSize = "2MB";

}  // namespace

PostgresStore::Host::Host(const OwnMounts& mounts, bool is_standby)
    : server({.mount = [this, &mounts](
                           const std::filesystem::path& data) { disk.emplace(mounts, data, kDiskSize); },
              .is_standby = is_standby}),
      link(server.port())
{
}

PostgresStore::PostgresStore(const OwnMounts& mounts)
    : one_(mounts, false), other_(mounts, true), database_(one_.server.create_database())
{
    set("max_wal_size", kMaxLogSize);
    set("min_wal_size", kMinLogSize);
}

std::string PostgresStore::url() const
{
    return "postgresql://host=127.0.0.1,127.0.0.1 port=" + std::to_string(one_.link.port()) + "," +
           std::to_string(other_.link.port()) + " user=postgres dbname=" + database_ +
           " target_session_attrs=read-write";
}

void PostgresStore::set(const std::string& name, const std::optional<std::string>& value)
{
    const PrivatePostgres& server = primary_->server;
    server.execute("postgres",
                   value ? "ALTER SYSTEM SET " + name + " = '" + *value + "'" : "ALTER SYSTEM RESET " + name);
    server.execute("postgres", "SELECT pg_reload_conf()");
}

void PostgresStore::lock()
{
    lock_.reset(PQconnectdb(primary_->server.options(database_).c_str()));
    for (const char* sql : {"BEGIN", "LOCK TABLE journal IN EXCLUSIVE MODE"}) {
        const std::unique_ptr<PGresult, decltype(&PQclear)> done(PQexec(lock_.get(), sql), PQclear);
        if (PQresultStatus(done.get()) != PGRES_COMMAND_OK) {
            throw std::runtime_error(std::string(sql) + ": " + PQerrorMessage(lock_.get()));
        }
    }
}

void PostgresStore::release()
{
    lock_.reset();
}

void PostgresStore::make_room()
{
    primary_->disk->make_room();
    primary_->server.revive();
}

Store::Journal PostgresStore::journal()
{
    Journal journal;
    for (const std::string& row : primary_->server.execute(
             database_,
             "SELECT concat_ws(' ', user_address, contact_address, answer, reason, repeats, outcome) FROM "
             "journal")) {
        std::istringstream words(row);
        std::pair<std::string, std::string> pair;
        std::string answer;
        std::string reason;
        unsigned repeats = 0;
        std::string outcome;
        words >> pair.first >> pair.second >> answer >> reason >> repeats >> outcome;
        journal[pair].add(answer, reason, outcome, repeats);
    }
    return journal;
}

void PostgresStore::lose_packets()
{
    for (Host* host : {primary_, standby_}) {
        host->link.set_open(false);
        host->link.lose_packets();
    }
}

void PostgresStore::deliver_packets()
{
    for (Host* host : {primary_, standby_}) {
        host->link.deliver_packets();
        host->link.set_open(true);
    }
}

void PostgresStore::set_read_only(bool on)
{
    set("default_transaction_read_only", on ? std::optional<std::string>("on") : std::nullopt);
}

void PostgresStore::make_standby()
{
    standby_->server.follow(primary_->server);
    set("synchronous_standby_names", "*");
    Progress progress("a synchronous standby", 1);
    while (!progress.complete()) {
        progress.check();
        progress.reached(
            primary_->server
                .execute("postgres", "SELECT pid FROM pg_stat_replication WHERE sync_state = 'sync'")
                .size());
    }
    // What is said of it comes from the settings. Those who commit wait for it when the checkpointer has read them, too, which
    // it does before it does anything else.
    primary_->server.execute("postgres", "CHECKPOINT");
}

void PostgresStore::hold_standby() const
{
    // Its sender here. A standby that is stopped itself would find what has been sent when it goes on.
    const std::string sender =
        primary_->server.execute("postgres", "SELECT pid FROM pg_stat_replication").at(0);
    ::kill(std::stoi(sender), SIGSTOP);
}

void PostgresStore::fail_over()
{
    primary_->server.kill();
    standby_->server.promote();
    std::swap(primary_, standby_);
}

}  // namespace usher::test
