// One connection to a directory, over TLS and logged in, by libldap.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/ldap/connecting.h"
#include "plugin/ldap/ldap_failure.h"
#include "plugin/ldap/ldap_limits.h"
#include "plugin/settings/ldap_url.h"
#include "plugin/settings/settings.h"

struct ldap;
struct ldapmsg;

namespace usher
{

/// An entry as it was sent: bytes of a stranger.
struct LdapEntry {
    std::string dn;
    std::map<std::string, std::vector<std::string>> attributes;  ///< by name, in lower case

    /// Empty if the entry has none. `name` in any case.
    [[nodiscard]] const std::vector<std::string>& values(std::string_view name) const;
};

/// ASCII.
[[nodiscard]] std::string in_lower_case(std::string_view text);

/// Certificate and name of the server are verified, referrals are not followed, and each wait has an end. Options are
/// this connection's own, whatever ldap.conf(5) says.
class LdapSession
{
  public:
    static constexpr int kPageSize = 500;

    /// Settings must outlive the object; so must `stop`, which ends whatever is being waited for.
    LdapSession(const LdapSettings& settings, int stop, const LdapLimits& limits)
        : settings_(settings), stop_(stop), limits_(limits)
    {
    }

    /// Connects and logs in. Refused before anything is sent: a login without a password, which a directory may take
    /// for an anonymous one and call it a success (RFC 4513 section 5.1.2), and one without TLS beyond this machine.
    [[nodiscard]] tl::expected<void, LdapFailure> open(std::string_view password);

    using Visit = std::function<void(const LdapEntry& entry)>;
    /// Visits all entries that match, below the base of the settings, page by page (RFC 2696). An error if these are
    /// not all.
    [[nodiscard]] tl::expected<void, LdapFailure> search(const std::string& filter,
                                                         const std::vector<std::string>& attributes,
                                                         const Visit& visit);
    /// Reads the entry of that name. One that is there but not shown is an error like one that may not be read.
    [[nodiscard]] tl::expected<LdapEntry, LdapFailure> read(const std::string& dn,
                                                            const std::vector<std::string>& attributes);

    /// Whether the directory says that the entry has no such attribute. It does not say so of one that the reader may not
    /// see: that is what a comparison (RFC 4511 section 4.10) shows and a search does not. `value`: any that the
    /// attribute could have.
    [[nodiscard]] tl::expected<bool, LdapFailure> has_none(const std::string& dn,
                                                           const std::string& attribute,
                                                           const std::string& value);

    /// Parts of the directory that were said to be on other servers, since the beginning.
    struct References {
        std::size_t count = 0;
        std::vector<std::string> first;  ///< where some of them are: URLs, words of a stranger
    };
    [[nodiscard]] const References& references() const { return references_; }

  private:
    struct Unbind {
        void operator()(ldap* handle) const;
    };
    struct Query {
        const std::string& base;
        int scope;
        const std::string& filter;
        const std::vector<std::string>& attributes;
    };

    [[nodiscard]] tl::expected<void, LdapFailure> connect();
    [[nodiscard]] tl::expected<void, LdapFailure> secure();
    enum class Certificate { verified, looked_at };
    /// libldap's code.
    [[nodiscard]] int start_tls(Certificate certificate);
    /// Finds out, on a connection of its own on which nothing else is sent, why TLS has not come about.
    [[nodiscard]] TlsFault tls_fault();
    [[nodiscard]] tl::expected<void, LdapFailure> log_in(std::string_view password);
    /// False: no more of them is wanted.
    using Take = std::function<bool(const LdapEntry& entry)>;
    /// One page, or all if `cookie` is null. The cookie of the next page, empty after the last one.
    [[nodiscard]] tl::expected<void, LdapFailure> read_page(const Query& query, std::string* cookie,
                                                            const Take& take);
    void note_reference(ldapmsg* message);
    [[nodiscard]] LdapReply reply(int code) const;
    /// Why the connection was ended here, if it was; otherwise `failure`.
    [[nodiscard]] LdapFailure unless_given_up(LdapFailure failure) const;

    const LdapSettings& settings_;
    const int stop_;
    const LdapLimits limits_;
    LdapUrl url_;
    std::string password_in_texts_;  // what no text may have
    std::unique_ptr<ldap, Unbind> handle_;
    std::unique_ptr<ConnectionEnder> ender_;
    References references_;
};

}  // namespace usher
