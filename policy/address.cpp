#include "policy/address.h"

#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>
#include <unicode/utf.h>

#include <array>
#include <cstdint>
#include <ostream>

namespace usher
{

namespace
{

constexpr std::size_t kMaxBytes = 1023;  // RFC 6122 section 2.1, for each part

/// True for the ASCII characters that Nodeprep accepts; it changes only upper case.
constexpr bool plain_in_local(char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '&' && c != '\'' && c != '/' && c != ':' && c != '<' &&
           c != '>' && c != '@';
}

constexpr char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_ascii(std::string_view text)
{
    for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) {
            return false;
        }
    }
    return true;
}

/// A stringprep profile of ICU, opened at first use and kept until the program ends.
class Profile
{
  public:
    explicit Profile(UStringPrepProfileType type)
    {
        UErrorCode error = U_ZERO_ERROR;
        profile_ = usprep_openByType(type, &error);
        if (U_FAILURE(error)) {
            profile_ = nullptr;  // then only plain ASCII can be prepared, and nothing is approved wrongly
        }
    }
    ~Profile()
    {
        if (profile_ != nullptr) {
            usprep_close(profile_);
        }
    }
    Profile(const Profile&) = delete;
    Profile& operator=(const Profile&) = delete;

    /// Appends the prepared form of `part` to `to`. Returns false, with `to` unspecified, if there is none.
    [[nodiscard]] bool prepare(std::string_view part, std::string& to) const
    {
        if (profile_ == nullptr || part.empty() || part.size() > kMaxBytes) {
            return false;
        }
        // Preparation may lengthen a text. More than 1023 bytes of result are refused anyway, so a buffer of
        // a multiple of that is enough.
        std::array<UChar, kMaxBytes + 1> in{};
        std::array<UChar, 4 * kMaxBytes> out{};
        std::array<char, kMaxBytes + 1> utf8{};
        UErrorCode error = U_ZERO_ERROR;
        std::int32_t length = 0;
        u_strFromUTF8(in.data(), static_cast<std::int32_t>(in.size()), &length, part.data(),
                      static_cast<std::int32_t>(part.size()), &error);
        if (U_FAILURE(error)) {
            return false;
        }
        const std::int32_t prepared =
            usprep_prepare(profile_, in.data(), length, out.data(), static_cast<std::int32_t>(out.size()),
                           USPREP_ALLOW_UNASSIGNED, nullptr, &error);
        if (U_FAILURE(error) || prepared == 0) {
            return false;
        }
        u_strToUTF8(utf8.data(), static_cast<std::int32_t>(utf8.size()), &length, out.data(), prepared,
                    &error);
        if (U_FAILURE(error) || length > static_cast<std::int32_t>(kMaxBytes)) {
            return false;
        }
        to.append(utf8.data(), static_cast<std::size_t>(length));
        return true;
    }

  private:
    UStringPrepProfile* profile_ = nullptr;
};

const Profile& nodeprep()
{
    static const Profile profile(USPREP_RFC3920_NODEPREP);
    return profile;
}

const Profile& nameprep()
{
    static const Profile profile(USPREP_RFC3491_NAMEPREP);
    return profile;
}

const Profile& resourceprep()
{
    static const Profile profile(USPREP_RFC3920_RESOURCEPREP);
    return profile;
}

/// Preparation can make a separator of another character (such as U+FF20), which would change the address.
bool has_separator(std::string_view part)
{
    return part.find_first_of("@/") != std::string_view::npos;
}

// An address that Prosody (ICU) and ejabberd (p1_stringprep) prepare differently is refused: what is one
// account on one server could be two on the other. In both cases below it is ejabberd that deviates from RFC
// 3454.

/// U+33C6: ejabberd's tables lack its folding (appendix B.2).
bool has_unfolded_by_ejabberd(std::string_view part)
{
    return part.find("\xe3\x8f\x86") != std::string_view::npos;
}

/// Three combining marks of different classes on one letter: ejabberd does not always order them (section 4).
bool has_several_marks(std::string_view prepared)
{
    UErrorCode error = U_ZERO_ERROR;
    const UNormalizer2* nfd = unorm2_getNFDInstance(&error);
    if (U_FAILURE(error)) {
        return true;
    }
    constexpr int kSeveral = 3;
    int marks = 0;  // since the last letter
    bool differ = false;
    std::uint8_t last = 0;
    bool several = false;
    const auto see = [&](UChar32 c) {
        const std::uint8_t combining = unorm2_getCombiningClass(nfd, c);
        if (combining == 0) {
            marks = 0;
            differ = false;
        } else {
            differ = differ || (marks > 0 && combining != last);
            several = several || (++marks >= kSeveral && differ);
        }
        last = combining;
    };
    const auto length = static_cast<std::int32_t>(prepared.size());
    for (std::int32_t i = 0; i < length;) {
        UChar32 c = 0;
        U8_NEXT_UNSAFE(prepared.data(), i, c);
        std::array<UChar, 32> parts{};
        const std::int32_t count =
            unorm2_getDecomposition(nfd, c, parts.data(), static_cast<std::int32_t>(parts.size()), &error);
        if (count < 0) {
            see(c);
        }
        for (std::int32_t j = 0; j < count;) {
            U16_NEXT(parts.data(), j, count, c);
            see(c);
        }
    }
    return several || U_FAILURE(error);
}

constexpr std::string_view kALabel = "xn--";                  // RFC 3490 section 5, in lower case
constexpr std::string_view kIdeographicDot = "\xe3\x80\x82";  // U+3002
/// RFC 3490 section 3.1: U+3002, U+FF0E, U+FF61.
constexpr std::array<std::string_view, 3> kOtherDots{kIdeographicDot, "\xef\xbc\x8e", "\xef\xbd\xa1"};

bool has_a_label(std::string_view prepared)
{
    return prepared.starts_with(kALabel) || prepared.find(".xn--") != std::string_view::npos;
}

/// Nameprep allows these. Spaces and control characters mislead whoever compares, logs or displays the
/// domain; a final dot Prosody and ejabberd treat differently; A-labels and U+3002 (RFC 3490 section 3.1) are
/// another way to write a domain, which leads to the same server.
bool is_ambiguous(std::string_view domain)
{
    for (const char c : domain) {
        if ((c >= 0 && c <= ' ') || c == 0x7f) {
            return true;
        }
    }
    return domain.ends_with('.') || has_a_label(domain) ||
           domain.find(kIdeographicDot) != std::string_view::npos;
}

bool append_local(std::string_view part, std::string& to)
{
    if (part.empty() || part.size() > kMaxBytes) {
        return false;
    }
    const std::size_t start = to.size();
    if (is_ascii(part)) {
        for (const char c : part) {
            if (!plain_in_local(c)) {
                return false;
            }
            to.push_back(lower(c));
        }
        return true;
    }
    if (has_unfolded_by_ejabberd(part) || !nodeprep().prepare(part, to)) {
        return false;
    }
    const std::string_view prepared = std::string_view(to).substr(start);
    return !has_separator(prepared) && !has_several_marks(prepared);
}

bool append_domain(std::string_view part, std::string& to)
{
    if (part.empty() || part.size() > kMaxBytes) {
        return false;
    }
    const std::size_t start = to.size();
    if (is_ascii(part)) {
        for (const char c : part) {
            to.push_back(lower(c));
        }
    } else if (has_unfolded_by_ejabberd(part) || !nameprep().prepare(part, to) ||
               has_several_marks(std::string_view(to).substr(start))) {
        return false;
    }
    const std::string_view prepared = std::string_view(to).substr(start);
    return !has_separator(prepared) && !is_ambiguous(prepared);
}

/// What ICU's IDNA makes of a label. Empty if that cannot be done.
template <typename Convert>
std::optional<std::string> converted(Convert convert, std::string_view label)
{
    static UIDNA* const idna = [] {
        UErrorCode error = U_ZERO_ERROR;
        UIDNA* const opened = uidna_openUTS46(UIDNA_DEFAULT, &error);
        return U_FAILURE(error) ? nullptr : opened;
    }();
    if (idna == nullptr || label.size() > kMaxBytes) {
        return std::nullopt;
    }
    std::array<char, kMaxBytes + 1> out{};
    UIDNAInfo problems = UIDNA_INFO_INITIALIZER;
    UErrorCode error = U_ZERO_ERROR;
    const std::int32_t length = convert(idna, label.data(), static_cast<std::int32_t>(label.size()),
                                        out.data(), static_cast<std::int32_t>(out.size()), &problems, &error);
    if (U_FAILURE(error) || problems.errors != 0) {
        return std::nullopt;
    }
    return std::string(out.data(), static_cast<std::size_t>(length));
}

/// A label, with the U-label for an A-label. Empty if there is none that is prepared to itself: preparation
/// makes `strasse` of `straße`, which is another domain than `xn--strae-oqa`.
std::optional<std::string> u_label(std::string_view label)
{
    std::string lower_case;
    for (const char c : label) {
        lower_case.push_back(lower(c));
    }
    if (!lower_case.starts_with(kALabel)) {
        return std::string(label);
    }
    auto unicode = converted(uidna_labelToUnicodeUTF8, lower_case);
    if (!unicode || prepare_domain(*unicode) != unicode ||
        converted(uidna_labelToASCII_UTF8, *unicode) != lower_case) {
        return std::nullopt;
    }
    return unicode;
}

bool valid_resource(std::string_view part)
{
    std::string prepared;
    if (part.empty() || part.size() > kMaxBytes) {
        return false;
    }
    return resourceprep().prepare(part, prepared);
}

}  // namespace

std::optional<Address> Address::prepare(std::string_view text)
{
    auto address = prepare_contact(text);
    if (address && address->domain_at_ == 0) {
        address.reset();
    }
    return address;
}

std::optional<Address> Address::prepare_contact(std::string_view address)
{
    // RFC 6122 section 2.1: the resource starts at the first slash, the local part ends at the first `@`.
    const std::size_t slash = address.find('/');
    if (slash != std::string_view::npos) {
        if (!valid_resource(address.substr(slash + 1))) {
            return std::nullopt;
        }
        address = address.substr(0, slash);
    }
    std::string text;
    text.reserve(address.size());
    if (const std::size_t at = address.find('@'); at != std::string_view::npos) {
        if (!append_local(address.substr(0, at), text)) {
            return std::nullopt;
        }
        text.push_back('@');
        address.remove_prefix(at + 1);
    }
    const std::size_t domain_at = text.size();
    if (!append_domain(address, text)) {
        return std::nullopt;
    }
    return Address(std::move(text), domain_at);
}

std::optional<Address> prepared_address(std::string_view text)
{
    auto address = Address::prepare(text);
    if (address && address->text() != text) {
        address.reset();
    }
    return address;
}

std::ostream& operator<<(std::ostream& out, const Address& address)
{
    return out << address.text();
}

std::optional<std::string> prepare_domain(std::string_view domain)
{
    std::string text;
    text.reserve(domain.size());
    if (!append_domain(domain, text)) {
        return std::nullopt;
    }
    return text;
}

std::optional<std::string> comparable_domain(std::string_view domain)
{
    std::string dotted(domain);
    for (const std::string_view form : kOtherDots) {
        for (std::size_t at = dotted.find(form); at != std::string::npos; at = dotted.find(form, at)) {
            dotted.replace(at, form.size(), ".");
        }
    }
    while (dotted.ends_with('.')) {
        dotted.pop_back();
    }
    std::string in_u_labels;
    for (std::string_view rest = dotted;;) {
        const std::size_t dot = rest.find('.');
        const auto label = u_label(rest.substr(0, dot));
        if (!label) {
            return std::nullopt;
        }
        in_u_labels += *label;
        if (dot == std::string_view::npos) {
            return prepare_domain(in_u_labels);
        }
        in_u_labels += '.';
        rest.remove_prefix(dot + 1);
    }
}

}  // namespace usher
