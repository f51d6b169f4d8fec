#include "plugin/check/failure_text.h"

#include "plugin/text/terminal.h"

namespace usher
{

namespace
{

std::string with(std::string text, const std::string& detail)
{
    return detail.empty() ? text : std::move(text) + " (" + short_ascii(detail) + ")";
}

}  // namespace

FailureText explain(const Failure& failure, const ConnectionSettings& connection)
{
    const std::string server = connection.host + " port " + std::to_string(connection.port);
    const std::string own = own_address(connection);
    const std::string domain(connection.account ? connection.account->domain() : std::string_view(own));
    switch (failure.kind) {
        case Failure::Kind::closed:
            return {"connection closed", {}};
        case Failure::Kind::no_password:
            return {"no " + std::string(connection.component ? "secret: " : "password: ") + failure.detail,
                    {}};
        case Failure::Kind::lookup:
            return {with("no address found for " + connection.host, failure.detail),
                    "is connection.host spelled right, and does name look-up work here?"};
        case Failure::Kind::unreachable:
            return {with("cannot connect to " + server, failure.detail),
                    "is the server running and listening there?"};
        case Failure::Kind::timeout:
            return {"no login at " + server + " within 30 seconds", "is that the right port?"};
        case Failure::Kind::no_tls:
            return {server + " offers no STARTTLS",
                    "enable it on the server; on a loopback address connection.tls = \"off\" does without"};
        case Failure::Kind::certificate:
            return {with("certificate of " + server + " refused", failure.detail),
                    "it has to be valid for " + domain +
                        "; a certificate authority of your own goes into connection.ca_file"};
        case Failure::Kind::credentials:
            if (connection.component) {
                return {with("the server refuses the secret of component " + own, failure.detail),
                        "compare " + connection.secret_file +
                            " with the server's configuration; is the component configured there?"};
            }
            return {with("the server refuses the password of " + own, failure.detail),
                    "compare " + connection.password_file +
                        " with the account's password; does the account exist?"};
        case Failure::Kind::mechanism:
            return {server + " offers no way to log in that usherd knows (SCRAM, DIGEST-MD5, PLAIN)", {}};
        case Failure::Kind::unknown_host:
            return {with(server + " does not serve " + domain, failure.detail),
                    std::string("is it the right server, and is the ") +
                        (connection.component ? "component" : "domain") + " configured there?"};
        case Failure::Kind::conflict:
            return {with("somebody else logged in as " + own, failure.detail), "is another usherd running?"};
        case Failure::Kind::lost:
            return {with("connection to " + server + " lost", failure.detail), {}};
        case Failure::Kind::silent:
            return {server + " no longer answers", {}};
        case Failure::Kind::detached:
            return {with(server + " no longer delivers to " + own, failure.detail),
                    "was the component loaded again or deactivated there? usherd logs in again"};
    }
    return {"connection lost", {}};
}

std::string to_string(const Failure& failure, const ConnectionSettings& connection)
{
    const FailureText explained = explain(failure, connection);
    return explained.fix.empty() ? explained.what : explained.what + ": " + explained.fix;
}

ExitCode exit_code(const Failure& failure)
{
    switch (failure.kind) {
        case Failure::Kind::closed:
            return kStopped;
        case Failure::Kind::credentials:
        case Failure::Kind::mechanism:
            return kCredentials;
        case Failure::Kind::certificate:
        case Failure::Kind::no_tls:
            return kCertificate;
        case Failure::Kind::unknown_host:
            return kUnknownHost;
        case Failure::Kind::no_password:
            return kSettings;
        case Failure::Kind::lookup:
        case Failure::Kind::unreachable:
        case Failure::Kind::timeout:
        case Failure::Kind::conflict:
        case Failure::Kind::lost:
        case Failure::Kind::silent:
        case Failure::Kind::detached:
            return kFailed;
    }
    return kFailed;
}

}  // namespace usher
