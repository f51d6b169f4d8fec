// What is known of server software. Usher tells servers apart by name only here and in setup.h, in what it
// says to administrators.
#pragma once

#include <string>
#include <string_view>

namespace usher
{

/// Who is to be allowed what.
struct Grantee {
    std::string address;  ///< ours
    bool component = false;
    std::string domain;  ///< whose requests
};

struct KnownServer {
    bool supported = true;  ///< there is a connector, made for this version
    std::string note;       ///< what is limited there; may be empty
    std::string connector;  ///< how the connector gets there
    std::string grant;      ///< how Usher is allowed to answer
    std::string closing;    ///< how registration is closed
};

/// `software` and `version` as the server gives them (XEP-0092); both may be empty.
[[nodiscard]] KnownServer known_server(std::string_view software, std::string_view version,
                                       const Grantee& grantee);

}  // namespace usher
