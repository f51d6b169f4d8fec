// Notices that the store has lost records, as after it was restored from a backup, or when a standby that was behind has taken
// over.
//
// What happened to somebody's approval in the time that is lost, nobody knows any more: the contact may have been removed, have
// asked again, and have been approved by the user. So of older approvals it is not certain that they are policy's still
// (plugin/core/policy_approvals.h).
//
// Of the newest record that was seen it is checked whether it is there still. A file outside of the store, which is not restored
// with it, says which one that was.
#pragma once

#include <cstdint>
#include <string>

#include "integration/base/callback_scope.h"
#include "plugin/store/database.h"

namespace usher
{

class LostRecords
{
  public:
    /// `database` must outlive the object. `file` may be missing, and is made; empty: what was seen is known only while the object
    /// lives.
    LostRecords(Database& database, std::string file);
    LostRecords(const LostRecords&) = delete;
    LostRecords& operator=(const LostRecords&) = delete;

    /// Notes a loss in the store, if there was one. To be called before anything is recorded, before approvals are searched for,
    /// and now and then.
    void look(StoreCallback<void> then);
    /// Looks, and has the file say what was the newest record the last time. To be called now and then, when a power cut cannot
    /// take back what was committed until the time before.
    void remember();
    /// Has the file say which record is the newest, if the store answers at once, as SQLite does.
    void end();

    /// Gives the id up to which records are from before the last loss; no row, if nothing is known to be lost.
    [[nodiscard]] static Statement query();

  private:
    void write(std::int64_t newest);

    Database& database_;
    const std::string file_;
    bool file_failed_ = false;
    bool looked_ = false;
    std::int64_t written_ = 0;  // in the file; 0: nothing, as below
    std::int64_t newest_ = 0;   // that was seen
    CallbackScope callbacks_;
};

}  // namespace usher
