#include "store.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "child.h"
#include "programs.h"

namespace usher::test
{

namespace
{

void check(bool done, const std::string& what)
{
    if (!done) {
        throw std::system_error(errno, std::generic_category(),
                                what + " (the store's disk wants root, or user namespaces)");
    }
}

void become_root_of_a_namespace()
{
    const std::string uid = "0 " + std::to_string(::geteuid()) + " 1\n";
    const std::string gid = "0 " + std::to_string(::getegid()) + " 1\n";
    check(::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare");
    std::ofstream("/proc/self/uid_map") << uid;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/gid_map") << gid;
}

}  // namespace

OwnMounts::OwnMounts()
{
    if (::geteuid() == 0) {
        check(::unshare(CLONE_NEWNS) == 0, "unshare");
    } else {
        become_root_of_a_namespace();
    }
    // In a chroot the root is no mount point (EINVAL): the store's disk is then seen outside, too, until it
    // goes.
    check(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 || errno == EINVAL, "mount");
}

void OwnMounts::memory_at(const std::filesystem::path& folder, const std::string& size) const
{
    check(::mount("none", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0,
          "mount " + folder.string());
}

SmallDisk::SmallDisk(const OwnMounts& mounts, std::filesystem::path path, const std::string& size)
    : path_(std::move(path))
{
    mounts.memory_at(path_, size);
}

SmallDisk::~SmallDisk()
{
    ::umount2(path_.c_str(), MNT_DETACH);
}

void SmallDisk::fill() const
{
    const Descriptor file(::open((path_ / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    static constexpr std::array<char, 65536> kBytes{};
    for (std::size_t size = kBytes.size(); size > 0;) {
        if (::write(file.get(), kBytes.data(), size) < 0) {
            check(errno == ENOSPC, "filling the disk");
            size /= 2;
        }
    }
}

void SmallDisk::make_room() const
{
    std::filesystem::remove(path_ / "filler");
}

void Store::Records::add(std::string_view answer, std::string_view reason, std::string_view outcome,
                         unsigned repeats)
{
    const unsigned count = 1 + repeats;
    if (reason == "revoked") {
        revoke += outcome == "refused" ? 0 : count;
        revoked += outcome == "confirmed" ? count : 0;
        return;
    }
    (answer == "approve" ? approve : answer == "deny" ? deny : leave) += count;
}

void SqliteStore::open()
{
    if (database_) {
        return;
    }
    sqlite3* opened = nullptr;
    const int outcome = sqlite3_open_v2(file().c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    database_.reset(opened);
    if (outcome != SQLITE_OK) {
        throw std::runtime_error(file().string() + ": " + sqlite3_errmsg(opened));
    }
    sqlite3_busy_timeout(opened, static_cast<int>(kPatience.count()));
}

void SqliteStore::execute(const char* sql)
{
    open();
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw std::runtime_error(std::string(sql) + ": " + sqlite3_errmsg(database_.get()));
    }
}

Store::Journal SqliteStore::journal()
{
    open();
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_.get(),
                           "SELECT user_address, contact_address, answer, reason, COALESCE(outcome, ''), "
                           "repeats FROM journal",
                           -1, &statement, nullptr) != SQLITE_OK) {
        throw std::runtime_error(std::string("reading the journal: ") + sqlite3_errmsg(database_.get()));
    }
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> owner(statement, sqlite3_finalize);
    const auto text = [statement](int column) {
        return std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)));
    };
    Journal journal;
    int outcome = SQLITE_ROW;
    while ((outcome = sqlite3_step(statement)) == SQLITE_ROW) {
        journal[{text(0), text(1)}].add(text(2), text(3), text(4),
                                        static_cast<unsigned>(sqlite3_column_int(statement, 5)));
    }
    if (outcome != SQLITE_DONE) {
        throw std::runtime_error(std::string("reading the journal: ") + sqlite3_errmsg(database_.get()));
    }
    return journal;
}

bool WallClock::can_be_set()
{
    return !programs_are_sanitized();
}

WallClock::WallClock(const OwnMounts& mounts)
{
    mounts.memory_at("/dev/shm", "16m");
    set(std::chrono::hours(0));
}

void WallClock::set(std::chrono::hours from_now) const
{
    const std::filesystem::path next = directory_.path() / "next";
    std::ofstream(next) << (from_now.count() < 0 ? "" : "+") << from_now.count() << "h\n";
    std::filesystem::rename(next, directory_.path() / "time");
}

std::vector<std::string> WallClock::environment() const
{
    if (!can_be_set()) {
        return {};
    }
    return {"LD_PRELOAD=" USHER_FAKETIME,
            "FAKETIME_TIMESTAMP_FILE=" + (directory_.path() / "time").string(),
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "FAKETIME_NO_CACHE=1",
            "NO_FAKE_STAT=1",
            "FAKETIME_DISABLE_SHM=1"};
}

}  // namespace usher::test
