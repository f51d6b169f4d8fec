#include "integration/stream/login_trace.h"

#include <charconv>
#include <cstring>

namespace usher
{

void LoginTrace::read_log(xmpp_log_level_t level, std::string_view message)
{
    constexpr std::string_view kFailed = "connection failed, error ";
    if (message == "connection successful") {
        connected_ = true;
    } else if (message.starts_with("SASL ") && message.ends_with("auth failed")) {
        mechanism_tried_ = true;
    } else if (message.starts_with("RECV: <failure") &&
               message.find("temporary-auth-failure") != std::string_view::npos) {
        temporary_auth_failure_ = true;
    } else if (message.starts_with(kFailed)) {
        int error = 0;
        std::from_chars(message.data() + kFailed.size(), message.data() + message.size(), error);
        error_text_ = std::strerror(error);
    } else if (message.starts_with("TLS is not supported, but set as mandatory")) {
        no_tls_ = true;
    } else if (message.starts_with("Cannot authenticate with known methods")) {
        no_mechanism_left_ = true;
    } else if (message.starts_with("Couldn't start TLS!")) {
        error_text_ = "the TLS handshake failed";
    } else if (level == XMPP_LEVEL_ERROR) {
        error_text_ = message;
    }
}

Failure LoginTrace::why_no_login() const
{
    if (stream_error) {
        switch (*stream_error) {
            case XMPP_SE_HOST_UNKNOWN:
            case XMPP_SE_HOST_GONE:
                return {Failure::Kind::unknown_host, stream_error_text};
            case XMPP_SE_NOT_AUTHORIZED:
                return {Failure::Kind::credentials, stream_error_text};
            case XMPP_SE_CONFLICT:
                return {Failure::Kind::conflict, stream_error_text};
            default:
                return {Failure::Kind::lost, stream_error_text};
        }
    }
    if (!bad_certificate.empty()) {
        return {Failure::Kind::certificate, bad_certificate};
    }
    if (no_tls_) {
        return {Failure::Kind::no_tls, {}};
    }
    if (temporary_auth_failure_) {
        return {Failure::Kind::lost, "the server cannot check passwords at the moment"};
    }
    if (no_mechanism_left_) {
        return {mechanism_tried_ ? Failure::Kind::credentials : Failure::Kind::mechanism, {}};
    }
    return {connected_ ? Failure::Kind::lost : Failure::Kind::unreachable, error_text_};
}

}  // namespace usher
