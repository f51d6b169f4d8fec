#include "plugin/people/people_file.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <nlohmann/json.hpp>

#include "plugin/files/regular_file.h"
#include "plugin/people/person_fields.h"
#include "plugin/settings/kinds.h"
#include "plugin/settings/spelling.h"
#include "plugin/settings/syntax.h"
#include "plugin/settings/toml_file.h"
#include "plugin/text/lists.h"
#include "plugin/text/terminal.h"

namespace usher
{

namespace
{

using Json = nlohmann::json;

constexpr std::string_view kAddress = "address";
constexpr const char* kPersonAccepted =
    R"(one person, such as {"address": "juliet@example.org", "full_name": "Juliet Capulet"})";
constexpr const char* kAddressAccepted = "an address such as juliet@example.org";

std::vector<std::string_view> keys()
{
    std::vector<std::string_view> all{kAddress};
    std::transform(kPersonFields.begin(), kPersonFields.end(), std::back_inserter(all),
                   [](PersonField field) { return name(field); });
    return all;
}

std::string& field_of(Person& person, PersonField field)
{
    switch (field) {
        case PersonField::full_name:
            return person.full_name;
        case PersonField::given_name:
            return person.given_name;
        case PersonField::family_name:
            return person.family_name;
        case PersonField::nickname:
            return person.nickname;
        case PersonField::email:
            break;
    }
    return person.email;
}

class PeopleParser
{
  public:
    explicit PeopleParser(const PeopleFile& file) : file_(file) {}

    PeopleFileOutcome parse(std::string_view text)
    {
        for (std::size_t at = 0; at < text.size() && errors_.size() < PeopleFile::kMaxErrors;) {
            if (++line_ > PeopleFile::kMaxLines) {
                refuse({}, "a line more", "at most " + std::to_string(PeopleFile::kMaxLines));
                break;
            }
            const std::size_t end = std::min(text.find('\n', at), text.size());
            read_line(text.substr(at, end - at));
            at = end + 1;
        }
        line_ = 0;
        if (errors_.empty() && people_.empty()) {
            refuse({}, "nobody", "at least one person");
        }
        if (!errors_.empty()) {
            return tl::unexpected(std::move(errors_));
        }
        return by_domain();
    }

  private:
    void refuse(std::string_view key, const std::string& found, const std::string& accepted)
    {
        errors_.push_back({file_.path, line_, std::string(key), found, accepted});
    }

    void read_line(std::string_view line)
    {
        if (line.size() > PeopleFile::kMaxLineBytes) {
            refuse({}, std::to_string(line.size()) + " bytes in one line",
                   "at most " + std::to_string(PeopleFile::kMaxLineBytes));
            return;
        }
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
            return;
        }
        std::size_t keys_read = 0;
        const auto count_keys = [&keys_read](int depth, Json::parse_event_t event, Json&) {
            keys_read += depth == 1 && event == Json::parse_event_t::key ? 1 : 0;
            return true;
        };
        try {
            const Json json = Json::parse(line, count_keys);
            if (!json.is_object()) {
                refuse({}, shortened(json.dump()), kPersonAccepted);
            } else if (keys_read != json.size()) {
                refuse({}, "a key that is there twice", "each key once");
            } else {
                read_person(json);
            }
        } catch (const Json::parse_error& error) {
            refuse({}, "what is no JSON, at byte " + std::to_string(error.byte) + " of the line",
                   kPersonAccepted);
        }
    }

    void read_person(const Json& json)
    {
        const std::size_t errors_before = errors_.size();
        for (const auto& [key, value] : json.items()) {
            const auto known = keys();
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                const std::string_view near = nearest(key, known);
                refuse(shortened(key), "an unknown key",
                       near.empty() ? joined(known) : std::string(near) + " (is that what was meant?)");
            }
        }
        for (const PersonField field : kPersonFields) {
            if (const auto found = json.find(name(field)); found != json.end() && !found->is_string()) {
                refuse(name(field), shortened(found->dump()), "a text, in quotes");
            }
        }
        std::optional<Address> address = read_address(json);
        if (errors_.size() > errors_before) {
            return;
        }
        Person person{*std::move(address), {}, {}, {}, {}, {}};
        for (const PersonField field : kPersonFields) {
            field_of(person, field) = person_field(json.value(name(field), std::string()));
        }
        people_.push_back(with_fields(person, file_.fields));
    }

    std::optional<Address> read_address(const Json& json)
    {
        const auto given = json.find(kAddress);
        if (given == json.end()) {
            refuse(kAddress, "nothing", kAddressAccepted);
            return std::nullopt;
        }
        const std::string found = shortened(given->dump());
        auto address =
            given->is_string() ? syntax::read_address(given->get_ref<const std::string&>()) : std::nullopt;
        if (!address) {
            refuse(kAddress, found, kinds::accepted_address_beside(*given, kAddressAccepted));
            return std::nullopt;
        }
        if (std::find(file_.domains.begin(), file_.domains.end(), address->domain()) == file_.domains.end()) {
            refuse(kAddress, found,
                   "an address of the organization's domains: " + shortened(joined(file_.domains)));
            return std::nullopt;
        }
        const auto [first, fresh] = lines_.try_emplace(*address, line_);
        if (!fresh) {
            refuse(kAddress, found + ", as in line " + std::to_string(first->second), "each person once");
            return std::nullopt;
        }
        return address;
    }

    PeopleOfFile by_domain()
    {
        std::sort(people_.begin(), people_.end(), [](const Person& a, const Person& b) {
            return a.address.text() < b.address.text();  // so that they are put in quickly
        });
        PeopleOfFile all;
        for (const std::string& domain : file_.domains) {
            all[domain];
        }
        for (const Person& person : people_) {
            all[std::string(person.address.domain())].put(person);
        }
        return all;
    }

    const PeopleFile& file_;
    std::uint32_t line_ = 0;
    std::vector<Person> people_;
    std::unordered_map<Address, std::uint32_t> lines_;
    std::vector<SettingError> errors_;
};

}  // namespace

std::vector<PeopleFile> people_files(const std::vector<OrganizationSettings>& organizations)
{
    std::vector<PeopleFile> all;
    for (const OrganizationSettings& one : organizations) {
        if (one.people.listed != Listed::off && one.people.names == NamesFrom::file) {
            all.push_back({one.people.file, one.domains, one.people.fields});
        }
    }
    return all;
}

PeopleFileOutcome parse_people(std::string_view text, const PeopleFile& file)
{
    return PeopleParser(file).parse(text);
}

PeopleFileOutcome read_people_file(const PeopleFile& file)
{
    const auto refused = [&file](const std::string& found) {
        return tl::unexpected(
            std::vector{SettingError{file.path, 0, {}, found, "a readable file of at most 256 MiB"}});
    };
    try {
        const auto content = read_regular_file(file.path, PeopleFile::kMaxBytes);
        if (content && content->whole) {
            return parse_people(content->text, file);
        }
        return refused(content ? "a file of more than 256 MiB" : found_instead(content.error()));
    } catch (const std::bad_alloc&) {
        return refused("more than there is memory for");
    }
}

std::vector<std::string> check_people_files(const std::vector<OrganizationSettings>& organizations)
{
    std::vector<std::string> problems;
    for (const PeopleFile& file : people_files(organizations)) {
        if (const auto read = read_people_file(file); !read) {
            std::transform(read.error().begin(), read.error().end(), std::back_inserter(problems),
                           [](const SettingError& error) { return printable(to_string(error)); });
        }
    }
    return problems;
}

}  // namespace usher
