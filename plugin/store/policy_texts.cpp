#include "plugin/store/policy_texts.h"

#include <map>
#include <utility>

#include "integration/base/digest.h"
#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"

namespace usher
{

Statement lock_policies()
{
    return {"UPDATE settings_version SET version = version"};
}

PolicyNumbering::PolicyNumbering(std::vector<std::string> parts, std::chrono::system_clock::time_point now)
    : parts_(std::move(parts)), now_(since_1970(now))
{
    for (const std::string& part : parts_) {
        digests_.push_back(sha256(part));
    }
}

std::vector<Statement> PolicyNumbering::questions() const
{
    std::vector<Statement> questions{
        {"SELECT COALESCE((SELECT MAX(generation) FROM policy), 0), COALESCE((SELECT MAX(id) FROM policy_text), 0), "
         "COALESCE((SELECT MAX(id) FROM journal), 0)"},
        {"SELECT text FROM policy_part WHERE generation = (SELECT MAX(generation) FROM policy) ORDER BY place"}};
    for (const std::string& digest : digests_) {
        questions.push_back({"SELECT COALESCE(MAX(id), 0) FROM policy_text WHERE digest = $1", {digest}});
    }
    return questions;
}

std::vector<Statement> PolicyNumbering::statements(const StepRows& answers)
{
    const auto& newest = answers.at(0).rows.at(0);
    const std::int64_t newest_generation = number(newest.at(0));
    std::int64_t newest_text = number(newest.at(1));
    const std::int64_t newest_record = number(newest.at(2));

    std::vector<Statement> statements;
    std::vector<std::int64_t> texts;
    std::map<std::string_view, std::int64_t> added;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        std::int64_t id = number(answers.at(2 + i).rows.at(0).at(0));
        if (id == 0) {
            const auto [place, is_new] = added.try_emplace(parts_[i], newest_text + 1);
            id = place->second;
            if (is_new) {
                ++newest_text;
                statements.push_back({"INSERT INTO policy_text (id, digest, settings) VALUES ($1, $2, $3)",
                                      {id, digests_[i], parts_[i]}});
            }
        }
        texts.push_back(id);
    }

    std::vector<std::int64_t> texts_before;
    for (const auto& row : answers.at(1).rows) {
        texts_before.push_back(number(row.at(0)));
    }
    if (newest_generation != 0 && texts == texts_before) {
        generation_ = newest_generation;
        return {};
    }
    generation_ = newest_generation + 1;
    // Ids of records only grow: those that name a policy lie between the newest ones when it came into force and when
    // the next one did.
    statements.push_back(
        {"UPDATE policy SET last_record = $1 WHERE generation = $2", {newest_record, newest_generation}});
    statements.push_back({"INSERT INTO policy (generation, since, record_before) VALUES ($1, $2, $3)",
                          {generation_, now_, newest_record}});
    for (std::size_t place = 0; place < texts.size(); ++place) {
        statements.push_back({"INSERT INTO policy_part (generation, place, text) VALUES ($1, $2, $3)",
                              {generation_, static_cast<std::int64_t>(place), texts[place]}});
    }
    return statements;
}

Statement policy_text_query(std::uint64_t generation)
{
    return {
        "SELECT settings FROM policy_part JOIN policy_text ON policy_text.id = policy_part.text WHERE generation = $1 "
        "ORDER BY place",
        {static_cast<std::int64_t>(generation)}};
}

Statement supersede_policy(std::uint64_t generation)
{
    return {
        "UPDATE policy SET last_record = COALESCE((SELECT MAX(id) FROM journal), 0) WHERE generation = $1 "
        "AND generation < (SELECT MAX(generation) FROM policy)",
        {static_cast<std::int64_t>(generation)}};
}

Statement keep_policy(std::uint64_t generation)
{
    return {"UPDATE policy SET last_record = NULL WHERE generation = $1 AND last_record IS NOT NULL",
            {static_cast<std::int64_t>(generation)}};
}

std::vector<Statement> forget_unnamed_policies(std::chrono::system_clock::time_point cutoff)
{
    // A text may have megabytes; requests come in between. The next generation came when this one was superseded.
    return {
        {"DELETE FROM policy WHERE generation IN (SELECT generation FROM policy AS old "
         "WHERE last_record IS NOT NULL "
         "AND (last_record <= record_before OR last_record < COALESCE((SELECT MIN(id) FROM journal), last_record + 1)) "
         "AND (SELECT MIN(since) FROM policy AS next WHERE next.generation > old.generation) <= $1 "
         "ORDER BY generation LIMIT 16)",
         {since_1970(cutoff)}},
        {"DELETE FROM policy_part WHERE generation NOT IN (SELECT generation FROM policy)"},
        {"DELETE FROM policy_text WHERE id NOT IN (SELECT text FROM policy_part)"}};
}

}  // namespace usher
