// One stream to the server, from connecting to its end. The connection (connection.h) uses it; tests replace
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "integration/xmpp/stanza.h"

namespace usher
{

/// Where to log in, and as whom.
struct Login {
    std::string host;  ///< name or address to connect to; certificates are not checked against it
    std::uint16_t port = 0;
    std::string address;     ///< `local@domain/resource` of an account, or a component's domain
    bool component = false;  ///< XEP-0114 instead of client-to-server
    std::string password;    ///< of the account, or the component's secret
    /// For a connection: gives the password anew for each attempt, because it may be changed meanwhile; or why there is
    /// none. May be empty: then `password` stays.
    std::function<tl::expected<std::string, std::string>()> read_password;
    bool tls = true;  ///< accounts only: STARTTLS, with the certificate checked against the account's domain
    std::string ca_file;  ///< PEM; if empty, the system's certificate authorities
    /// Accounts only: do not log in. Reports the `<features/>` that the server sends before a login (after
    /// STARTTLS if it is offered, with any certificate), then ends with `closed`.
    bool features_only = false;
};

/// Why a stream ended, or could not be opened.
struct Failure {
    enum class Kind {
        closed,        ///< we ended it
        no_password,   ///< it could not be read; the detail says why
        lookup,        ///< no address was found for the host's name
        unreachable,   ///< none of the host's addresses accepts a connection
        timeout,       ///< not logged in within the deadline
        no_tls,        ///< the server offers no STARTTLS
        certificate,   ///< the server's certificate was refused
        credentials,   ///< wrong password or secret, or no such account
        mechanism,     ///< no SASL mechanism in common
        unknown_host,  ///< the server does not serve the domain of our address
        conflict,      ///< somebody else is logged in with our address
        lost,          ///< the server ended the stream, or the connection broke
        silent,        ///< the server no longer answers
        detached,      ///< the server still takes what we send, but no longer delivers to our address
    };

    Kind kind = Kind::lost;
    std::string detail;  ///< text from the server or the TLS library; may be empty
};

/// Events of a channel. Always called from the event loop, never during a call to the channel.
class ChannelEvents
{
  public:
    virtual ~ChannelEvents() = default;
    /// Logged in. `address` is the full address that the server assigned (for a component, its domain).
    virtual void opened(const std::string& address) = 0;
    virtual void received(const Stanza& stanza) = 0;
    /// The last event of a channel, which may be destroyed during this call.
    virtual void ended(const Failure& failure) = 0;
};

class Channel
{
  public:
    virtual ~Channel() = default;
    /// Queues whole stanzas for sending.
    virtual void send(std::string_view xml) = 0;
    /// The number of bytes that are queued because the server has not yet taken them or earlier ones. Those that were
    /// passed on together count until the last of them is taken.
    [[nodiscard]] virtual std::size_t unsent() const = 0;
    /// Reports everything that has arrived, sends everything that is queued, then ends the stream.
    virtual void close() = 0;
    /// Ends the stream at once; `ended` follows with this failure.
    virtual void abandon(Failure failure) = 0;
};

class ChannelMaker
{
  public:
    virtual ~ChannelMaker() = default;
    /// Starts connecting and returns at once. `events` must outlive the channel.
    [[nodiscard]] virtual std::unique_ptr<Channel> open(const Login& login, ChannelEvents& events) = 0;
};

}  // namespace usher
