#include "plugin/store/saved_settings.h"

#include <event2/event.h>

#include <iterator>
#include <memory>
#include <optional>
#include <utility>

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

std::vector<Statement> statements_of(const SettingsChange& change)
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
        statements.push_back({"UPDATE settings_version SET version = version + 1"});
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
    Change(std::function<SavedSettings::Outcome(const StoredSettings&)> decide, Dialect dialect,
           std::chrono::system_clock::time_point now)
        : decide_(std::move(decide)), dialect_(dialect), now_(now)
    {
    }

    /// The row's lock has others wait, until this one is committed.
    [[nodiscard]] static std::vector<Statement> first_step()
    {
        return {{"UPDATE settings_version SET version = version"}, {kVersion}, {kSettings}};
    }

    [[nodiscard]] std::vector<Statement> next_step(const StepRows& given)
    {
        switch (++step_) {
            case 1: {
                const StoredSettings before = stored_settings(given.at(1), given.at(2));
                SavedSettings::Outcome outcome = decide_(before);
                change_ = statements_of(outcome.change);
                numbered_.version = before.version + (change_.empty() ? 0 : 1);
                numbering_.emplace(std::move(outcome.policy), now_);
                return numbering_->questions();
            }
            case 2: {
                std::vector<Statement> statements = numbering_->statements(given);
                numbered_.generation = numbering_->generation();
                append(statements, std::move(change_));
                if (!statements.empty() &&
                    dialect_ == Dialect::sqlite) {  // else it may take too long for here
                    append(statements, forget_unnamed_policies(dialect_));
                }
                return statements;
            }
            default:
                return {};
        }
    }

    [[nodiscard]] const NumberedPolicy& numbered() const { return numbered_; }

  private:
    std::function<SavedSettings::Outcome(const StoredSettings&)> decide_;
    const Dialect dialect_;
    const std::chrono::system_clock::time_point now_;
    int step_ = 0;
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

void SavedSettings::change(std::function<Outcome(const StoredSettings&)> decide,
                           std::chrono::system_clock::time_point now, StoreCallback<NumberedPolicy> then,
                           Transaction::Queue queue)
{
    const auto change = std::make_shared<Change>(std::move(decide), database_.dialect(), now);
    database_.run(
        {.kind = Transaction::Kind::durable,
         .queue = queue,
         .statements = Change::first_step(),
         .next = [change](const StepRows& given) { return change->next_step(given); }},
        converted<NumberedPolicy>(std::move(then), [change](const StepRows&) { return change->numbered(); }));
}

tl::expected<StoredSettings, std::string> read_saved_settings(const std::string& url)
{
    const std::unique_ptr<event_base, decltype(&event_base_free)> loop(event_base_new(), event_base_free);
    const auto database = Database::open(url, loop.get(), Database::Access::read);
    if (!database) {
        return tl::unexpected(database.error());
    }
    std::optional<tl::expected<StoredSettings, std::string>> stored;
    SavedSettings(**database).read([&stored](auto given) { stored = std::move(given); });
    while (!stored) {
        event_base_loop(loop.get(), EVLOOP_ONCE);
    }
    return *std::move(stored);
}

}  // namespace usher
