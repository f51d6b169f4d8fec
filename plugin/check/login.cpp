#include "plugin/check/login.h"

namespace usher
{

Login login(const ConnectionSettings& connection, std::string password, std::string_view resource)
{
    Login login;
    login.host = connection.host;
    login.port = connection.port;
    login.component = connection.component.has_value();
    login.address =
        login.component ? *connection.component : connection.account->text() + "/" + std::string(resource);
    login.password = std::move(password);
    login.tls = connection.tls_required;
    login.ca_file = connection.ca_file;
    return login;
}

}  // namespace usher
