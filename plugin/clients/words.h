// Texts that menus and chat share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "integration/xmpp/data_form.h"
#include "plugin/core/found_people.h"
#include "plugin/core/operations.h"

namespace usher
{

/// For example `approve: in organization` or `deny: rule 3`.
[[nodiscard]] std::string describe(const Decision& decision);

/// With the letters of ASCII as small ones.
[[nodiscard]] std::string lower_case(std::string text);

/// `1 request`, `2 requests`
[[nodiscard]] std::string counted(std::size_t count, const std::string& what);

/// `available`, `away`, ... For what the searcher is not to know, as for who is offline, `not available`.
[[nodiscard]] std::string_view availability(const FoundPerson& found);

/// For example `anna@capulet.lit (Anna Bell), away`. The address comes first: nobody can choose another's.
[[nodiscard]] std::string describe(const FoundPerson& found);

/// The title of the form below.
inline constexpr std::string_view kFindPeople = "Find people";

/// Asks whom to search for, in the field `search`.
[[nodiscard]] DataForm form_to_find_people(std::string form_type);

/// A user's exceptions, a line for each kind; the first of them where they are many.
[[nodiscard]] std::string describe(const UserExceptions& exceptions);

/// Whether others find the user, in one sentence.
[[nodiscard]] std::string describe(const PersonOption& option);

/// What stands below those found: that there are more, or why there are not. Empty if these are all.
[[nodiscard]] std::string_view remark(const PeopleFound& found);

/// A link that opens the person in a client, to be added to the contacts: `xmpp:anna@capulet.lit?roster;name=Anna%20Bell`
/// (XEP-0147, RFC 5122).
[[nodiscard]] std::string link_to_add(const Person& person);

/// The link, and how long it is valid.
[[nodiscard]] std::string describe(const WebLink& link);

/// The result of an applied review, in one sentence.
[[nodiscard]] std::string describe(const Review& review);

/// What administrators are told of the archives of an organisation that wants something there, a line each: how many accounts
/// have it, on all of its domains together; what is to be said of single domains, the first of them; and what is not covered.
[[nodiscard]] std::vector<std::string> describe(const OrganizationArchives& archives);

}  // namespace usher
