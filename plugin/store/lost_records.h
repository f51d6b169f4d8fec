// Notices that the store has lost records, as after it was restored from a backup, or when a standby that was behind has taken
// over.
//
// What happened to somebody's approval in the time that is lost, nobody knows any more: the contact may have been removed, have
// asked again, and have been approved by the user. So of older approvals it is not certain that they are policy's still
// (plugin/core/policy_approvals.h).
//
// A file outside of the store, which is not restored with it, says which record was the newest.
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
    /// `database` must outlive the object. `file` may be missing, and is made; empty: only while the object lives is it known
    /// which record was the newest.
    LostRecords(Database& database, std::string file);
    LostRecords(const LostRecords&) = delete;
    LostRecords& operator=(const LostRecords&) = delete;

    /// Has it said in the store if records were lost. To be called before the first record is written, and before approvals are
    /// searched for.
    void look(StoreCallback<void> then);
    /// This process has recorded it: committed it, so that it was written by the connection that there is.
    void recorded(std::int64_t id);
    /// Has the file say what was recorded. To be called when a power cut cannot take it back.
    void remember();

    /// Gives the id up to which records are from before the last loss; none, if nothing is known to be lost.
    [[nodiscard]] static Statement query();

  private:
    /// With the connection that there is.
    void compare();

    Database& database_;
    const std::string file_;
    bool file_failed_ = false;
    std::int64_t newest_ = 0;               // that was recorded, as far as it is known
    std::int64_t remembered_ = 0;           // in the file
    RecordNumbers numbers_{.process = -1};  // those that it was compared with
    std::int64_t before_loss_ =
        0;  // the newest id from before a loss of which the store does not know; 0: there was none
    CallbackScope callbacks_;
};

}  // namespace usher
