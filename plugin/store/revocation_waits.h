// Which of policy's approvals are waiting to be revoked, and from when on they are (plugin/core/automatic_revocation.h).
//
// Several processes share it, and so agree on the time, also after a restart. Whoever revokes takes what is due out of it
// first: of several, one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugin/store/database.h"

namespace usher
{

/// Of one organisation.
struct RevocationWaits {
    struct Wait {
        std::int64_t record = 0;  ///< the journal's, of the approval
        std::chrono::system_clock::time_point due;

        friend bool operator==(const Wait&, const Wait&) = default;
    };

    std::chrono::system_clock::time_point
        looked_at;  ///< when somebody last looked which approvals are to wait
    std::chrono::system_clock::time_point
        ends_until;  ///< until then, approvals may end by their rules; 1970: none does
    std::vector<Wait> waits;

    friend bool operator==(const RevocationWaits&, const RevocationWaits&) = default;
};

class StoredRevocationWaits
{
  public:
    /// Makes what is to be stored of what is; nothing: nobody has looked yet.
    using Change = std::function<RevocationWaits(const std::optional<RevocationWaits>& stored)>;

    /// `database` must outlive the object, and may call back after it.
    explicit StoredRevocationWaits(Database& database) : database_(database) {}

    /// `ends_until` of each organisation that somebody has looked at.
    void ends(StoreCallback<std::map<std::string, std::chrono::system_clock::time_point>> then);
    /// Changes what is stored of the organisation. Of several at a time, each begins with what the one before it has stored. What
    /// `change` has made is committed when `then` is called without an error; with one, that is not known.
    void change(const std::string& organization, Change change, StoreCallback<void> then);
    /// Nothing waits there any more, and nobody has looked.
    void forget(const std::string& organization, StoreCallback<void> then);

  private:
    Database& database_;
};

}  // namespace usher
