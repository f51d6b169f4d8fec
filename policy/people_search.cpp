#include "policy/people_search.h"

#include <algorithm>

#include "policy/address.h"

namespace usher
{

namespace
{

/// Takes time in proportion to the product of both lengths at most: only the last `*` is tried again.
bool fits(std::string_view text, std::string_view pattern)
{
    std::size_t at = 0;
    std::size_t in_pattern = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_ends = 0;
    while (at < text.size()) {
        if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
            star = in_pattern++;
            star_ends = at;
        } else if (in_pattern < pattern.size() && pattern[in_pattern] == text[at]) {
            ++in_pattern;
            ++at;
        } else if (star != std::string_view::npos) {
            in_pattern = star + 1;
            at = ++star_ends;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

}  // namespace

std::string_view name(PersonField field)
{
    switch (field) {
        case PersonField::full_name:
            return "full_name";
        case PersonField::given_name:
            return "given_name";
        case PersonField::family_name:
            return "family_name";
        case PersonField::nickname:
            return "nickname";
        case PersonField::email:
            return "email";
    }
    return "full_name";
}

std::optional<AccountPattern> AccountPattern::read(std::string_view text)
{
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || text.find('/') != std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view given = text.substr(at + 1);
    // A local part may have an asterisk (RFC 6122, appendix A.5), a domain not.
    const auto local = Address::prepare(std::string(text.substr(0, at)) + "@any.domain");
    const auto domain = given == "*" ? std::string("*") : prepare_domain(given);
    if (!local || !domain || (given != "*" && domain->find('*') != std::string::npos)) {
        return std::nullopt;
    }
    return AccountPattern(std::string(local->local()) + "@" + *domain);
}

bool AccountPattern::matches(std::string_view address) const
{
    return fits(address, text_);
}

bool PeopleSearch::lists(std::string_view address, std::optional<bool> decided) const
{
    return listed != Listed::off && decided.value_or(listed == Listed::opt_out) &&
           std::none_of(not_listed.begin(), not_listed.end(),
                        [address](const AccountPattern& pattern) { return pattern.matches(address); });
}

bool PeopleSearch::shows_availability(std::optional<bool> decided) const
{
    return availability && decided.value_or(true);
}

}  // namespace usher
