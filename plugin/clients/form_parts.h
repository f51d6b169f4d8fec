// What forms and results of commands are made of (XEP-0004, XEP-0050).
#pragma once

#include <string>
#include <string_view>

#include "integration/commands/command.h"
#include "integration/xmpp/data_form.h"
#include "plugin/core/refusal.h"

namespace usher
{

/// Prefix of FORM_TYPE (XEP-0068), which tells programs which form it is.
inline constexpr std::string_view kForms = "urn:xmpp:subscription-requests:0#";
/// What the values of a form may have together: servers may limit stanzas to 64 kB, and addresses may be very long.
inline constexpr std::size_t kMaxFormBytes = 40'000;

[[nodiscard]] CommandRefusal command_refusal(const Refusal& refused);
/// Ends a command with a text to read.
[[nodiscard]] CommandResult done(const std::string& text);
[[nodiscard]] FormField form_field(FormField::Type type, std::string var, std::string label);
/// An empty form. `name` is the end of its FORM_TYPE.
[[nodiscard]] DataForm form_named(std::string_view name, std::string title);

}  // namespace usher
