#include "plugin/usherctl/setup.h"

#include <ranges>

#include "integration/xmpp/namespaces.h"
#include "plugin/settings/settings_table.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

std::string prosody_part(const Installation& installed, const std::string& secret)
{
    std::string out =
        "-- Usher answers contact requests. Of two modules_enabled (or privileged_entities) for one host "
        "Prosody\n"
        "-- uses the last: if a host has its own elsewhere, add what stands here to that instead.\n";
    for (const std::string& domain : installed.domains) {
        out += "VirtualHost \"" + domain +
               "\"\n"
               "\tmodules_enabled = { \"subscription_requests\" }\n"
               "\tprivileged_entities = {\n"
               "\t\t[\"" +
               installed.own + "\"] = { iq = { [\"" + std::string(ns::kRequests) +
               "\"] = \"both\" } };\n"
               "\t}\n";
        if (installed.login == LoginKind::account) {
            out += "\tunlimited_jids = { \"" + installed.own + "\" } -- its answers must not wait\n";
        }
        out += "\n";
    }
    if (installed.login == LoginKind::component) {
        out += "Component \"" + installed.own +
               "\"\n"
               "\tcomponent_secret = \"" +
               secret +
               "\"\n"
               "\tcomponent_conflict_resolve = \"kick_old\"\n"
               "\tmodules_enabled = { \"privilege\" }\n";
    }
    return out;
}

std::string ejabberd_part(const Installation& installed, const std::string& secret)
{
    std::string out =
        "# Usher answers contact requests.\n"
        "# Where mod_pres_counter is loaded, as by Debian, give it count: 100 there. Answers count like "
        "requests: with 5\n"
        "# a minute, somebody who asks three contacts at once never receives the third's answer.\n";
    if (installed.login == LoginKind::component) {
        out +=
            "listen:\n"
            "  -\n"
            "    port: 5347\n"
            "    ip: 127.0.0.1\n"
            "    module: ejabberd_service\n"
            "    global_routes: false\n"
            "    hosts:\n"
            "      " +
            installed.own +
            ":\n"
            "        password: \"" +
            secret + "\"\n";
    } else {
        out +=
            "# In shaper_rules its c2s_shaper has to be none: with Debian's 3000 bytes a second answers "
            "wait.\n";
    }
    out += "append_host_config:\n";
    for (const std::string& domain : installed.domains) {
        out += "  " + domain +
               ":\n"
               "    modules:\n"
               "      mod_subscription_requests:\n"
               "        entities:\n"
               "          - " +
               installed.own + "\n";
    }
    return out;
}

}  // namespace

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
    }
    return found;
}

std::string settings_text(const Installation& wanted, const std::string& secret_file)
{
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
           "[" + joined(wanted.domains | std::views::transform(toml_string)) + "]" +
           "\n"
           "# Whose requests are approved: \"all\", those of colleagues (\"organization\"), or nobody's "
           "(\"prompt\").\n"
           "option = \"organization\"\n"
           "# Whether users may set that for themselves.\n"
           "users_may_choose = false\n"
           "# Who may change this in an XMPP client.\n"
           "administrators = []\n";
}

std::string server_part(const Installation& installed, const std::string& secret)
{
    return installed.server == ServerKind::prosody ? prosody_part(installed, secret)
                                                   : ejabberd_part(installed, secret);
}

std::string next_steps(const Installation& installed, const std::string& secret_file)
{
    const std::string domain(installed.own.substr(installed.own.find('@') + 1));
    const bool account = installed.login == LoginKind::account;
    std::string out;
    if (installed.server == ServerKind::prosody) {
        out =
            "What is printed belongs into Prosody's configuration: on Debian, as a file of its own,\n"
            "/etc/prosody/conf.d/usher.cfg.lua. Then:\n";
        if (account) {
            out += "  prosodyctl adduser " + installed.own + "    # its password is in " + secret_file + "\n";
        }
        out += "  systemctl restart prosody\n";
    } else {
        out =
            "What is printed belongs into a file that ejabberd may read, /etc/ejabberd/usher.yml, and into\n"
            "ejabberd.yml a line that names it:\n"
            "  include_config_file: /etc/ejabberd/usher.yml\n"
            "Then:\n";
        if (account) {
            out += "  ejabberdctl register usher " + domain + " \"$(cat " + secret_file + ")\"\n";
        }
        out += "  ejabberdctl reload_config\n";
    }
    return out +
           "  systemctl restart usher\n"
           "  usherctl check\n";
}

}  // namespace usher
