#include "plugin/store/schema.h"

#include <chrono>
#include <iterator>
#include <string_view>

#include "plugin/store/stored_time.h"

namespace usher
{

namespace
{

struct Migration {
    std::string_view statement;
    bool for_sqlite = true;
};

/// Statements that lead from each version of the schema to the next. Only ever appended to.
/// `{id}` is the 64-bit integer type that makes a good primary key: SQLite's is spelled INTEGER.
/// `{name}` is text that is looked up. It is compared byte by byte, so that both databases have it in one order, and no
/// change of PostgreSQL's locale spoils an index. (It was VARCHAR with a length once: the same to SQLite, which has no
/// lengths.)
/// `{clustered}` has SQLite keep the rows in the primary key's own tree. `{now}` is the time, as the store has it.
const Migration kMigrations[] = {
    {R"(CREATE TABLE journal (
        id {id} PRIMARY KEY,
        at BIGINT NOT NULL,
        source {name} NOT NULL,
        organization {name} NOT NULL,
        user_address {name} NOT NULL,
        contact_address {name} NOT NULL,
        item_subscription {name},
        item_ask INTEGER NOT NULL,
        recent_from_contact INTEGER NOT NULL,
        recent_from_domain INTEGER NOT NULL,
        recent_to_user INTEGER NOT NULL,
        recent_complete INTEGER NOT NULL,
        chosen_option {name},
        answer {name} NOT NULL,
        reason {name} NOT NULL,
        rule INTEGER NOT NULL,
        generation BIGINT NOT NULL))"},
    // Who answered by hand.
    {"ALTER TABLE journal ADD COLUMN answered_by {name}"},
    {"CREATE INDEX journal_user ON journal (user_address)"},
    {"CREATE INDEX journal_contact ON journal (contact_address)"},
    {R"(CREATE TABLE choice (
        user_address {name} PRIMARY KEY,
        option_name {name} NOT NULL))"},
    {R"(CREATE TABLE saved_setting (
        organization {name} NOT NULL,
        setting {name} NOT NULL,
        setting_value TEXT NOT NULL,
        saved_by {name} NOT NULL,
        saved_at BIGINT NOT NULL,
        PRIMARY KEY (organization, setting)))"},
    // Each policy that was in force, so that a journalled decision can be made again.
    {R"(CREATE TABLE policy (
        generation {id} PRIMARY KEY,
        since BIGINT NOT NULL,
        settings TEXT NOT NULL))"},
    // With them a record took 3 times as long to write in an empty journal, and 11 times in one of 300,000. A
    // search looks at all records instead, in portions (journal_search.h).
    {"DROP INDEX journal_user"},
    {"DROP INDEX journal_contact"},
    // Each request looks a choice up: one page of it then has to be read instead of two.
    {"ALTER TABLE choice RENAME TO old_choice"},
    {R"(CREATE TABLE choice (
        user_address {name} PRIMARY KEY,
        option_name {name} NOT NULL) {clustered})"},
    {R"(INSERT INTO choice (user_address, option_name)
        SELECT user_address, option_name FROM old_choice ORDER BY user_address)"},
    {"DROP TABLE old_choice"},
    // How many users of each domain have a choice, so that nobody has to count them.
    {R"(CREATE TABLE choice_count (
        domain {name} PRIMARY KEY,
        users BIGINT NOT NULL))"},
    // The domain is what follows the '@'. LTRIM takes away what precedes it, all characters that are no '@':
    // SQLite and PostgreSQL have no other function for that in common.
    {R"(INSERT INTO choice_count (domain, users)
        SELECT domain, COUNT(*) FROM (
            SELECT SUBSTR(LTRIM(user_address, REPLACE(user_address, '@', '')), 2) AS domain
            FROM choice) AS one
        GROUP BY domain)"},
    // Reasons were stored as the texts that people read. Other texts have no name and stay as they are.
    {R"(UPDATE journal SET reason = CASE reason
            WHEN 'not a user of any organization' THEN 'foreign_user'
            WHEN 'own address' THEN 'own_address'
            WHEN 'federation closed' THEN 'federation_closed'
            WHEN 'federation: domain not listed' THEN 'federation_not_listed'
            WHEN 'user asked for this contact' THEN 'asked_for'
            WHEN 'limit for this contact' THEN 'contact_limit'
            WHEN 'limit for the contact''s domain' THEN 'domain_limit'
            WHEN 'limit for this user' THEN 'user_limit'
            WHEN 'limits: counter full' THEN 'limits_unknown'
            WHEN 'all contacts' THEN 'all_contacts'
            WHEN 'in organization' THEN 'in_organization'
            WHEN 'outside organization' THEN 'outside_organization'
            WHEN 'by hand' THEN 'by_hand'
            ELSE reason END)"},
    // Since when a choice is, and whose accounts of a domain have one: those of deleted accounts are forgotten. Of
    // older choices nobody knows since when. They count as made now: one for an account that is registered from now
    // on is another owner's, and no choice is lost that its own owner made.
    {"ALTER TABLE choice ADD COLUMN domain {name} NOT NULL DEFAULT ''"},
    {"ALTER TABLE choice ADD COLUMN chosen_at BIGINT NOT NULL DEFAULT 0"},
    {R"(UPDATE choice SET chosen_at = {now},
        domain = SUBSTR(LTRIM(user_address, REPLACE(user_address, '@', '')), 2))"},
    {"CREATE INDEX choice_domain ON choice (domain, user_address)"},
    // What repeats a decision is counted in its record; NULL in `covers`: of the same request only.
    {"ALTER TABLE journal ADD COLUMN repeats BIGINT NOT NULL DEFAULT 0"},
    {"ALTER TABLE journal ADD COLUMN last_at BIGINT"},
    {"ALTER TABLE journal ADD COLUMN covers {name}"},
    // What the server said of the verdict.
    {"ALTER TABLE journal ADD COLUMN outcome {name}"},
    {"ALTER TABLE journal ADD COLUMN refusal {name}"},
    // The parts of a policy's text are kept once, and all goes with the last record that names the policy. The ids of
    // records that do are greater than `record_before`, and at most `last_record`, which is NULL for the policy in
    // force. Of older policies it is not known which do: they are kept as long as any record of now.
    {R"(CREATE TABLE policy_text (
        id {id} PRIMARY KEY,
        hash BIGINT,
        settings TEXT NOT NULL))"},
    {R"(INSERT INTO policy_text (id, settings)
        SELECT MIN(generation), settings FROM policy GROUP BY settings)"},
    {"ALTER TABLE policy RENAME TO old_policy"},
    {R"(CREATE TABLE policy (
        generation {id} PRIMARY KEY,
        since BIGINT NOT NULL,
        record_before BIGINT NOT NULL,
        last_record BIGINT))"},
    {R"(CREATE TABLE policy_part (
        generation BIGINT NOT NULL,
        place BIGINT NOT NULL,
        text BIGINT NOT NULL,
        PRIMARY KEY (generation, place)))"},
    {R"(INSERT INTO policy (generation, since, record_before, last_record)
        SELECT generation, since, -1,
            CASE WHEN generation < (SELECT MAX(generation) FROM old_policy)
                THEN (SELECT COALESCE(MAX(id), 0) FROM journal) END
        FROM old_policy)"},
    {R"(INSERT INTO policy_part (generation, place, text)
        SELECT old.generation, 0, policy_text.id
        FROM old_policy AS old JOIN policy_text ON policy_text.settings = old.settings)"},
    {"DROP TABLE old_policy"},
    // Saved settings belong to an organisation by its domains, the first of which is in the key: its name may change.
    // Of older ones the domains are not known before the settings file is read.
    {"ALTER TABLE saved_setting RENAME TO old_saved_setting"},
    {R"(CREATE TABLE saved_setting (
        domain {name} NOT NULL,
        organization {name} NOT NULL,
        setting {name} NOT NULL,
        domains TEXT NOT NULL,
        setting_value TEXT NOT NULL,
        saved_by {name} NOT NULL,
        saved_at BIGINT NOT NULL,
        PRIMARY KEY (domain, organization, setting)))"},
    {R"(INSERT INTO saved_setting
            (domain, organization, setting, domains, setting_value, saved_by, saved_at)
        SELECT '', organization, setting, '', setting_value, saved_by, saved_at FROM old_saved_setting)"},
    {"DROP TABLE old_saved_setting"},
    // Names in a store of PostgreSQL that an older usherd has made had lengths and the locale's order.
    {R"(ALTER TABLE journal
        ALTER COLUMN source TYPE {name},
        ALTER COLUMN organization TYPE {name},
        ALTER COLUMN user_address TYPE {name},
        ALTER COLUMN contact_address TYPE {name},
        ALTER COLUMN item_subscription TYPE {name},
        ALTER COLUMN chosen_option TYPE {name},
        ALTER COLUMN answer TYPE {name},
        ALTER COLUMN reason TYPE {name},
        ALTER COLUMN answered_by TYPE {name},
        ALTER COLUMN covers TYPE {name},
        ALTER COLUMN outcome TYPE {name},
        ALTER COLUMN refusal TYPE {name})",
     false},
    {R"(ALTER TABLE choice
        ALTER COLUMN user_address TYPE {name},
        ALTER COLUMN option_name TYPE {name},
        ALTER COLUMN domain TYPE {name})",
     false},
    {R"(ALTER TABLE choice_count
        ALTER COLUMN domain TYPE {name})",
     false},
    {R"(ALTER TABLE saved_setting
        ALTER COLUMN domain TYPE {name},
        ALTER COLUMN organization TYPE {name},
        ALTER COLUMN setting TYPE {name},
        ALTER COLUMN saved_by TYPE {name})",
     false},
    // One row, whose version grows with each change of saved settings: so other processes learn of it (saved_settings.h).
    {"CREATE TABLE settings_version (version BIGINT NOT NULL)"},
    {"INSERT INTO settings_version (version) VALUES (0)"},
    // SHA-256 of the text, so that it need not be sent to be compared. Older texts have none and are written once more.
    {"ALTER TABLE policy_text ADD COLUMN digest {name}"},
    // One row: see shared_secret.h.
    {"CREATE TABLE shared_secret (place BIGINT PRIMARY KEY, secret TEXT NOT NULL)"},
    // Whom the servers list: see people.h.
    {R"(CREATE TABLE person (
        domain {name} NOT NULL,
        user_address {name} NOT NULL,
        full_name TEXT NOT NULL,
        given_name TEXT NOT NULL,
        family_name TEXT NOT NULL,
        nickname TEXT NOT NULL,
        email TEXT NOT NULL,
        PRIMARY KEY (domain, user_address)) {clustered})"},
    {"CREATE TABLE people_list (domain {name} PRIMARY KEY, listed_at BIGINT NOT NULL)"},
    // What users have chosen about being found: see person_choices.h. NULL: nothing. The count has one row, as soon as
    // anybody has chosen.
    {R"(CREATE TABLE person_choice (
        user_address {name} PRIMARY KEY,
        domain {name} NOT NULL,
        listed INTEGER,
        availability INTEGER,
        chosen_at BIGINT NOT NULL,
        change_number BIGINT NOT NULL) {clustered})"},
    {"CREATE INDEX person_choice_number ON person_choice (change_number)"},
    {"CREATE INDEX person_choice_domain ON person_choice (domain, user_address)"},
    {"CREATE TABLE person_choice_count (place BIGINT PRIMARY KEY, newest BIGINT NOT NULL)"},
    // What a directory said of the groups of user and contact, as JSON: see stored_groups.h. NULL: no
    // group had members there, or it was not recorded yet.
    {"ALTER TABLE journal ADD COLUMN outside_groups TEXT"},
    // Nothing changes but the number. Rules and administrators can be saved from here on: older programs would decide without
    // them, so they are not to open the store.
    {"DELETE FROM saved_setting WHERE setting = ''"},
    // The exceptions that users have made: see exceptions.h.
    {R"(CREATE TABLE contact_exception (
        user_address {name} NOT NULL,
        entry {name} NOT NULL,
        handling {name} NOT NULL,
        domain {name} NOT NULL,
        made_at BIGINT NOT NULL,
        PRIMARY KEY (user_address, entry)) {clustered})"},
    {"CREATE INDEX contact_exception_domain ON contact_exception (domain, user_address)"},
    // The one that was for the contact of a request: see to_string(ContactException).
    {"ALTER TABLE journal ADD COLUMN contact_exception {name}"},
    // For whom usherd has set an archiving preference: see archive_defaults.h. The empty text is none.
    {R"(CREATE TABLE archive_default (
        domain {name} NOT NULL,
        user_address {name} NOT NULL,
        set_default {name} NOT NULL,
        setting_default {name} NOT NULL,
        locked INTEGER NOT NULL,
        begun_at BIGINT NOT NULL,
        PRIMARY KEY (domain, user_address)) {clustered})"},
    // Which of policy's approvals wait to be revoked: see revocation_waits.h. One row for an organisation.
    {R"(CREATE TABLE revocation_wait (
        organization {name} PRIMARY KEY,
        looked_at BIGINT NOT NULL,
        ends_until BIGINT NOT NULL,
        waits TEXT NOT NULL))"},
    // The newest record from before some were lost: see lost_records.h. One row, as soon as that has happened.
    {"CREATE TABLE lost_records (place BIGINT PRIMARY KEY, newest BIGINT NOT NULL)"},
};

std::string in_dialect(std::string_view statement, Dialect dialect)
{
    const bool sqlite = dialect == Dialect::sqlite;
    std::string text(statement);
    const auto replace = [&text](std::string_view placeholder, std::string_view by) {
        for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at)) {
            text.replace(at, placeholder.size(), by);
        }
    };
    replace("{id}", sqlite ? "INTEGER" : "BIGINT");
    replace("{name}", sqlite ? "TEXT" : "TEXT COLLATE \"C\"");
    replace("{clustered}", sqlite ? "WITHOUT ROWID" : "");
    replace("{now}", std::to_string(since_1970(std::chrono::system_clock::now())));
    return text;
}

}  // namespace

int schema_version()
{
    return static_cast<int>(std::size(kMigrations));
}

std::string schema_table()
{
    return std::string("CREATE TABLE IF NOT EXISTS ") + kSchemaTable + " (version INTEGER NOT NULL)";
}

std::string schema_version_query()
{
    return std::string("SELECT COALESCE(MAX(version), 0) FROM ") + kSchemaTable;
}

std::vector<std::string> migrations_from(int version, Dialect dialect)
{
    std::vector<std::string> statements;
    for (int next = version + 1; next <= schema_version(); ++next) {
        const Migration& migration = kMigrations[next - 1];
        if (dialect != Dialect::sqlite || migration.for_sqlite) {
            statements.push_back(in_dialect(migration.statement, dialect));
        }
        statements.push_back(std::string("INSERT INTO ") + kSchemaTable + " (version) VALUES (" +
                             std::to_string(next) + ")");
    }
    return statements;
}

std::string schema_script(int version)
{
    std::string script = "BEGIN;\n" + schema_table() + ";\n";
    for (const std::string& statement : migrations_from(version, Dialect::postgresql)) {
        script += statement + ";\n";
    }
    return script + "COMMIT;\n";
}

std::vector<std::string> stored_tables()
{
    return {"journal",         "choice",        "choice_count",        "saved_setting",     "policy",
            "policy_part",     "policy_text",   "settings_version",    "shared_secret",     "person",
            "people_list",     "person_choice", "person_choice_count", "contact_exception", "archive_default",
            "revocation_wait", "lost_records"};
}

std::string unfit_version(int version, bool migrates)
{
    if (version == schema_version() || (migrates && version < schema_version())) {
        return {};
    }
    return std::string("the database is of ") + (version > schema_version() ? "a newer" : "an older") +
           " version of usherd (schema " + std::to_string(version) + ", this one's is " +
           std::to_string(schema_version()) + ")";
}

}  // namespace usher
