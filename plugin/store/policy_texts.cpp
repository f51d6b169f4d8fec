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

/// The number of that text, which is kept from now on if it was not.
long long number_text(soci::session& session, const std::string& text)
{
    const long long hash = hash_of(text);
    long long number = 0;  // 0: there is none
    session
        << "SELECT COALESCE(MAX(id), 0) FROM policy_text WHERE (hash = :hash OR hash IS NULL) AND settings = :settings",
        soci::use(hash), soci::use(text), soci::into(number);
    if (number == 0) {
        session << "SELECT COALESCE(MAX(id), 0) + 1 FROM policy_text", soci::into(number);
        session << "INSERT INTO policy_text (id, hash, settings) VALUES (:id, :hash, :settings)",
            soci::use(number), soci::use(hash), soci::use(text);
    }
    return number;
}

std::vector<long long> texts_of(soci::session& session, long long generation)
{
    std::vector<long long> texts;
    long long text = 0;
    soci::statement rows =
        (session.prepare << "SELECT text FROM policy_part WHERE generation = :generation ORDER BY place",
         soci::use(generation), soci::into(text));
    rows.execute();
    while (rows.fetch()) {
        texts.push_back(text);
    }
    return texts;
}

}  // namespace

std::uint64_t number_policy(soci::session& session, const std::vector<std::string>& parts,
                            std::chrono::system_clock::time_point now)
{
    std::vector<long long> texts;
    for (const std::string& part : parts) {
        texts.push_back(number_text(session, part));
    }
    long long newest = 0;
    session << "SELECT COALESCE(MAX(generation), 0) FROM policy", soci::into(newest);
    if (newest != 0 && texts_of(session, newest) == texts) {
        return static_cast<std::uint64_t>(newest);
    }
    // Ids of records only grow: those that name a policy lie between the newest ones when it came into force and when
    // the next one did.
    long long newest_record = 0;
    session << "SELECT COALESCE(MAX(id), 0) FROM journal", soci::into(newest_record);
    session << "UPDATE policy SET last_record = :record WHERE generation = :newest", soci::use(newest_record),
        soci::use(newest);
    const long long generation = newest + 1;
    const long long since = since_1970(now);
    session << "INSERT INTO policy (generation, since, record_before) VALUES (:generation, :since, :record)",
        soci::use(generation), soci::use(since), soci::use(newest_record);
    for (std::size_t place = 0; place < texts.size(); ++place) {
        const auto number = static_cast<long long>(place);
        session << "INSERT INTO policy_part (generation, place, text) VALUES (:generation, :place, :text)",
            soci::use(generation), soci::use(number), soci::use(texts[place]);
    }
    return static_cast<std::uint64_t>(generation);
}

void forget_unnamed_policies(soci::session& session)
{
    // A text may have megabytes; requests come in between.
    session
        << "DELETE FROM policy WHERE generation IN (SELECT generation FROM policy WHERE last_record IS NOT NULL "
           "AND (last_record <= record_before OR NOT EXISTS (SELECT 1 FROM journal WHERE id <= last_record)) "
           "ORDER BY generation LIMIT 16)";
    session << "DELETE FROM policy_part WHERE generation NOT IN (SELECT generation FROM policy)";
    session << "DELETE FROM policy_text WHERE id NOT IN (SELECT text FROM policy_part)";
}

}  // namespace usher
