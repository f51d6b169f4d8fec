#include "plugin/store/saved_settings.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "plugin/store/own_connection.h"
#include "plugin/store/policy_texts.h"
#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

/// The domain that is part of a setting's key.
std::string key_domain(const SavedSetting& one)
{
    return one.domains.empty() ? std::string() : one.domains.front();
}

Statement removal(const SavedSetting& one)
{
    return {"DELETE FROM saved_setting WHERE domain = $1 AND organization = $2 AND setting = $3",
            {key_domain(one), one.organization, one.setting}};
}

/// `version` is the one that there is then.
std::vector<Statement> statements_of(const SettingsChange& change, std::int64_t version)
{
    std::vector<Statement> statements;
    for (const SavedSetting& one : change.removed) {
        statements.push_back(removal(one));
    }
    for (const SavedSetting& one : change.saved) {
        statements.push_back(removal(one));
        statements.push_back(
            {"INSERT INTO saved_setting (domain, domains, organization, setting, setting_value, saved_by, saved_at) "
             "VALUES ($1, $2, $3, $4, $5, $6, $7)",
             {key_domain(one), joined(one.domains, " "), one.organization, one.setting, one.value, one.by,
              since_1970(one.at)}});
    }
    if (!statements.empty()) {
        statements.push_back({"UPDATE settings_version SET version = $1", {version}});
    }
    return statements;
}

void append(std::vector<Statement>& statements, std::vector<Statement> more)
{
    statements.insert(statements.end(), std::make_move_iterator(more.begin()),
                      std::make_move_iterator(more.end()));
}

const char* const kVersion = "SELECT version FROM settings_version";
const char* const kSettings =
    "SELECT domains, organization, setting, setting_value, saved_by, saved_at FROM saved_setting ORDER BY saved_at";

StoredSettings stored_settings(const Rows& version, const Rows& settings)
{
    StoredSettings stored{{}, number(version.rows.at(0).at(0))};
    for (const auto& row : settings.rows) {
        stored.settings.push_back({words_in(text(row.at(0))), text(row.at(1)), text(row.at(2)),
                                   text(row.at(3)), text(row.at(4)), time_since_1970(number(row.at(5)))});
    }
    return stored;
}

/// A change on its way through the steps of its transaction.
class Change
{
  public:
    Change(SavedSettings::Decide decide, std::uint64_t before, Dialect dialect,
           std::chrono::system_clock::time_point now)
        : decide_(std::move(decide)), before_(before), dialect_(dialect), now_(now)
    {
    }

    /// Given what is saved.
    [[nodiscard]] std::vector<Statement> decide(const StoredSettings& stored)
    {
        SavedSettings::Outcome outcome = decide_(stored);
        // A store that was set back to an older state must not come to a version again that a process has already.
        const std::int64_t next = std::max(stored.version + 1, since_1970(now_));
        change_ = statements_of(outcome.change, next);
        numbered_.version = change_.empty() ? stored.version : next;
        numbering_.emplace(std::move(outcome.policy), now_);
        return numbering_->questions();
    }
    /// Given the answers to those questions.
    [[nodiscard]] std::vector<Statement> make(const StepRows& answers)
    {
        std::vector<Statement> statements = numbering_->statements(answers);
        numbered_.generation = numbering_->generation();
        append(statements, std::move(change_));
        if (!statements.empty() && dialect_ == Dialect::sqlite) {  // else others may be using one (journal.h)
            append(statements, forget_unnamed_policies(std::chrono::system_clock::time_point::max()));
        }
        if (before_ != 0 && before_ != numbered_.generation) {
            statements.push_back(supersede_policy(before_));
        }
        return statements;
    }
    [[nodiscard]] const NumberedPolicy& numbered() const { return numbered_; }

  private:
    SavedSettings::Decide decide_;
    const std::uint64_t before_;
    const Dialect dialect_;
    const std::chrono::system_clock::time_point now_;
    std::vector<Statement> change_;
    std::optional<PolicyNumbering> numbering_;
    NumberedPolicy numbered_;
};

}  // namespace

void SavedSettings::read(StoreCallback<StoredSettings> then)
{
    database_.run({.kind = Transaction::Kind::read, .statements = {{kVersion}, {kSettings}}},
                  converted<StoredSettings>(std::move(then), [](const StepRows& given) {
                      return stored_settings(given.at(0), given.at(1));
                  }));
}

void SavedSettings::version(StoreCallback<std::int64_t> then)
{
    database_.run({.kind = Transaction::Kind::read, .statements = {{kVersion}}},
                  converted<std::int64_t>(std::move(then), [](const StepRows& given) {
                      return number(given.at(0).rows.at(0).at(0));
                  }));
}

void SavedSettings::change(Decide decide, std::uint64_t before, std::chrono::system_clock::time_point now,
                           StoreCallback<NumberedPolicy> then)
{
    const auto change = std::make_shared<Change>(std::move(decide), before, database_.dialect(), now);
    database_.run(
        {.kind = Transaction::Kind::durable,
         .statements = {lock_policies(), {kVersion}, {kSettings}},
         .next = [change, step = 0](const StepRows& given) mutable -> std::vector<Statement> {
             switch (++step) {
                 case 1:
                     return change->decide(stored_settings(given.at(1), given.at(2)));
                 case 2:
                     return change->make(given);
                 default:
                     return {};
             }
         }},
        converted<NumberedPolicy>(std::move(then), [change](const StepRows&) { return change->numbered(); }));
}

void SavedSettings::follow(Decide decide, std::uint64_t before, std::chrono::system_clock::time_point now,
                           StoreCallback<NumberedPolicy> then)
{
    // Whoever numbered the policy has superseded the one before it.
    const auto change = std::make_shared<Change>(decide, 0, database_.dialect(), now);
    const auto numbered = std::make_shared<bool>(false);
    const auto read = [change, numbered, step = 0](const StepRows& given) mutable -> std::vector<Statement> {
        switch (++step) {
            case 1:
                return change->decide(stored_settings(given.at(0), given.at(1)));
            case 2:
                *numbered = change->make(given).empty();
                return {};
            default:
                return {};
        }
    };
    // `this` is not there any more, perhaps, when it is called.
    const auto otherwise = [&database = database_, decide, before, now, then] {
        SavedSettings(database).change(decide, before, now, then);
    };
    database_.run({.kind = Transaction::Kind::read,
                   .queue = Transaction::Queue::requests,
                   .statements = {{kVersion}, {kSettings}},
                   .next = read},
                  [change, numbered, otherwise, then](const auto& given) {
                      if (!given) {
                          then(tl::unexpected(given.error()));
                      } else if (*numbered) {
                          then(change->numbered());
                      } else {
                          otherwise();
                      }
                  });
}

void SavedSettings::keep(std::uint64_t generation)
{
    // If it fails, the next hour will do.
    database_.run({.kind = Transaction::Kind::write, .statements = {keep_policy(generation)}},
                  [](const auto&) {});
}

tl::expected<StoredSettings, std::string> read_saved_settings(const std::string& url)
{
    auto connection = OwnConnection::open(url);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    std::optional<tl::expected<StoredSettings, std::string>> stored;
    SavedSettings(connection->database()).read([&stored](auto given) { stored = std::move(given); });
    connection->wait_until([&stored] { return stored.has_value(); });
    return *std::move(stored);
}

}  // namespace usher
