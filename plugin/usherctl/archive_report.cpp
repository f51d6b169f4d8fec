#include "plugin/usherctl/archive_report.h"

#include <array>
#include <cstdint>
#include <utility>

#include "plugin/text/lists.h"
#include "plugin/text/terminal.h"
#include "plugin/usherctl/reports.h"

namespace usher::archive_report
{

namespace
{

using Json = nlohmann::ordered_json;

constexpr std::size_t kWidth = 100;

const char* const kNotCovered =
    "Not covered: the other side of a conversation keeps its own copy; rooms have archives of their own; what was stored "
    "before stays; and what a client marks not to be stored (XEP-0334) is not stored, whatever is preferred.";

std::string text(const Json& json, const char* member)
{
    return json.at(member).get<std::string>();
}

/// `never, locked`.
std::string wish_text(const Json& wish)
{
    return text(wish, "default") + (wish.at("lock").get<bool>() ? ", locked" : "");
}

struct Counted {
    const char* member;
    const char* words;
};
constexpr std::array kCounted{
    Counted{"set", "set by usherd"}, Counted{"own", "with preferences of their own"},
    Counted{"waiting", "waiting to be set"}, Counted{"unknown", "FAILED (could not be read or set)"},
    Counted{"impossible", "without an archive on the server"}};

const char* const kKnownOnly = "the server cannot list its accounts, so only those known to usherd are set";

/// `12 set by usherd, 3 with preferences of their own`.
std::string counts_text(const std::array<std::uint64_t, kCounted.size()>& counts)
{
    std::string out;
    for (std::size_t i = 0; i < kCounted.size(); ++i) {
        if (i == 0 || counts[i] != 0) {
            out += (out.empty() ? "" : ", ") + std::to_string(counts[i]) + " " + kCounted[i].words;
        }
    }
    return out;
}

void add(std::array<std::uint64_t, kCounted.size()>& sum, const Json& accounts)
{
    for (std::size_t i = 0; i < kCounted.size(); ++i) {
        sum[i] += accounts.at(kCounted[i].member).get<std::uint64_t>();
    }
}

std::string domain_text(const Json& domain)
{
    std::array<std::uint64_t, kCounted.size()> counts{};
    const Json& archive = domain.at("archive");
    add(counts, archive.at("accounts"));
    std::string out = text(domain, "domain") + ": " + counts_text(counts);
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
        out += "; " + std::string(kKnownOnly) +
               " (people who can be found, and users who change their preferences)";
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
        return user_text(user) + "\n" + wrapped(kNotCovered, kWidth, 0) + "\n";
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
    return wanted ? out + "\n" + wrapped(kNotCovered, kWidth, 0) + "\n" : out;
}

std::string line(const Json& domains)
{
    std::array<std::uint64_t, kCounted.size()> counts{};
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
            known_only = "; " + text(domain, "domain") + ": " + kKnownOnly;
        }
    }
    return wish.empty() ? "" : wish + ": " + counts_text(counts) + problem + known_only;
}

}  // namespace usher::archive_report
