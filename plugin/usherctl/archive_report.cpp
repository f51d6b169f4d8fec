#include "plugin/usherctl/archive_report.h"

#include <cstdint>

#include "plugin/text/archive_words.h"
#include "plugin/text/lists.h"
#include "plugin/text/terminal.h"
#include "plugin/usherctl/reports.h"

namespace usher::archive_report
{

namespace
{

using Json = nlohmann::ordered_json;

constexpr std::size_t kWidth = 100;

std::string text(const Json& json, const char* member)
{
    return json.at(member).get<std::string>();
}

/// `never, locked`.
std::string wish_text(const Json& wish)
{
    return text(wish, "default") + (wish.at("lock").get<bool>() ? ", locked" : "");
}

void add(ArchiveCounts& sum, const Json& accounts)
{
    for (std::size_t i = 0; i < sum.size(); ++i) {
        sum[i] += accounts.at(std::string(kArchiveStateWords[i].state)).get<std::uint64_t>();
    }
}

std::string domain_text(const Json& domain)
{
    ArchiveCounts counts{};
    const Json& archive = domain.at("archive");
    add(counts, archive.at("accounts"));
    std::string out = text(domain, "domain") + ": " + in_words(counts);
    if (const Json& listed = archive.at("listed"); listed.is_string()) {
        out += "; as listed at " + control_report::local_time(listed.get<std::string>());
    }
    if (const Json& server = archive.at("server_default"); server.is_string()) {
        out += "; accounts without a preference: " + server.get<std::string>() + " (the server's default)";
    }
    if (const std::string problem = text(archive, "problem"); !problem.empty()) {
        out += "; LAST PROBLEM: " + problem;
    }
    if (archive.at("known_only").get<bool>()) {
        out += "; " + std::string(kOnlyKnownAccounts);
    }
    return out;
}

std::string user_text(const Json& user)
{
    const Json& wish = user.at("organization_wants");
    std::string out = printable(text(user, "user")) + "\n  " + printable(text(user, "organization")) +
                      " wants: " + printable(wish_text(wish)) + "\n";
    if (text(wish, "default") == "server") {
        return out +
               "  usherd sets nothing there, and has asked nothing: what the server and the user want applies.\n";
    }
    const Json& preference = user.at("preference");
    out += "  the server has: " +
           (preference.is_string() ? printable(preference.get<std::string>()) : "no preference") +
           (user.at("locked").get<bool>() ? ", locked" : "") + "\n  ";
    const std::string state = text(user, "state");
    if (state == "set") {
        return out + "Set by usherd.\n";
    }
    if (state != "own") {
        return out + "Not set yet. If it stays so, usherd's log says why.\n";
    }
    return out + (user.at("locked").get<bool>()
                      ? "Locked by somebody else than usherd, which leaves it as it is.\n"
                      : "The user set it, or had it before usherd.\n");
}

}  // namespace

std::string report(const Json& archive)
{
    if (const Json& user = archive.at("user"); user.is_object()) {
        return user_text(user) + "\n" + wrapped(kArchivesNotCovered, kWidth, 0) + "\n";
    }
    std::string out;
    bool wanted = false;
    for (const Json& organization : archive.at("organizations")) {
        out += (out.empty() ? "" : "\n") + printable(text(organization, "organization")) + ": " +
               printable(wish_text(organization)) + "\n";
        if (text(organization, "default") == "server") {
            out += "  usherd sets nothing: what the server and its users want applies.\n";
            continue;
        }
        wanted = true;
        for (const Json& domain : organization.at("domains")) {
            out += "  " + wrapped(domain_text(domain), kWidth, 4) + "\n";
        }
    }
    return wanted ? out + "\n" + wrapped(kArchivesNotCovered, kWidth, 0) + "\n" : out;
}

std::string line(const Json& domains)
{
    ArchiveCounts counts{};
    std::string wish;
    std::string problem;
    std::string known_only;
    for (const Json& domain : domains) {
        const Json& archive = domain.at("archive");
        if (!archive.is_object()) {
            continue;
        }
        wish = wish_text(archive);
        add(counts, archive.at("accounts"));
        if (problem.empty() && !text(archive, "problem").empty()) {
            problem = "; " + text(domain, "domain") + ": " + text(archive, "problem");
        }
        if (known_only.empty() && archive.at("known_only").get<bool>()) {
            known_only = "; " + text(domain, "domain") + ": " + std::string(kOnlyKnownAccounts);
        }
    }
    return wish.empty() ? "" : wish + ": " + in_words(counts) + problem + known_only;
}

}  // namespace usher::archive_report
