// One stream to the server, from connecting to its end: what the connection (connection.h) drives, and what a
// test replaces.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "integration/xmpp/stanza.h"

namespace usher
{

/// Who logs in where.
struct Login {
    std::string host;  ///< name or address to connect to; not what a certificate is checked against
    std::uint16_t port = 0;
    std::string address;     ///< `local@domain/resource` of an account, or a component's domain
    bool component = false;  ///< XEP-0114 instead of client-to-server
    std::string password;    ///< or the component's secret
    bool tls = true;  ///< accounts only: STARTTLS, with the certificate checked against the account's domain
    std::string ca_file;  ///< PEM; empty: the system's authorities
    /// Accounts only: no login. The `<features/>` that the server shows before one (after STARTTLS where it
    /// is offered, whatever the certificate) are received, and the channel ends: `closed`.
    bool look_only = false;
};

/// Why a stream ended, or never came to be.
struct Failure {
    enum class Kind {
        closed,        ///< as we asked
        lookup,        ///< the host's name has no address
        unreachable,   ///< no address could be connected to
        timeout,       ///< not logged in within the deadline
        no_tls,        ///< the server offers no STARTTLS
        certificate,   ///< the server's certificate was refused
        credentials,   ///< wrong password or secret, or no such account
        mechanism,     ///< no SASL mechanism in common
        unknown_host,  ///< the server does not serve the domain of our address
        conflict,      ///< somebody else is logged in with our address
        lost,          ///< the server ended the stream, or the connection broke
        silent,        ///< the server no longer answers
    };

    Kind kind = Kind::lost;
    std::string detail;  ///< from the server or the TLS library, for people; may be empty

    /// Trying again with the same settings cannot help.
    [[nodiscard]] bool permanent() const
    {
        return kind == Kind::no_tls || kind == Kind::certificate || kind == Kind::credentials ||
               kind == Kind::mechanism || kind == Kind::unknown_host;
    }
};

/// What a channel reports. Never called from inside a call to the channel, always from the event loop.
class ChannelEvents
{
  public:
    virtual ~ChannelEvents() = default;
    /// Logged in. `address` is the full address the server gave us (a component's domain).
    virtual void opened(const std::string& address) = 0;
    virtual void received(const Stanza& stanza) = 0;
    /// The last event of a channel. It may be destroyed from here.
    virtual void ended(const Failure& failure) = 0;
};

class Channel
{
  public:
    virtual ~Channel() = default;
    /// Queues whole stanzas for sending.
    virtual void send(std::string_view xml) = 0;
    /// Bytes that wait until the server takes what was sent before them.
    [[nodiscard]] virtual std::size_t unsent() const = 0;
    /// Lets everything that has arrived be received, sends what is queued and ends the stream.
    virtual void close() = 0;
    /// Gives up at once; `ended` follows with this failure.
    virtual void abandon(Failure failure) = 0;
};

class ChannelMaker
{
  public:
    virtual ~ChannelMaker() = default;
    /// Starts connecting; returns at once. `events` must outlive the channel.
    [[nodiscard]] virtual std::unique_ptr<Channel> open(const Login& login, ChannelEvents& events) = 0;
};

}  // namespace usher
