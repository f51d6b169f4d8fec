// For which accounts usherd has set an archiving preference (XEP-0313), and which: so that what users change themselves can
// be told from it.
//
// Several processes share it. Each says here what it is about to set before it asks the server for it, and what it has set
// after that: whoever looks in between, or after a crash, sees both. Setting the same twice does no harm.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plugin/store/database.h"
#include "policy/address.h"
#include "policy/archiving.h"

namespace usher
{

/// What usherd has done for an account.
struct ArchiveRecord {
    std::optional<Archiving> set;      ///< last, as the server has said; nothing: nothing yet
    std::optional<Archiving> setting;  ///< it is not known whether the server has set this
    bool locked = false;               ///< or may be
    std::chrono::system_clock::time_point at;

    friend bool operator==(const ArchiveRecord&, const ArchiveRecord&) = default;
};

class StoredArchiveDefaults
{
  public:
    /// By address.
    using Records = std::unordered_map<std::string, ArchiveRecord>;
    struct Order {
        Address account;
        Archiving preference = Archiving::always;
        bool lock = false;
    };
    /// Of one question.
    static constexpr std::size_t kMaxAccounts = 100;

    /// `database` must outlive the object, and may call back after it.
    explicit StoredArchiveDefaults(Database& database) : database_(database) {}

    /// What there is of these accounts, of one domain; one to `kMaxAccounts`.
    void read(const std::vector<Address>& accounts, StoreCallback<Records> then);
    /// The accounts of the domain behind that address (empty: from the first one), `most` at most, ordered by address.
    void accounts(std::string_view domain, std::string_view after, std::size_t most,
                  StoreCallback<std::vector<Address>> then);
    /// The same of those that are locked, or may be.
    void locked(std::string_view domain, std::string_view after, std::size_t most,
                StoreCallback<std::vector<Address>> then);

    /// The server is about to be asked for this. At least one.
    void begin(const std::vector<Order>& orders, std::chrono::system_clock::time_point now,
               StoreCallback<void> then);
    /// The server has done it. Where another process has begun something else since, that stays. At least one.
    void done(const std::vector<Order>& orders, StoreCallback<void> then);
    /// The server has certainly not done what was begun at that time, nor will it. At least one.
    void undone(const std::vector<Order>& orders, std::chrono::system_clock::time_point begun,
                StoreCallback<void> then);
    /// The accounts are gone, or have preferences of their own. Records made or changed after `until` stay: another process
    /// is about to set something. At least one.
    void forget(const std::vector<Address>& accounts, std::chrono::system_clock::time_point until,
                StoreCallback<void> then);

  private:
    void find(const std::string& sql, std::string_view domain, std::string_view after, std::size_t most,
              StoreCallback<std::vector<Address>> then);
    /// In one transaction. Their second value is the account's address.
    void write(std::vector<Statement> statements, StoreCallback<void> then);

    Database& database_;
};

}  // namespace usher
