#include "plugin/usherctl/setup.h"

#include "plugin/settings/settings_table.h"
#include "plugin/settings/toml_value.h"
#include "plugin/text/lists.h"

namespace usher
{

std::string usual_address(LoginKind login, std::string_view domain)
{
    return (login == LoginKind::component ? "usher." : "usher@") + std::string(domain);
}

Installation installation(const Settings& settings, ServerKind server)
{
    Installation found;
    found.server = server;
    found.login = settings.connection.component ? LoginKind::component : LoginKind::account;
    found.own = own_address(settings.connection);
    for (const Organization& organization : settings.organizations) {
        found.domains.insert(found.domains.end(), organization.domains.begin(), organization.domains.end());
        if (organization.people.listed != Listed::off &&
            (organization.people.names == NamesFrom::vcard || organization.people.availability)) {
            found.people_domains.insert(found.people_domains.end(), organization.domains.begin(),
                                        organization.domains.end());
        }
    }
    return found;
}

std::string settings_text(const Installation& wanted, const std::string& secret_file, bool page)
{
    const std::string comment = page ? "" : "#";
    const bool component = wanted.login == LoginKind::component;
    return "# Usher's settings. usher.toml(5) has all of them.\n"
           "# usherd --check says whether this file is valid; systemctl reload usher puts a change into "
           "force.\n"
           "\n"
           "[connection]\n" +
           std::string(component ? "port = 5347\ncomponent = " : "port = 5222\naccount = ") +
           toml_string(wanted.own) + "\n" + (component ? "secret_file = " : "password_file = ") +
           toml_string(secret_file) +
           "\n"
           "\n"
           "[[organization]]\n"
           "name = " +
           toml_string(wanted.domains.front()) +
           "\n"
           "domains = " +
           "[" + joined(wanted.domains, ", ", toml_string) + "]" +
           "\n"
           "# Whose requests are approved: \"all\", those of colleagues (\"organization\"), or nobody's "
           "(\"prompt\").\n"
           "option = \"organization\"\n"
           "# Whether users may set that for themselves.\n"
           "users_may_choose = false\n"
           "# Who may change this in an XMPP client.\n"
           "administrators = []\n"
           "\n"
           "# The administration page. `usherctl web` prints a link that opens it.\n" +
           comment + "[web]\n" + comment + "listen = \"127.0.0.1:5281\"\n";
}

std::string next_steps(const Installation& installed, const std::string& secret_file, bool page)
{
    const std::string domain(installed.own.substr(installed.own.find('@') + 1));
    const bool account = installed.login == LoginKind::account;
    std::string out;
    if (installed.server == ServerKind::prosody) {
        out =
            "What is printed belongs in Prosody's configuration: on Debian, as a file of its own,\n"
            "/etc/prosody/conf.d/usher.cfg.lua. Then:\n";
        if (account) {
            out += "  prosodyctl adduser " + installed.own + "    # its password is in " + secret_file + "\n";
        }
        out += "  systemctl restart prosody\n";
    } else {
        out =
            "What is printed belongs in a file that ejabberd may read, /etc/ejabberd/usher.yml, and in\n"
            "ejabberd.yml a line that names it:\n"
            "  include_config_file: /etc/ejabberd/usher.yml\n"
            "Then:\n";
        if (account) {
            out += "  ejabberdctl register usher " + domain + " \"$(cat " + secret_file + ")\"\n";
        }
        // Not a reload: on Erlang/OTP 26 and later a running ejabberd does not find a module that is new in its folder.
        out += "  systemctl restart ejabberd\n";
    }
    return out +
           "  systemctl restart usher\n"
           "  usherctl check\n" +
           (page ? "  usherctl web      # prints a link to the administration page\n" : "");
}

}  // namespace usher
