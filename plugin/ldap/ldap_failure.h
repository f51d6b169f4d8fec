// What went wrong at a directory, for people who have to do something about it.
#pragma once

#include <string>
#include <string_view>

#include "plugin/settings/settings.h"

namespace usher
{

struct LdapFailure {
    int code = 0;  ///< of LDAP (RFC 4511 appendix A), or libldap's own, which are negative
    std::string text;
    /// Where there is no such entry: the name of the lowest one above it that the directory says is there; or empty.
    std::string matched = {};
};

/// What the directory, or libldap, has said of it.
struct LdapReply {
    int code = 0;
    std::string diagnostic;  ///< words of a stranger
};

enum class TlsFault {
    no_tls,       ///< whatever answers there does not speak it
    other_name,   ///< the certificate is for another one
    not_trusted,  ///< nor is it known by whom it is signed, or it has expired
};

/// Who reads, as the settings have it.
[[nodiscard]] std::string reader_of(const LdapSettings& settings);

/// These say what was said, and what helps.
[[nodiscard]] LdapFailure starttls_failure(const LdapReply& outcome);
[[nodiscard]] LdapFailure tls_failure(const LdapReply& outcome, TlsFault fault, std::string_view host,
                                      const LdapSettings& settings);
[[nodiscard]] LdapFailure bind_failure(const LdapReply& outcome, const LdapSettings& settings);
[[nodiscard]] LdapFailure search_failure(const LdapReply& outcome, const std::string& base,
                                         const std::string& filter, const LdapSettings& settings);

/// Whether the directory says that the entry, which would be below this one, is not there. Of one that may not be seen it
/// says that there is no such entry, too, but not how far it is there.
[[nodiscard]] bool is_gone(const LdapFailure& failure, const std::string& parent);

/// Somebody does not want to wait any longer.
[[nodiscard]] LdapFailure stopped_failure();
/// The time for a whole reading is over.
[[nodiscard]] LdapFailure too_long_failure();

}  // namespace usher
