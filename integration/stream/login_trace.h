// What is learned while libstrophe logs in, and why a login failed.
//
// libstrophe reports most of it only in its log, whose messages differ by version: this is the one place that knows
// their words.
#pragma once

#include <strophe.h>

#include <optional>
#include <string>
#include <string_view>

#include "integration/stream/channel.h"

namespace usher
{

struct LoginTrace {
    /// Reads a message of libstrophe's log. It must not be logged as it is: some contain the secret.
    void read_log(xmpp_log_level_t level, std::string_view message);
    /// Why there was no login, as far as it is known.
    [[nodiscard]] Failure why_no_login() const;

    std::string bad_certificate;  ///< why the server's certificate was refused; empty if it was not
    std::optional<xmpp_error_type_t> stream_error;  ///< RFC 6120 section 4.9.3
    std::string stream_error_text;

  private:
    // The server accepted a connection. xmpp_conn_is_connected() does not say: since 0.13 it means a login.
    bool connected_ = false;
    bool no_tls_ = false;
    bool temporary_auth_failure_ = false;
    bool mechanism_tried_ = false;
    bool no_mechanism_left_ = false;
    std::string error_text_;
};

}  // namespace usher
