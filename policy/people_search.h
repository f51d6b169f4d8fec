// Which users may be found by others, and who may look for them.
//
// Not here: how people are found (plugin/people), what each user has decided (plugin/people/people_choices.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace usher
{

/// Which users are found who have not decided about it themselves.
enum class Listed {
    off,      ///< search is switched off: nobody is found, whatever they have decided
    opt_out,  ///< all
    opt_in,   ///< none
};

/// What may be known of a user besides the address.
enum class PersonField { full_name, given_name, family_name, nickname, email };

inline constexpr std::array kPersonFields{PersonField::full_name, PersonField::given_name,
                                          PersonField::family_name, PersonField::nickname,
                                          PersonField::email};

/// The name in the configuration: `full_name`, `given_name`, ...
[[nodiscard]] std::string_view name(PersonField field);

/// Accounts of an organisation that are nobody's own, such as `postmaster@*` or `bot-*@example.org`. `*` stands for any
/// number of characters.
class AccountPattern
{
  public:
    /// Prepares both parts, of which the second is `*` or a domain. Empty if that cannot be done.
    [[nodiscard]] static std::optional<AccountPattern> read(std::string_view text);

    /// `address` is prepared.
    [[nodiscard]] bool matches(std::string_view address) const;
    [[nodiscard]] const std::string& text() const { return text_; }

    friend bool operator==(const AccountPattern&, const AccountPattern&) = default;

  private:
    explicit AccountPattern(std::string text) : text_(std::move(text)) {}

    std::string text_;
};

/// Who says which users there are, and what they are called.
enum class NamesFrom {
    vcard,  ///< their server, which takes it from what they have written about themselves
    ldap,   ///< a directory
    file,   ///< a file of the administrator
};

/// How an organisation's users are found.
struct PeopleSearch {
    Listed listed = Listed::off;
    NamesFrom names = NamesFrom::vcard;
    std::string file;          ///< with NamesFrom::file: which
    bool availability = true;  ///< others see it of those who have not decided about it; if false, of nobody
    std::vector<PersonField> fields{kPersonFields.begin(), kPersonFields.end()};
    std::vector<std::string> searchers;      ///< domains whose users may search, besides the organisation's
    std::vector<AccountPattern> not_listed;  ///< whatever their users have decided
    std::uint32_t searches_per_minute = 10;  ///< of one user
    std::uint32_t people_per_day = 300;      ///< whom one user is shown, each counted once

    /// Whether the user with this address is found, who has decided so, or has not decided.
    [[nodiscard]] bool lists(std::string_view address, std::optional<bool> decided) const;
    /// Whether others see if a user is available who has decided so, or has not decided.
    [[nodiscard]] bool shows_availability(std::optional<bool> decided) const;
};

}  // namespace usher
