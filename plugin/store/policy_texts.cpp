#include "plugin/store/policy_texts.h"

#include <soci/soci.h>

#include "plugin/store/stored_time.h"

namespace usher
{

namespace
{

/// FNV-1a: the same in every version, as it is stored. That texts are the same is never concluded from it.
long long hash_of(const std::string& text)
{
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return static_cast<long long>(hash);
}

/// Whether that generation is the same policy.
bool is_of(soci::session& session, long long generation, const std::string& policy)
{
    int same = 0;
    session << "SELECT COUNT(*) FROM policy JOIN policy_text ON policy_text.id = policy.text "
               "WHERE generation = :generation AND settings = :settings",
        soci::use(generation), soci::use(policy), soci::into(same);
    return same != 0;
}

}  // namespace

std::uint64_t number_policy(soci::session& session, const std::string& policy,
                            std::chrono::system_clock::time_point now)
{
    long long newest = 0;
    session << "SELECT COALESCE(MAX(generation), 0) FROM policy", soci::into(newest);
    if (is_of(session, newest, policy)) {
        return static_cast<std::uint64_t>(newest);
    }
    const long long hash = hash_of(policy);
    long long text = 0;  // 0: there is none
    session << "SELECT COALESCE(MAX(id), 0) FROM policy_text WHERE hash = :hash AND settings = :settings",
        soci::use(hash), soci::use(policy), soci::into(text);
    const long long generation = newest + 1;
    if (text == 0) {
        text = generation;
        session << "INSERT INTO policy_text (id, hash, settings) VALUES (:id, :hash, :settings)",
            soci::use(text), soci::use(hash), soci::use(policy);
    }
    // Ids of records only grow: those that name a policy lie between the newest ones when it came into force and when
    // the next one did.
    long long newest_record = 0;
    session << "SELECT COALESCE(MAX(id), 0) FROM journal", soci::into(newest_record);
    session << "UPDATE policy SET last_record = :record WHERE generation = :newest", soci::use(newest_record),
        soci::use(newest);
    const long long since = since_1970(now);
    session
        << "INSERT INTO policy (generation, since, text, record_before) VALUES (:generation, :since, :text, :record)",
        soci::use(generation), soci::use(since), soci::use(text), soci::use(newest_record);
    return static_cast<std::uint64_t>(generation);
}

void forget_unnamed_policies(soci::session& session)
{
    // A text may have megabytes; requests come in between.
    session
        << "DELETE FROM policy WHERE generation IN (SELECT generation FROM policy WHERE last_record IS NOT NULL "
           "AND (last_record <= record_before OR NOT EXISTS (SELECT 1 FROM journal WHERE id <= last_record)) "
           "ORDER BY generation LIMIT 16)";
    session << "DELETE FROM policy_text WHERE id NOT IN (SELECT text FROM policy)";
}

}  // namespace usher
