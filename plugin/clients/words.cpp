#include "plugin/clients/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "plugin/people/person_fields.h"
#include "plugin/text/archive_words.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

/// Everything but RFC 3986's unreserved characters, as its octets.
std::string percent_encoded(std::string_view text)
{
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 &&
            (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos)) {
            encoded += c;
        } else {
            encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 0xfU]};
        }
    }
    return encoded;
}

/// What the counts alone do not say of a domain; empty if nothing.
std::string remarks(const ArchiveStatus& status)
{
    std::vector<std::string> found;
    if (!status.problem.empty()) {
        found.push_back("the last attempt failed: " + status.problem);
    }
    if (status.known_only) {
        found.emplace_back(kOnlyKnownAccounts);
    } else if (!status.listed) {
        found.emplace_back("not all accounts are counted yet");
    }
    return joined(found, "; ");
}

}  // namespace

std::string describe(const Decision& decision)
{
    std::string words = std::string(name(decision.answer)) + ": " + std::string(to_string(decision.reason));
    if (decision.rule != 0) {
        words += " " + std::to_string(decision.rule);
    }
    return words;
}

std::string lower_case(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::string counted(std::size_t count, const std::string& what)
{
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string_view availability(const FoundPerson& found)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kWords{{
        {"chat", "free for chat"},
        {"available", "available"},
        {"away", "away"},
        {"xa", "away for long"},
        {"dnd", "do not disturb"},
    }};
    for (const auto& [show, words] : kWords) {
        if (found.show == show) {
            return words;
        }
    }
    return "not available";
}

std::string describe(const FoundPerson& found)
{
    const std::string name = name_of(found.person);
    return found.person.address.text() + (name.empty() ? "" : " (" + name + ")") + ", " +
           std::string(availability(found));
}

DataForm form_to_find_people(std::string form_type)
{
    DataForm form;
    form.form_type = std::move(form_type);
    form.title = kFindPeople;
    // Gajim, Pidgin and Psi do not show the remark that stands above a table.
    form.instructions = {"Give at least two letters of a name or an address. No more than " +
                         std::to_string(Operations::kMaxFound) + " people are shown."};
    FormField words;
    words.var = "search";
    words.label = "Name or address";
    words.required = true;
    form.fields = {std::move(words)};
    return form;
}

std::string describe(const UserExceptions& user)
{
    constexpr std::size_t kMaxBytes = 8'000;  // addresses may be very long
    std::string text;
    for (const Handling handling : kHandlings) {
        std::string line;
        for (const ContactException& one : user.exceptions) {
            if (one.handling == handling && text.size() + line.size() + one.entry.size() < kMaxBytes) {
                line += (line.empty() ? "" : ", ") + one.entry;
            } else if (one.handling == handling) {
                line += line.ends_with(", ...") ? "" : ", ...";
            }
        }
        if (!line.empty()) {
            text += (text.empty() ? "" : "\n") + std::string(label(handling)) + ": " + line;
        }
    }
    return text.empty() ? "There are no exceptions: your option holds for all requests." : text;
}

std::string describe(const PersonOption& option)
{
    if (option.excluded) {
        return "Your administrator has excluded this account from search.";
    }
    if (!option.listed) {
        return "Others do not find you in search.";
    }
    return option.availability ? "Others find you in search, and see there whether you are available."
                               : "Others find you in search, but do not see there whether you are available.";
}

std::string_view remark(const PeopleFound& found)
{
    if (found.limited) {
        return "There are more, but you have been shown as many people as you may see in a day.";
    }
    return found.more ? "There are more: please give more of the name." : "";
}

std::string link_to_add(const Person& person)
{
    const Address& address = person.address;
    std::string link =
        "xmpp:" + percent_encoded(address.local()) + "@" + percent_encoded(address.domain()) + "?roster";
    if (const std::string name = name_of(person); !name.empty()) {
        link += ";name=" + percent_encoded(name);
    }
    return link;
}

std::string describe(const WebLink& link)
{
    return "This link opens the administration page, as you, once, within ten minutes: " + link.url;
}

std::string describe(const Review& review)
{
    if (review.requests.empty()) {
        return review.unlisted.empty() ? "No requests were waiting."
                                       : "No requests were waiting. Not listed: " + reasons(review.unlisted);
    }
    std::size_t approved = 0;
    std::size_t denied = 0;
    std::size_t failed = 0;
    for (const Reviewed& reviewed : review.requests) {
        if (reviewed.outcome == AnswerOutcome::refused || reviewed.outcome == AnswerOutcome::lost) {
            ++failed;
        } else if (reviewed.outcome == AnswerOutcome::answered) {
            ++(reviewed.decision.answer == Answer::approve ? approved : denied);
        }
    }
    std::string words = "Of " + counted(review.requests.size(), "waiting request") + " " +
                        std::to_string(approved) + " approved, " + std::to_string(denied) + " denied";
    if (failed > 0) {
        words += ", " + std::to_string(failed) + " not applied by the server";
    }
    return words + "; the others wait for your answer." + (review.more ? " There are more." : "") +
           (review.unlisted.empty() ? "" : " Not answered: " + reasons(review.unlisted));
}

std::vector<std::string> describe(const OrganizationArchives& archives)
{
    constexpr std::size_t kMaxDomains = 3;
    ArchiveCounts counts{};
    std::vector<std::string> domains;
    for (const DomainArchives& one : archives.domains) {
        for (std::size_t state = 0; state < kArchiveStates.size(); ++state) {
            const auto* const words = std::find_if(
                kArchiveStateWords.begin(), kArchiveStateWords.end(),
                [state](const ArchiveStateWords& each) { return each.state == name(kArchiveStates[state]); });
            counts.at(static_cast<std::size_t>(words - kArchiveStateWords.begin())) +=
                one.status.accounts[state];
        }
        if (const std::string found = remarks(one.status); !found.empty()) {
            domains.push_back(one.domain + ": " + found + ".");
        }
    }
    if (domains.size() > kMaxDomains) {
        const std::size_t more = domains.size() - kMaxDomains;
        domains.resize(kMaxDomains);
        domains.push_back("There are remarks on " + counted(more, "more domain") +
                          ": see the administration page, or \"usherctl archive\" on Usher's machine.");
    }
    std::vector<std::string> lines{"Accounts: " + in_words(counts) + "."};
    lines.insert(lines.end(), domains.begin(), domains.end());
    lines.emplace_back(kArchivesNotCovered);
    return lines;
}

}  // namespace usher
