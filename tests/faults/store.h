// The daemon's store and its clock, as others can spoil them.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "temporary_directory.h"

namespace usher::test
{

/// From here on what this process and its children mount is theirs alone, and gone with them. That takes root
/// or user namespaces; without either the constructor throws. To be made before any thread is.
class OwnMounts
{
  public:
    OwnMounts();

    void memory_at(const std::filesystem::path& folder, const std::string& size) const;
};

/// A file system of its own, so that nothing but the store suffers when it is full. A limit on the size of files would not
/// need one, but give EFBIG, which no full disk gives.
class SmallDisk
{
  public:
    /// At a folder that is there.
    SmallDisk(const OwnMounts& mounts, std::filesystem::path path, const std::string& size);
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk();

    void fill() const;
    void make_room() const;

  private:
    std::filesystem::path path_;
};

/// The daemon's store, seen and spoilt by another process than the daemon.
class Store
{
  public:
    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    /// As the daemon's settings have it.
    [[nodiscard]] virtual std::string url() const = 0;

    /// No decision can be recorded until release().
    virtual void lock() = 0;
    virtual void release() = 0;

    virtual void fill_disk() = 0;
    virtual void make_room() = 0;

    /// How many records each pair (user, contact) has of each answer, and of revocations.
    struct Records {
        unsigned approve = 0;
        unsigned deny = 0;
        unsigned leave = 0;
        unsigned revoke = 0;   ///< asked for, and not refused by the server
        unsigned revoked = 0;  ///< of those: confirmed by it

        [[nodiscard]] unsigned verdicts() const { return approve + deny; }
        /// A record as it is in the journal, and how often it was repeated.
        void add(std::string_view answer, std::string_view reason, std::string_view outcome,
                 unsigned repeats);
    };
    using Journal = std::map<std::pair<std::string, std::string>, Records>;
    [[nodiscard]] virtual Journal journal() = 0;
};

class SqliteStore : public Store
{
  public:
    explicit SqliteStore(const OwnMounts& mounts) : disk_(mounts, directory_.path(), "64m") {}

    [[nodiscard]] std::string url() const override { return "sqlite3://" + file().string(); }
    void lock() override { execute("BEGIN IMMEDIATE"); }
    void release() override { execute("ROLLBACK"); }
    void fill_disk() override { disk_.fill(); }
    void make_room() override { disk_.make_room(); }
    [[nodiscard]] Journal journal() override;

  private:
    struct Close {
        void operator()(sqlite3* database) const { sqlite3_close(database); }
    };

    [[nodiscard]] std::filesystem::path file() const { return directory_.path() / "usher.db"; }
    void execute(const char* sql);
    void open();

    TemporaryDirectory directory_;
    SmallDisk disk_;
    std::unique_ptr<sqlite3, Close> database_;
};

/// The daemon's wall clock (libfaketime); timers run on. Not for a daemon under the sanitizers, which want to
/// be the first library that is loaded.
class WallClock
{
  public:
    /// Whether the daemon can be told the time.
    [[nodiscard]] static bool can_be_set();

    /// Whom libfaketime served and who was killed leaves files in /dev/shm: in one of our own.
    explicit WallClock(const OwnMounts& mounts);

    void set(std::chrono::hours from_now) const;
    /// For the daemon.
    [[nodiscard]] std::vector<std::string> environment() const;

  private:
    TemporaryDirectory directory_;
};

}  // namespace usher::test
