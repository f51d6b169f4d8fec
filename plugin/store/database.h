// The store: one database, SQLite or PostgreSQL. It is never waited for: what it gives comes by a call.
//
// Transactions are written once, for both, in the SQL that they have in common. Not here: what is in the store (journal,
// choices, saved_settings) and its form (schema); only that it is there, in the newest form, and that a connection that
// was lost is made again. Not for more than one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/store/schema.h"

struct event_base;

namespace usher
{

/// NULL, a number, or a text.
using StoredValue = std::variant<std::monostate, std::int64_t, std::string>;

struct Statement {
    /// In the SQL that both databases have. Its values are $1, $2 ... in the order of `values`. The text does not depend on
    /// what is asked for, only the values do: it is prepared once.
    std::string sql;
    std::vector<StoredValue> values = {};
};

/// What a statement gave.
struct Rows {
    std::vector<std::vector<StoredValue>> rows = {};
    std::int64_t changed = 0;  ///< how many rows it inserted, updated or deleted
};

/// What the statements of one step gave, in their order.
using StepRows = std::vector<Rows>;

/// All of it is done, or nothing.
struct Transaction {
    enum class Kind {
        read,  ///< changes nothing
        write,  ///< once committed, the end of the process takes nothing back; a power cut may, on SQLite, the last
                ///< half minute
        durable,  ///< nor does a power cut: for what nobody would make again
    };
    /// What is in one queue is done in order. Requests do not wait for what may take long.
    enum class Queue { requests, other };

    Kind kind = Kind::read;
    Queue queue = Queue::other;
    std::vector<Statement> statements;  ///< the first step: at least one
    /// If there is one, all is done only where this SQL expression is true; otherwise the result is empty, of no statement.
    /// For a transaction of one step, whose statements end in a WHERE clause: that clause is made longer.
    std::optional<Statement> condition = {};
    /// Gives the next step from what the one before it gave. Without statements that one was the last: what it gave is the
    /// result. An exception undoes all of it, and is its error. May be empty: one step.
    std::function<std::vector<Statement>(const StepRows&)> next = {};
    /// The ids that it gives to records. It fails if the process has other numbers meanwhile (RecordNumbers): they may be
    /// another process's then.
    std::vector<std::int64_t> new_ids = {};
};

/// What the ids of new records are made of (journal.h).
struct RecordNumbers {
    std::int64_t process = 0;  ///< 0 to 1023: no other process that writes to this store has it
    std::int64_t newest =
        0;  ///< the id of the newest record when this process got its number; 0: there was none

    // What an id ends with: the process, and what it counts.
    static constexpr int kProcessBits = 10;
    static constexpr int kCountBits = 12;

    /// Whether `id` was made of these, so that nobody else can have given it to a record.
    [[nodiscard]] bool own(std::int64_t id) const;

    friend bool operator==(const RecordNumbers&, const RecordNumbers&) = default;
};

/// Of what the store gives: a value, or an error for people.
template <typename Value>
using StoreCallback = std::function<void(tl::expected<Value, std::string>)>;

class Database
{
  public:
    enum class Access {
        write,  ///< creates what is missing and migrates what is older
        read,   ///< to look at, as it is: an error where it is not there or not in the form of this usherd
        /// As `read`, while nobody else uses it: an error where somebody does. Nobody else can begin to, as long as the object
        /// lives or, on PostgreSQL, its connection.
        alone,
    };

    /// `sqlite3://FILE` or `postgresql://KEY=VALUE ...`. PostgreSQL needs the event loop, which must outlive the object, and
    /// is connected to later: what is wrong with it is the error of the first transaction. The error is for people.
    [[nodiscard]] static tl::expected<std::unique_ptr<Database>, std::string> open(
        const std::string& url, event_base* loop = nullptr, Access access = Access::write);

    /// Whether usherd could use it; if not, the error says to people what is missing. The value says what usherd does to it when
    /// it starts; empty: nothing. Waits, ten seconds at most; changes nothing. Of SQLite it is not known before it is opened:
    /// empty.
    [[nodiscard]] static tl::expected<std::string, std::string> usable(const std::string& url);

    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    /// Transactions that are not over are forgotten: their callbacks are not called.
    virtual ~Database() = default;

    /// Calls `then` once with what the last step gave, when all is committed; or with an error, which is for people. On SQLite
    /// before this returns, else later. PostgreSQL is given 400 ms for what requests wait for, ten seconds for a step of
    /// anything else; after an error of the connection it is not known whether a transaction was committed.
    virtual void run(Transaction transaction, StoreCallback<StepRows> then) = 0;

    /// Whether it is where it was opened, or connected. If not, last_write_error() says why. Never waits.
    [[nodiscard]] virtual bool in_place() = 0;
    /// Whether this usherd cannot use it as it is, however long it waits: of a newer usherd, or not UTF-8. False as long as
    /// that is not known.
    [[nodiscard]] virtual bool unfit() const { return false; }
    /// Moves what was committed from SQLite's write-ahead log into the database, and waits for the disk. If nobody calls it
    /// in time, a commit has to. False if it failed; see last_write_error().
    [[nodiscard]] virtual bool checkpoint() { return true; }
    /// Tells whether decisions can be recorded now, by the way that requests have. Changes nothing.
    void writable(std::function<void(bool)> then);

    /// PostgreSQL may have other users than this process.
    [[nodiscard]] virtual Dialect dialect() const = 0;

    /// Others for each connection to PostgreSQL, whose number is free again as soon as the connection has ended. A SQLite
    /// file is of one process.
    [[nodiscard]] virtual RecordNumbers record_numbers() const = 0;

    /// Why the last write failed; empty if it succeeded.
    [[nodiscard]] const std::string& last_write_error() const { return last_write_error_; }

  protected:
    Database() = default;

    std::string last_write_error_;
};

}  // namespace usher
