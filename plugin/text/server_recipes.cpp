#include "plugin/text/server_recipes.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace usher
{

namespace
{

// ---- Prosody

constexpr std::string_view kProsodyBegin =
    R"(-- Usher answers contact requests. Of two modules_enabled (or privileged_entities) for one host Prosody
-- uses the last: if a host has its own elsewhere, add what stands here to that instead.
)";
constexpr std::string_view kProsodyGrant = R"(["{own}"] = { iq = { ["{namespace}"] = "both"{more} } })";
constexpr std::string_view kProsodyPeopleGrant = R"(; ["{people}"] = "get")";
constexpr std::string_view kProsodyApprovalsGrant = R"(; ["{approvals}"] = "both")";
constexpr std::string_view kProsodyHost = R"(VirtualHost "{domain}"
	modules_enabled = { "subscription_requests" }
	privileged_entities = {
		{grant};
	}
)";
constexpr std::string_view kProsodyAccount =
    "\tunlimited_jids = { \"{own}\" } -- its answers must not wait\n";
constexpr std::string_view kProsodyComponentModules = R"(modules_enabled = { "privilege" })";
constexpr std::string_view kProsodyComponent = R"(Component "{own}"
	component_secret = "{secret}"
	component_conflict_resolve = "kick_old"
	{modules}
)";

// ---- ejabberd

constexpr std::string_view kEjabberdBegin =
    R"(# Usher answers contact requests.
# Where mod_pres_counter is loaded, as by Debian, give it count: 100 there. Answers count like requests: with 5
# a minute, somebody who asks three contacts at once never receives the third's answer.
)";
constexpr std::string_view kEjabberdAccount =
    "# In shaper_rules its c2s_shaper has to be none: with Debian's 3000 bytes a second answers wait.\n";
constexpr std::string_view kEjabberdComponent = R"(listen:
  -
    port: 5347
    ip: 127.0.0.1
    module: ejabberd_service
    global_routes: false
    hosts:
      {own}:
        password: "{secret}"
)";
constexpr std::string_view kEjabberdHost = R"(  {domain}:
    modules:
      mod_subscription_requests:
        entities:
          - {own}
        approval_entities:
          - {own}
)";
constexpr std::string_view kEjabberdPeople = R"(        people_entities:
          - {own}
)";

// ---- sentences

constexpr std::string_view kProsodyConnectorStep =
    "put the folder mod_subscription_requests into one of the plugin_paths, add \"subscription_requests\" to "
    "modules_enabled for {domain}, and restart Prosody";
constexpr std::string_view kProsodyGrantStep =
    "privileged_entities = { {grant} } for {domain}, then restart Prosody (not needed for a host that was added with "
    "it while Prosody ran: usherd logs in again by itself)";
constexpr std::string_view kProsodyComponentStep = "; Component \"{own}\" needs {modules}";
constexpr std::string_view kProsodyPeopleStep =
    "add [\"{people}\"] = \"get\" to the iq = { ... } of \"{own}\" in privileged_entities for {domain}, and restart "
    "Prosody";
constexpr std::string_view kProsodyApprovalsStep =
    "set [\"{approvals}\"] = \"both\" in the iq = { ... } of \"{own}\" in privileged_entities for {domain}, and restart "
    "Prosody";
constexpr std::string_view kProsodyMessageArchiveStep =
    "add \"mam\" to modules_enabled for {domain}, and restart Prosody";
constexpr std::string_view kProsodyArchiveStep =
    "add [\"{archive}\"] = \"both\" to the iq = { ... } of \"{own}\" in privileged_entities for {domain}, and restart "
    "Prosody";
constexpr std::string_view kProsodyRegistration =
    "allow_registration = false, and no \"register_ibr\" in modules_enabled";
constexpr std::string_view kEjabberdConnectorStep =
    "install mod_subscription_requests, and add it to the modules of {domain} with \"{own}\" among its "
    "`entities`";
constexpr std::string_view kEjabberdGrantStep =
    "add \"{own}\" to the `entities` of mod_subscription_requests for {domain}, and reload the configuration";
constexpr std::string_view kEjabberdPeopleStep =
    "add \"{own}\" to the `people_entities` of mod_subscription_requests for {domain}, and reload the configuration";
constexpr std::string_view kEjabberdApprovalsStep =
    "add \"{own}\" to the `approval_entities` of mod_subscription_requests for {domain}, and reload the configuration";
constexpr std::string_view kEjabberdMessageArchiveStep =
    "add mod_mam to the modules of {domain}, and reload the configuration";
constexpr std::string_view kEjabberdArchiveStep =
    "add \"{own}\" to the `archive_entities` of mod_subscription_requests for {domain}, and reload the configuration";
constexpr std::string_view kEjabberdRegistration =
    "mod_register: access: none (where its ip_access lets in a trusted network only, that is in order and "
    "looks the same from here)";
constexpr std::string_view kOtherConnectorStep =
    "there is no connector for this server yet; integration/PROTOCOL.md specifies one";
constexpr std::string_view kOtherGrantStep =
    "grant \"{own}\" the iq permission (XEP-0356) `both` for {namespace} on {domain}";
constexpr std::string_view kOtherPeopleStep =
    "grant \"{own}\" the iq permission (XEP-0356) `get` for {people} on {domain}";
constexpr std::string_view kOtherApprovalsStep =
    "grant \"{own}\" the iq permission (XEP-0356) `both` for {approvals} on {domain}";
constexpr std::string_view kOtherMessageArchiveStep = "turn the message archive (XEP-0313) on for {domain}";
constexpr std::string_view kOtherArchiveStep =
    "grant \"{own}\" the iq permission (XEP-0356) `both` for {archive} on {domain}";
constexpr std::string_view kOtherRegistration = "turn registration (XEP-0077) off";

/// Names in braces, and what stands for them.
using Values = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// `recipe` with values for the names in it; what is in a value stays as it is.
std::string filled_in(std::string_view recipe, Values values)
{
    std::string out;
    while (!recipe.empty()) {
        const auto* const value = std::find_if(
            values.begin(), values.end(), [recipe](const auto& v) { return recipe.starts_with(v.first); });
        if (value == values.end()) {
            out += recipe.front();
            recipe.remove_prefix(1);
        } else {
            out += value->second;
            recipe.remove_prefix(value->first.size());
        }
    }
    return out;
}

bool has_people(const Installation& wanted, const std::string& domain)
{
    const auto& all = wanted.people_domains;
    return std::find(all.begin(), all.end(), domain) != all.end();
}

/// `more`: what else is granted.
std::string prosody_grant(std::string_view own, std::string_view more = {})
{
    return filled_in(kProsodyGrant, {{"{own}", own}, {"{namespace}", kGrantedNamespace}, {"{more}", more}});
}

std::string prosody_configuration(const Installation& wanted, std::string_view secret)
{
    std::string out(kProsodyBegin);
    for (const std::string& domain : wanted.domains) {
        std::string more = filled_in(kProsodyApprovalsGrant, {{"{approvals}", kGrantedApprovals}});
        if (has_people(wanted, domain)) {
            more += filled_in(kProsodyPeopleGrant, {{"{people}", kGrantedPeople}});
        }
        out += filled_in(kProsodyHost, {{"{domain}", domain}, {"{grant}", prosody_grant(wanted.own, more)}});
        if (wanted.login == LoginKind::account) {
            out += filled_in(kProsodyAccount, {{"{own}", wanted.own}});
        }
        out += "\n";
    }
    if (wanted.login == LoginKind::component) {
        out +=
            filled_in(kProsodyComponent,
                      {{"{own}", wanted.own}, {"{secret}", secret}, {"{modules}", kProsodyComponentModules}});
    }
    return out;
}

std::string ejabberd_configuration(const Installation& wanted, std::string_view secret)
{
    std::string out(kEjabberdBegin);
    if (wanted.login == LoginKind::component) {
        out += filled_in(kEjabberdComponent, {{"{own}", wanted.own}, {"{secret}", secret}});
    } else {
        out += kEjabberdAccount;
    }
    out += "append_host_config:\n";
    for (const std::string& domain : wanted.domains) {
        out += filled_in(kEjabberdHost, {{"{domain}", domain}, {"{own}", wanted.own}});
        if (has_people(wanted, domain)) {
            out += filled_in(kEjabberdPeople, {{"{own}", wanted.own}});
        }
    }
    return out;
}

}  // namespace

std::string server_configuration(const Installation& wanted, std::string_view secret)
{
    return wanted.server == ServerKind::prosody ? prosody_configuration(wanted, secret)
                                                : ejabberd_configuration(wanted, secret);
}

ServerSteps server_steps(std::optional<ServerKind> server, LoginKind login, std::string_view own,
                         std::string_view domain)
{
    const std::string prosody = prosody_grant(own);
    const Values values{{"{own}", own},
                        {"{domain}", domain},
                        {"{namespace}", kGrantedNamespace},
                        {"{people}", kGrantedPeople},
                        {"{approvals}", kGrantedApprovals},
                        {"{archive}", kGrantedArchive},
                        {"{grant}", prosody},
                        {"{modules}", kProsodyComponentModules}};
    if (!server) {
        return {std::string(kOtherConnectorStep),     filled_in(kOtherGrantStep, values),
                filled_in(kOtherPeopleStep, values),  filled_in(kOtherApprovalsStep, values),
                filled_in(kOtherArchiveStep, values), filled_in(kOtherMessageArchiveStep, values),
                std::string(kOtherRegistration)};
    }
    if (*server == ServerKind::ejabberd) {
        return {filled_in(kEjabberdConnectorStep, values), filled_in(kEjabberdGrantStep, values),
                filled_in(kEjabberdPeopleStep, values),    filled_in(kEjabberdApprovalsStep, values),
                filled_in(kEjabberdArchiveStep, values),   filled_in(kEjabberdMessageArchiveStep, values),
                std::string(kEjabberdRegistration)};
    }
    const bool component = login == LoginKind::component;
    return {
        filled_in(kProsodyConnectorStep, values),
        filled_in(kProsodyGrantStep, values) + (component ? filled_in(kProsodyComponentStep, values) : ""),
        filled_in(kProsodyPeopleStep, values),
        filled_in(kProsodyApprovalsStep, values),
        filled_in(kProsodyArchiveStep, values),
        filled_in(kProsodyMessageArchiveStep, values),
        std::string(kProsodyRegistration)};
}

std::string stock_step()
{
    const auto& [roster, presence, iq] = kStockGrants;
    return "grant " + std::string(roster) + ", " + std::string(presence) + " and " + std::string(iq);
}

}  // namespace usher
