#include "plugin/clients/exceptions_menu.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "integration/base/digest.h"
#include "integration/base/trim.h"
#include "plugin/clients/form_parts.h"

namespace usher
{

namespace
{

/// Of one field of the form: some may be empty.
constexpr std::size_t kMaxEntries = 2 * ContactException::kMaxOfHandling;
constexpr const char* kTitle = "Exceptions for contact list requests";

/// By what they are for.
using ByEntry = std::map<std::string, Handling>;

ByEntry by_entry(const std::vector<ContactException>& exceptions)
{
    ByEntry sorted;
    for (const ContactException& one : exceptions) {
        sorted.emplace(one.entry, one.handling);
    }
    return sorted;
}

/// Short: the basis travels with the form.
std::string digest_of(const ByEntry& exceptions)
{
    constexpr std::size_t kEnough = 16;
    std::string text;
    for (const auto& [entry, handling] : exceptions) {
        text += to_string(ContactException{handling, entry}) + "\n";
    }
    return sha256(text).substr(0, kEnough);
}

/// The basis is that of the exceptions which the form showed at first.
CommandForm form_of(const UserExceptions& user, const std::string& basis)
{
    DataForm form = form_named("exceptions", kTitle);
    form.instructions = {
        "Contacts and domains whose new requests your option does not decide: one address (name@example.org) or "
        "domain (example.org) a line. One for an address comes before one for its domain. Contacts who see you already "
        "still do: to end that, cancel the subscription in your client."};
    for (const Handling handling : kHandlings) {
        FormField field = form_field(FormField::Type::text_multi, std::string(name(handling)),
                                     std::string(label(handling)));
        for (const ContactException& one : user.exceptions) {
            if (one.handling == handling) {
                field.values.push_back(one.entry);
            }
        }
        form.fields.push_back(std::move(field));
    }
    return {.form = std::move(form), .basis = basis.empty() ? digest_of(by_entry(user.exceptions)) : basis};
}

bool fits_form(const UserExceptions& user)
{
    constexpr std::size_t kElement = 20;  // around each value
    std::size_t bytes = 0;
    for (const ContactException& one : user.exceptions) {
        bytes += one.entry.size() + kElement;
    }
    return bytes <= kMaxFormBytes;
}

void ask_exceptions(Operations& operations, const Address& user, const std::string& basis,
                    const CommandFormReply& reply)
{
    operations.exceptions(Actor::sender(user), user, [basis, reply](const Result<UserExceptions>& exceptions) {
        if (!exceptions) {
            reply(command_refusal(exceptions.error()));
        } else if (!fits_form(*exceptions)) {
            reply(CommandRefusal{
                .text =
                    "Your exceptions are too long for a form. Send \"exceptions\" in a chat to see them."});
        } else {
            reply(form_of(*exceptions, basis));
        }
    });
}

/// What the form has, as far as it can be prepared; the error is for people.
tl::expected<ByEntry, std::string> entered(const FormValues& values)
{
    ByEntry exceptions;
    for (const Handling handling : kHandlings) {
        if (values.all(name(handling)).size() > kMaxEntries) {
            return tl::unexpected("There can be " + std::to_string(ContactException::kMaxOfHandling) +
                                  " exceptions of each kind, and these would be more.");
        }
        for (const std::string& line : values.all(name(handling))) {
            const std::string_view text = trimmed(line);
            if (text.empty()) {
                continue;
            }
            const auto entry = exception_entry(text);
            if (!entry) {
                return tl::unexpected(no_exception_entry(text));
            }
            const auto [known, added] = exceptions.emplace(*entry, handling);
            if (!added && known->second != handling) {
                return tl::unexpected(*entry + " is in two of the lists. Please leave it in one.");
            }
        }
    }
    return exceptions;
}

/// What makes `now` of `before`.
std::vector<ExceptionChange> changes_between(const ByEntry& before, const ByEntry& now)
{
    std::vector<ExceptionChange> changes;
    for (const auto& [entry, handling] : now) {
        const auto known = before.find(entry);
        if (known == before.end() || known->second != handling) {
            changes.push_back({entry, handling});
        }
    }
    for (const auto& [entry, handling] : before) {
        if (!now.contains(entry)) {
            changes.push_back({entry, std::nullopt});
        }
    }
    return changes;
}

void save_exceptions(Operations& operations, const Address& user, const CommandInput& input,
                     const CommandReply& reply)
{
    const auto wanted = entered(input.values);
    if (!wanted) {
        return reply(CommandRefusal{.text = wanted.error()});
    }
    const Actor actor = Actor::sender(user);
    operations.exceptions(
        actor, user,
        [&operations, actor, user, wanted = *wanted, basis = input.basis,
         reply](const Result<UserExceptions>& stored) {
            if (!stored) {
                return reply(command_refusal(stored.error()));
            }
            const ByEntry before = by_entry(stored->exceptions);
            if (before == wanted) {
                return reply(done("Saved."));
            }
            if (digest_of(before) != basis) {
                return reply(CommandRefusal{
                    .text =
                        "Your exceptions were changed elsewhere since this form was opened. Nothing was saved: please "
                        "open it again."});
            }
            operations.change_exceptions(
                actor, user, changes_between(before, wanted), [reply](const Result<UserExceptions>& saved) {
                    if (saved) {
                        reply(done("Saved. They are in force from the next request on."));
                    } else {
                        reply(command_refusal(saved.error()));
                    }
                });
        });
}

}  // namespace

void add_exceptions_menu(Commands& commands, Operations& operations)
{
    commands.add(
        {"exceptions", kTitle,
         [&operations](const Address& user) -> std::optional<std::string> {
             const auto may = operations.may_choose(Actor::sender(user), user);
             return may ? std::nullopt : std::optional(may.error().text);
         },
         [&operations](const Address& user, const std::string& basis, const CommandFormReply& reply) {
             ask_exceptions(operations, user, basis, reply);
         },
         [&operations](const Address& user, const CommandInput& input, const CommandReply& reply) {
             save_exceptions(operations, user, input, reply);
         }});
}

}  // namespace usher
