// The daemon's store and its clock, as others can spoil them.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
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

/// The folder of the store: a file system of its own, so that nothing but the store suffers when it is full.
/// A limit on the size of files would not need one, but give EFBIG, which no full disk gives.
class SmallDisk
{
  public:
    explicit SmallDisk(const OwnMounts& mounts) { mounts.memory_at(path(), "64m"); }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk();

    [[nodiscard]] std::filesystem::path path() const { return directory_.path(); }
    void fill() const;
    void make_room() const;

  private:
    TemporaryDirectory directory_;
};

/// The store's SQLite file, opened by another process than the daemon.
class StoreFile
{
  public:
    explicit StoreFile(std::filesystem::path file);

    /// Nobody else can write until release().
    void lock();
    void release();

    /// How many records each pair (user, contact) has of each answer.
    struct Records {
        unsigned approve = 0;
        unsigned deny = 0;
        unsigned leave = 0;

        [[nodiscard]] unsigned verdicts() const { return approve + deny; }
    };
    using Journal = std::map<std::pair<std::string, std::string>, Records>;
    [[nodiscard]] Journal journal();

  private:
    struct Close {
        void operator()(sqlite3* database) const { sqlite3_close(database); }
    };

    void execute(const char* sql);
    void open();

    std::filesystem::path file_;
    std::unique_ptr<sqlite3, Close> database_;
};

/// The daemon's wall clock (libfaketime); timers run on. Not for a daemon under the sanitizers, which want to
/// be the first library that is loaded.
class WallClock
{
  public:
    /// Whether this build of the daemon can be told the time.
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
