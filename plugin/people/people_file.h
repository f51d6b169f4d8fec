// Reads an organisation's file of people (`names = "file"`): JSON Lines, one person in each.
//
// All of it, or nothing: half a file would have half of the people forgotten. Not here: when it is read (file_refresh.h).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/people/domain_people.h"
#include "plugin/settings/setting_error.h"
#include "plugin/settings/settings.h"
#include "policy/people_search.h"

namespace usher
{

/// What is wanted of it.
struct PeopleFile {
    static constexpr std::size_t kMaxBytes = std::size_t{256} * 1024 * 1024;
    static constexpr std::size_t kMaxLines = 1'000'000;
    static constexpr std::size_t kMaxLineBytes = 16'384;
    /// Whoever mends these sees the next ones.
    static constexpr std::size_t kMaxErrors = 100;

    std::string path;
    std::vector<std::string> domains;  ///< of the organisation, as the settings file has them
    std::vector<PersonField> fields;   ///< what may be known of its people

    friend bool operator==(const PeopleFile&, const PeopleFile&) = default;
};

/// Of the organisations whose people may be searched and are in a file.
[[nodiscard]] std::vector<PeopleFile> people_files(const std::vector<OrganizationSettings>& organizations);

/// By domain; each of the domains is there.
using PeopleOfFile = std::map<std::string, DomainPeople>;
using PeopleFileOutcome = tl::expected<PeopleOfFile, std::vector<SettingError>>;

/// `text` is what the file has. Without anybody in it, it is not valid: that is how one looks that is just being written.
[[nodiscard]] PeopleFileOutcome parse_people(std::string_view text, const PeopleFile& file);

/// Takes its time for many people, a second for 100,000: for a thread.
[[nodiscard]] PeopleFileOutcome read_people_file(const PeopleFile& file);

/// What is wrong with all of them, each as a line for people.
[[nodiscard]] std::vector<std::string> check_people_files(
    const std::vector<OrganizationSettings>& organizations);

}  // namespace usher
