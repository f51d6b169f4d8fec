#include "plugin/ldap/ldap_session.h"

#include <fcntl.h>
#include <ldap.h>
#include <openldap.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "plugin/ldap/peer_certificate.h"

namespace usher
{

namespace
{

constexpr timeval kPatience{10, 0};  // for what takes a directory no time: a login, or TLS

timeval timeval_of(std::chrono::milliseconds time)
{
    return {static_cast<time_t>(time.count() / 1000), static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

struct FreeMessage {
    void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
using Message = std::unique_ptr<LDAPMessage, FreeMessage>;

struct FreeText {
    void operator()(char* text) const { ldap_memfree(text); }
};
using Text = std::unique_ptr<char, FreeText>;

struct FreeControls {
    void operator()(LDAPControl** controls) const { ldap_controls_free(controls); }
    void operator()(LDAPControl* control) const { ldap_control_free(control); }
};

LdapEntry entry_of(ldap* handle, LDAPMessage* message)
{
    LdapEntry entry;
    if (const Text dn(ldap_get_dn(handle, message)); dn) {
        entry.dn = dn.get();
    }
    BerElement* position = nullptr;
    for (Text name(ldap_first_attribute(handle, message, &position)); name;
         name.reset(ldap_next_attribute(handle, message, position))) {
        std::vector<std::string>& values = entry.attributes[in_lower_case(name.get())];
        if (berval** all = ldap_get_values_len(handle, message, name.get()); all != nullptr) {
            for (berval** value = all; *value != nullptr; ++value) {
                values.emplace_back((*value)->bv_val, (*value)->bv_len);
            }
            ldap_value_free_len(all);
        }
    }
    ber_free(position, 0);
    return entry;
}

/// What the reply to that request says of it.
int reply_code(ldap* handle, int number, timeval patience = kPatience)
{
    LDAPMessage* received = nullptr;
    const int kind = ldap_result(handle, number, LDAP_MSG_ALL, &patience, &received);
    const Message message(received);
    if (kind <= 0) {
        return kind == 0 ? LDAP_TIMEOUT : LDAP_SERVER_DOWN;
    }
    int code = LDAP_SUCCESS;
    const int parsed = ldap_parse_result(handle, received, &code, nullptr, nullptr, nullptr, nullptr, 0);
    return parsed == LDAP_SUCCESS ? code : parsed;
}

/// What libldap looks at if nobody names a file, or, where it looks at none, what the distribution has.
std::string authorities_file(const std::string& ca_file, ldap* handle)
{
    if (!ca_file.empty()) {
        return ca_file;
    }
    for (const int option : {LDAP_OPT_X_TLS_CACERTFILE, LDAP_OPT_X_TLS_CACERTDIR}) {
        char* given = nullptr;
        ldap_get_option(handle, option, static_cast<void*>(&given));
        if (const Text text(given); text) {
            return {};
        }
    }
    for (const char* const known :
         {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}) {
        if (::access(known, R_OK) == 0) {
            return known;
        }
    }
    return {};
}

}  // namespace

std::string in_lower_case(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

const std::vector<std::string>& LdapEntry::values(std::string_view name) const
{
    static const std::vector<std::string> none;
    const auto found = attributes.find(in_lower_case(name));
    return found == attributes.end() ? none : found->second;
}

void LdapSession::Unbind::operator()(ldap* handle) const
{
    ldap_unbind_ext(handle, nullptr, nullptr);
}

tl::expected<void, LdapFailure> LdapSession::open(std::string_view password)
{
    const auto url = parse_ldap_url(settings_.url);
    if (!url) {
        return tl::unexpected(
            LdapFailure{LDAP_PARAM_ERROR, "this is no URL of a directory (ldaps://HOST or ldap://HOST)"});
    }
    url_ = *url;
    if (!settings_.bind_dn.empty() && password.empty()) {
        return tl::unexpected(
            LdapFailure{LDAP_PARAM_ERROR, "a login as " + settings_.bind_dn + " needs a password"});
    }
    if (!url_.tls && !settings_.tls_required && !is_loopback(url_.host)) {
        return tl::unexpected(LdapFailure{
            LDAP_PARAM_ERROR,
            "the password would go to " + url_.host + " without TLS: set ldap.tls to \"required\""});
    }
    password_in_texts_ = password;
    return connect().and_then([this] { return secure(); }).and_then([this, password] {
        return log_in(password);
    });
}

tl::expected<void, LdapFailure> LdapSession::connect()
{
    auto socket = connect_tcp(url_.host, url_.port, stop_);
    if (!socket) {
        return tl::unexpected(is_readable(stop_) ? stopped_failure()
                                                 : LdapFailure{LDAP_CONNECT_ERROR, socket.error()});
    }
    ender_ = std::make_unique<ConnectionEnder>(socket->get(), stop_, limits_.whole);
    ldap* handle = nullptr;
    const int made = ldap_init_fd(socket->get(), LDAP_PROTO_TCP, url_.text().c_str(), &handle);
    if (made != LDAP_SUCCESS) {
        return tl::unexpected(LdapFailure{made, std::string("libldap: ") + ldap_err2string(made)});
    }
    handle_.reset(handle);
    static_cast<void>(socket->release());
    const int version = LDAP_VERSION3;
    const int never = LDAP_DEREF_NEVER;
    const int no_limit = LDAP_NO_LIMIT;
    ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    ldap_set_option(handle, LDAP_OPT_RESTART, LDAP_OPT_ON);
    ldap_set_option(handle, LDAP_OPT_DEREF, &never);
    ldap_set_option(handle, LDAP_OPT_SIZELIMIT, &no_limit);
    ldap_set_option(handle, LDAP_OPT_TIMELIMIT, &no_limit);
    ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &kPatience);
    ldap_set_option(handle, LDAP_OPT_TIMEOUT, &kPatience);
    return {};
}

tl::expected<void, LdapFailure> LdapSession::secure()
{
    if (!url_.tls && !settings_.tls_required) {
        return {};
    }
    ldap* const handle = handle_.get();
    if (!url_.tls) {
        int number = 0;
        int code = ldap_start_tls(handle, nullptr, nullptr, &number);
        if (code == LDAP_SUCCESS) {
            code = reply_code(handle, number);
        }
        if (code != LDAP_SUCCESS) {
            return tl::unexpected(unless_given_up(starttls_failure(reply(code))));
        }
    }
    const int code = start_tls(Certificate::verified);
    if (code == LDAP_PARAM_ERROR) {
        const std::string file =
            settings_.ca_file.empty() ? "the system's file of authorities" : settings_.ca_file;
        return tl::unexpected(LdapFailure{
            code, "TLS cannot be used: does " + file + " have certificates (PEM) that usherd may read?"});
    }
    if (code != LDAP_SUCCESS) {
        const LdapReply what = reply(code);
        const TlsFault fault = code == LDAP_TIMEOUT ? TlsFault::no_tls : tls_fault();
        return tl::unexpected(unless_given_up(tls_failure(what, fault, url_.host, settings_)));
    }
    return {};
}

int LdapSession::start_tls(Certificate certificate)
{
    ldap* const handle = handle_.get();
    if (const std::string file = authorities_file(settings_.ca_file, handle); !file.empty()) {
        ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTDIR, nullptr);
        ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, file.c_str());
    }
    const int demand = certificate == Certificate::verified ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER;
    const int names =
        LDAP_OPT_X_TLS_TRY;  // the common name counts only where there are no other names (RFC 6125)
    const int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
    const int is_server = 0;
    ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
    ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_SAN, &names);
    ldap_set_option(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest);
    if (ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &is_server) != LDAP_OPT_SUCCESS) {
        return LDAP_PARAM_ERROR;
    }
    // libldap does not wait, but tries again and again, on a socket that does not block; and has no end on one that
    // does.
    int descriptor = -1;
    ldap_get_option(handle, LDAP_OPT_DESC, &descriptor);
    const ConnectionEnder deadline(descriptor, -1, std::chrono::seconds(kPatience.tv_sec));
    const int flags = ::fcntl(descriptor, F_GETFL);
    ::fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
    const int code = ldap_install_tls(handle);
    ::fcntl(descriptor, F_SETFL,
            flags | O_NONBLOCK);  // otherwise half a message would be waited for without an end
    return deadline.ended() ? LDAP_TIMEOUT : code;
}

TlsFault LdapSession::tls_fault()
{
    TlsFault fault = TlsFault::no_tls;
    handle_.reset();
    if (!connect()) {
        return fault;
    }
    int number = 0;
    const bool ready =
        url_.tls || (ldap_start_tls(handle_.get(), nullptr, nullptr, &number) == LDAP_SUCCESS &&
                     reply_code(handle_.get(), number) == LDAP_SUCCESS);
    if (ready && start_tls(Certificate::looked_at) == LDAP_SUCCESS) {
        fault = TlsFault::not_trusted;
        berval sent{};
        if (ldap_get_option(handle_.get(), LDAP_OPT_X_TLS_PEERCERT, &sent) == LDAP_OPT_SUCCESS &&
            sent.bv_val != nullptr) {
            if (!names_host({sent.bv_val, sent.bv_len}, url_.host)) {
                fault = TlsFault::other_name;
            }
            ber_memfree(sent.bv_val);
        }
    }
    handle_.reset();  // nobody is to log in here
    return fault;
}

tl::expected<void, LdapFailure> LdapSession::log_in(std::string_view password)
{
    if (settings_.bind_dn.empty()) {
        return {};
    }
    std::string copy(password);
    berval credentials{copy.size(), copy.data()};
    const int code = ldap_sasl_bind_s(handle_.get(), settings_.bind_dn.c_str(), LDAP_SASL_SIMPLE,
                                      &credentials, nullptr, nullptr, nullptr);
    if (code != LDAP_SUCCESS) {
        return tl::unexpected(unless_given_up(bind_failure(reply(code), settings_)));
    }
    return {};
}

tl::expected<void, LdapFailure> LdapSession::search(const std::string& filter,
                                                    const std::vector<std::string>& attributes,
                                                    const Visit& visit)
{
    std::string cookie;
    std::size_t entries = 0;
    std::size_t empty_pages = 0;
    const Take take = [&](const LdapEntry& entry) {
        if (++entries > limits_.entries) {
            return false;
        }
        visit(entry);
        return true;
    };
    do {
        const std::size_t before = entries;
        const auto read = read_page({settings_.base, LDAP_SCOPE_SUBTREE, filter, attributes}, &cookie, take);
        if (entries > limits_.entries) {
            return tl::unexpected(LdapFailure{
                LDAP_SIZELIMIT_EXCEEDED, "more than " + std::to_string(limits_.entries) + " entries match " +
                                             filter + ": set a narrower filter"});
        }
        if (!read) {
            return read;
        }
        empty_pages += entries == before ? 1 : 0;
        if (empty_pages > limits_.empty_pages) {
            return tl::unexpected(
                LdapFailure{LDAP_OTHER, "the directory sends one empty page after the other for " + filter});
        }
    } while (!cookie.empty());
    return {};
}

tl::expected<LdapEntry, LdapFailure> LdapSession::read(const std::string& dn,
                                                       const std::vector<std::string>& attributes)
{
    std::optional<LdapEntry> found;
    const std::string any = "(objectClass=*)";
    const auto read =
        read_page({dn, LDAP_SCOPE_BASE, any, attributes}, nullptr, [&found](const LdapEntry& entry) {
            found = entry;
            return true;
        });
    if (!read) {
        return tl::unexpected(read.error());
    }
    if (!found) {
        return tl::unexpected(search_failure({LDAP_INSUFFICIENT_ACCESS, {}}, dn, {}, settings_));
    }
    return *std::move(found);
}

tl::expected<bool, LdapFailure> LdapSession::has_none(const std::string& dn, const std::string& attribute,
                                                      const std::string& value)
{
    std::string copy(value);
    berval compared{copy.size(), copy.data()};
    int number = 0;
    int code =
        ldap_compare_ext(handle_.get(), dn.c_str(), attribute.c_str(), &compared, nullptr, nullptr, &number);
    if (code == LDAP_SUCCESS) {
        code = reply_code(handle_.get(), number, timeval_of(limits_.patience));
    }
    switch (code) {
        case LDAP_NO_SUCH_ATTRIBUTE:
        case LDAP_UNDEFINED_TYPE:
            return true;
        case LDAP_COMPARE_TRUE:
        case LDAP_COMPARE_FALSE:
        case LDAP_INSUFFICIENT_ACCESS:
        case LDAP_NO_SUCH_OBJECT:
            return false;
        default:
            return tl::unexpected(unless_given_up(search_failure(reply(code), dn, {}, settings_)));
    }
}

tl::expected<void, LdapFailure> LdapSession::read_page(const Query& query, std::string* cookie,
                                                       const Take& take)
{
    ldap* const handle = handle_.get();
    const auto failed = [&](const LdapReply& what, const std::string& matched = {}) {
        const std::string filter = query.scope == LDAP_SCOPE_BASE ? "" : query.filter;
        LdapFailure failure = search_failure(what, query.base, filter, settings_);
        failure.matched = matched;
        return tl::unexpected(unless_given_up(std::move(failure)));
    };
    std::string none = LDAP_NO_ATTRS;
    std::vector<std::string> names = query.attributes;
    std::vector<char*> asked;
    for (std::string& name : names) {
        asked.push_back(name.data());
    }
    if (asked.empty()) {
        asked.push_back(none.data());
    }
    asked.push_back(nullptr);

    // Not critical: a directory without pages sends all at once.
    std::unique_ptr<LDAPControl, FreeControls> page;
    std::array<LDAPControl*, 2> controls{};
    if (cookie != nullptr) {
        berval from{cookie->size(), cookie->data()};
        LDAPControl* made = nullptr;
        if (const int code = ldap_create_page_control(handle, kPageSize, &from, 0, &made);
            code != LDAP_SUCCESS) {
            return failed(reply(code));
        }
        page.reset(made);
        controls[0] = made;
        cookie->clear();
    }
    int number = 0;
    const int sent =
        ldap_search_ext(handle, query.base.c_str(), query.scope, query.filter.c_str(), asked.data(), 0,
                        controls.data(), nullptr, nullptr, LDAP_NO_LIMIT, &number);
    if (sent != LDAP_SUCCESS) {
        return failed(reply(sent));
    }
    for (;;) {
        timeval patience = timeval_of(limits_.patience);
        LDAPMessage* received = nullptr;
        const int kind = ldap_result(handle, number, LDAP_MSG_ONE, &patience, &received);
        const Message message(received);
        if (kind <= 0) {
            const LdapReply what = kind == 0 ? LdapReply{LDAP_TIMEOUT, {}} : reply(LDAP_SERVER_DOWN);
            ldap_abandon_ext(handle, number, nullptr, nullptr);
            return failed(what);
        }
        if (kind == LDAP_RES_SEARCH_ENTRY) {
            if (!take(entry_of(handle, received))) {
                ldap_abandon_ext(handle, number, nullptr, nullptr);
                return {};
            }
        } else if (kind == LDAP_RES_SEARCH_REFERENCE) {
            note_reference(received);
        } else {
            int code = LDAP_SUCCESS;
            char* nearest = nullptr;
            LDAPControl** replied = nullptr;
            const int parsed =
                ldap_parse_result(handle, received, &code, &nearest, nullptr, nullptr, &replied, 0);
            const Text matched(nearest);
            const std::unique_ptr<LDAPControl*, FreeControls> owned(replied);
            if (parsed != LDAP_SUCCESS || code != LDAP_SUCCESS) {
                return failed(reply(parsed != LDAP_SUCCESS ? parsed : code), matched ? matched.get() : "");
            }
            LDAPControl* const next = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, replied, nullptr);
            ber_int_t size = 0;
            berval from{};
            if (cookie != nullptr && next != nullptr &&
                ldap_parse_pageresponse_control(handle, next, &size, &from) == LDAP_SUCCESS) {
                cookie->assign(from.bv_val == nullptr ? "" : from.bv_val, from.bv_len);
                ber_memfree(from.bv_val);
            }
            return {};
        }
    }
}

void LdapSession::note_reference(ldapmsg* message)
{
    constexpr std::size_t kNamed = 3;
    ++references_.count;
    char** urls = nullptr;
    if (ldap_parse_reference(handle_.get(), message, &urls, nullptr, 0) != LDAP_SUCCESS) {
        return;
    }
    if (urls != nullptr && urls[0] != nullptr && references_.first.size() < kNamed) {
        references_.first.emplace_back(urls[0]);
    }
    ber_memvfree(reinterpret_cast<void**>(urls));
}

LdapFailure LdapSession::unless_given_up(LdapFailure failure) const
{
    if (is_readable(stop_)) {
        return stopped_failure();
    }
    return ender_ && ender_->ended() ? too_long_failure() : std::move(failure);
}

LdapReply LdapSession::reply(int code) const
{
    LdapReply what{code, {}};
    char* said = nullptr;
    if (ldap_get_option(handle_.get(), LDAP_OPT_DIAGNOSTIC_MESSAGE, static_cast<void*>(&said)) ==
        LDAP_OPT_SUCCESS) {
        if (const Text text(said); text) {
            what.diagnostic = text.get();
        }
    }
    if (!password_in_texts_.empty() && what.diagnostic.find(password_in_texts_) != std::string::npos) {
        what.diagnostic.clear();  // nobody but the server can have put it there
    }
    return what;
}

}  // namespace usher
