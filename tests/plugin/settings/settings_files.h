// Settings files that several tests read.
#pragma once

#include <string>
#include <vector>

#include "plugin/settings/settings.h"

namespace usher::test
{

// Lines 1 to 3 of a file whose fault is in [connection].
inline const std::string kOrganization = R"([[organization]]
name = "Example"
domains = ["example.org"]
)";

// Lines 1 to 6 of a file whose fault is elsewhere; the organisation is still open.
inline const std::string kStart = R"([connection]
account = "usher@example.org"
password_file = "/etc/usher/password"
[[organization]]
name = "Example"
domains = ["example.org"]
)";

inline const std::string kComponent = R"([connection]
component = "usher.example.org"
secret_file = "/etc/usher/secret"
)";

inline const std::string kEverything = R"toml(
[connection]
host = "::1"
port = 15222
account = "Usher@Example.ORG"
password_file = "/etc/usher/pass \"word\" \\ é"
tls = "off"
ca_file = "/etc/ssl/ca.pem"
stock_reads_per_second = 1000
[[organization]]
name = 'The "Example" \ Organisation'
domains = ["example.org", "EXAMPLE.com", "Bücher.example"]
users_may_choose = false
option = "all"
approve_contacts_users_asked_for = false
ask_back = true
administrators = ["Admin@example.org", "chef@bücher.example"]
  [[organization.rule]]
  from = ["*.spam.example", "Eve@example.net"]
  to = ["*", "example.com"]
  answer = "deny"
  [[organization.rule]]
  from = ["*"]
  answer = "leave"
  [[organization.rule]]
  from = ["a1@averylongname.example", "a2@averylongname.example", "a3@averylongname.example", "a4@averylongname.example"]
  to = ["group:Vorstände", "example.com"]
  answer = "approve"
  for = "2w"
  [organization.federation]
  mode = "listed"
  domains = ["example.net", "*.example.net", "*.Partner.example"]
  answer = "deny"
  [[organization.group]]
  name = "Vorstände"
  members = ["Chef@Bücher.example", "*.board.example", "board.example", "group:nobody-2", "*"]
  [[organization.group]]
  name = "nobody-2"
  members = []
  [[organization.group]]
  name = "sales"
  ldap = "(department=\"Sales\" \\28EMEA\\29)"
  [[organization.group]]
  name = "board"
  members = ["board.example"]
  ldap = "cn=board,dc=example,dc=org"
  [organization.people]
  listed = "opt-in"
  names = "ldap"
  availability = false
  fields = ["nickname", "full_name"]
  searchers = ["Partner.example"]
  not_listed = ["Postmaster@*", "bot-*@example.org"]
  searches_per_minute = 1
  people_per_day = 10_000
  [organization.archive]
  default = "never"
  lock = true
[[organization]]
name = "Second"
domains = ["second.example"]
stock = "approve"
name_contacts = true
revoke_when_no_longer_approved = "apply"
contact_group = 'Kollegen & "Freunde"'
  [organization.federation]
  mode = "closed"
  [organization.people]
  names = "file"
  file = "/etc/usher/people.jsonl"
[limits]
approvals_per_contact_per_hour = 0
approvals_per_domain_per_hour = 1_000_000
approvals_per_user_per_hour = 1
[ldap]
url = "ldap://[::1]:10389"
tls = "off"
ca_file = "/etc/ssl/ldap.pem"
bind_dn = "cn=usher,dc=example,dc=org"
password_file = "/etc/usher/ldap-password"
base = "dc=example,dc=org"
filter = "(objectClass=inetOrgPerson)"
disabled_filter = "(employeeType=gone)"
address = "uid"
domain = "EXAMPLE.org"
full_name = "cn"
given_name = "gn"
family_name = ""
nickname = "nick"
email = ""
refresh_minutes = 5
[store]
url = "postgresql://host=/run/postgresql dbname=usher passfile=/etc/usher/pgpass"
journal_days = 0
[control]
socket = "/tmp/usher control.sock"
[log]
level = "trace"
)toml";

/// Reads a file that is valid; fails the test if it is not.
[[nodiscard]] Settings valid(const std::string& toml);

[[nodiscard]] std::vector<std::string> texts(const std::vector<Address>& addresses);

/// Everything but the lines.
void check_same(const Settings& a, const Settings& b);

}  // namespace usher::test
