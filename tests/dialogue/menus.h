// Usher's menus and what it says, as the tests of the suite `menus` use and read them.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stage.h"

namespace usher::test::menus
{

using Strings = std::vector<std::string>;

inline const std::string kCommands = "http://jabber.org/protocol/commands";
inline const std::string kNurse = "nurse@capulet.lit";         // administers Capulet
inline const std::string kTybalt = "tybalt@capulet.lit";       // a colleague
inline const std::string kBalthasar = "balthasar@mantua.lit";  // administers another organization
inline const std::string kTitle = "Options for contact list requests";
inline const std::string kAll = "Accept requests automatically from all contacts";
inline const std::string kOrganization = "Accept requests automatically from contacts in my organization";
inline const std::string kPrompt = "Prompt me for each request";

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Where menus are asked for.
[[nodiscard]] std::string menus_of(Login login);

/// Two organizations, with an administrator each.
[[nodiscard]] UsherdOptions settings(bool users_may_choose, const std::string& option);

/// A form that is filled in: the value of each field.
[[nodiscard]] std::string submit(const Fields& fields);

/// A command's reply, looked at by hand.
struct Reply {
    Element iq;

    [[nodiscard]] const Element& command() const { return *iq.child("command", kCommands); }
    [[nodiscard]] std::string session() const { return command().attribute("sessionid"); }
    /// The status, or the condition of an error.
    [[nodiscard]] std::string outcome() const;
    /// Of its notes or its error.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string title() const;
    /// The form's fields, `var=value;value;` each.
    [[nodiscard]] Strings content() const;
};

Reply execute(Client& client, const std::string& usher, const std::string& node);

/// The next step of a command.
Reply go_on(Client& client, const std::string& usher, const Reply& before, const std::string& payload);

/// Both steps of a command that has one form.
Reply run(Client& client, const std::string& usher, const std::string& node, const Fields& fields);

/// The commands that the client is shown.
Strings listed(Client& client, const std::string& usher);

[[nodiscard]] Matcher message_from(const std::string& usher);

/// What Usher says to that.
std::string said(Client& client, Login login, const std::string& words);

[[nodiscard]] bool has(const std::string& text, std::string_view part);

}  // namespace usher::test::menus
