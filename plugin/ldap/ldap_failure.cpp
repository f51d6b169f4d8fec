#include "plugin/ldap/ldap_failure.h"

#include <ldap.h>

#include <array>
#include <utility>

#include "plugin/ldap/distinguished_name.h"
#include "plugin/text/terminal.h"

namespace usher
{

namespace
{

LdapFailure said(const std::string& tried, const LdapReply& reply, const std::string& advice)
{
    std::string text = tried;
    if (reply.code != LDAP_CONNECT_ERROR) {  // which says no more than that
        text += std::string(": ") + ldap_err2string(reply.code);
    }
    if (!reply.diagnostic.empty() &&
        reply.diagnostic != "(unknown error code)") {  // GnuTLS's, of certificates
        text += " (" + short_ascii(reply.diagnostic) + ")";
    }
    return {reply.code, advice.empty() ? text : text + ": " + advice};
}

bool has(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// What Active Directory hides in a number.
std::string active_directory_advice(std::string_view diagnostic)
{
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> meanings{{
        {"data 532", "the password has expired"},
        {"data 533", "the account is disabled"},
        {"data 701", "the account has expired"},
        {"data 773", "the password has to be changed first"},
        {"data 775", "the account is locked"},
    }};
    for (const auto& [number, meaning] : meanings) {
        if (has(diagnostic, number)) {
            return std::string(meaning);
        }
    }
    return {};
}

/// What may be wrong whatever was asked for. Empty: nothing that is known of.
std::string general_advice(int code)
{
    switch (code) {
        case LDAP_SERVER_DOWN:
            return "the directory has closed the connection; is it running, and is that its port?";
        case LDAP_TIMEOUT:
            return "the directory has said nothing for ten seconds; is it overloaded, and is that its port?";
        case LDAP_BUSY:
        case LDAP_UNAVAILABLE:
            return "try again later";
        case LDAP_STRONG_AUTH_REQUIRED:
        case LDAP_CONFIDENTIALITY_REQUIRED:
            return "the directory wants TLS: set ldap.url to ldaps://, or ldap.tls to \"required\"";
        default:
            return {};
    }
}

}  // namespace

std::string reader_of(const LdapSettings& settings)
{
    return settings.bind_dn.empty() ? "whoever is not logged in" : settings.bind_dn;
}

LdapFailure starttls_failure(const LdapReply& reply)
{
    const std::string known = general_advice(reply.code);
    return said("no StartTLS", reply,
                known.empty() ? "set up TLS in the directory, or use ldaps:// if it offers that" : known);
}

LdapFailure tls_failure(const LdapReply& reply, TlsFault fault, std::string_view host,
                        const LdapSettings& settings)
{
    const std::string authorities = settings.ca_file.empty() ? "the system's authorities" : settings.ca_file;
    switch (fault) {
        case TlsFault::other_name:
            return said(
                "certificate refused", reply,
                "it is not for " + std::string(host) + "; ldap.url has to have the name that it is for");
        case TlsFault::not_trusted:
            return said("certificate refused", reply,
                        "is the authority that has signed it in " + authorities +
                            ", and has it not expired? An authority of your own goes into ldap.ca_file");
        case TlsFault::no_tls:
            break;
    }
    const std::string known = general_advice(reply.code);
    return said(
        "no TLS", reply,
        known.empty() ? "is that the port for TLS? ldaps:// has 636, ldap:// with StartTLS has 389" : known);
}

LdapFailure bind_failure(const LdapReply& reply, const LdapSettings& settings)
{
    std::string advice = general_advice(reply.code);
    if (reply.code == LDAP_INVALID_CREDENTIALS) {
        advice = active_directory_advice(reply.diagnostic);
        if (advice.empty()) {
            advice = "compare ldap.bind_dn with the directory, and " + settings.password_file +
                     " with its password";
        }
    }
    return said("cannot log in as " + settings.bind_dn, reply, advice);
}

LdapFailure search_failure(const LdapReply& reply, const std::string& base, const std::string& filter,
                           const LdapSettings& settings)
{
    std::string advice = general_advice(reply.code);
    switch (reply.code) {
        case LDAP_TIMEOUT:
            advice = "the directory has said nothing for two minutes; is it overloaded?";
            break;
        case LDAP_SIZELIMIT_EXCEEDED:
        case LDAP_ADMINLIMIT_EXCEEDED:
        case LDAP_TIMELIMIT_EXCEEDED:
            advice = "the directory gives only a part; raise its limits for " + reader_of(settings) +
                     " (OpenLDAP: olcLimits; Active Directory: the LDAP policies)";
            break;
        case LDAP_NO_SUCH_OBJECT:
            advice = "it is not there, or " + reader_of(settings) + " may not see it";
            break;
        case LDAP_INSUFFICIENT_ACCESS:
            advice = reader_of(settings) + " has to have the right to read it";
            break;
        case LDAP_OPERATIONS_ERROR:
        case LDAP_INAPPROPRIATE_AUTH:
            advice = settings.bind_dn.empty() ? "Active Directory wants a login: set ldap.bind_dn" : advice;
            break;
        case LDAP_REFERRAL:
            advice = "another server has it, and referrals are not followed: set ldap.url to that server";
            break;
        default:
            break;
    }
    if (reply.code == LDAP_FILTER_ERROR) {
        return said("this is no filter: " + filter, reply, advice);
    }
    return said("cannot read " + base + (filter.empty() ? "" : " with the filter " + filter), reply, advice);
}

bool is_gone(const LdapFailure& failure, const std::string& parent)
{
    return failure.code == LDAP_NO_SUCH_OBJECT && !failure.matched.empty() &&
           key_of(failure.matched) == key_of(parent);
}

LdapFailure stopped_failure()
{
    return {LDAP_USER_CANCELLED, "reading the directory was given up"};
}

LdapFailure too_long_failure()
{
    return {LDAP_USER_CANCELLED,
            "reading the directory took more than ten minutes; is it overloaded, or far away?"};
}

}  // namespace usher
