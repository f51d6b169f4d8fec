#include "policy/exceptions.h"

#include <ostream>

#include "policy/pattern.h"

namespace usher
{

std::string_view name(Handling handling)
{
    switch (handling) {
        case Handling::always_accept:
            return "always_accept";
        case Handling::never_accept:
            return "never_accept";
        case Handling::always_ask:
            break;
    }
    return "always_ask";
}

std::string_view label(Handling handling)
{
    switch (handling) {
        case Handling::always_accept:
            return "Always accept";
        case Handling::never_accept:
            return "Never accept";
        case Handling::always_ask:
            break;
    }
    return "Always ask me";
}

std::optional<Handling> handling_named(std::string_view wanted)
{
    for (const Handling handling : kHandlings) {
        if (name(handling) == wanted) {
            return handling;
        }
    }
    return std::nullopt;
}

std::ostream& operator<<(std::ostream& out, Handling handling)
{
    return out << name(handling);
}

std::string to_string(const ContactException& exception)
{
    return std::string(name(exception.handling)) + " " + exception.entry;
}

std::optional<ContactException> exception_from(std::string_view text)
{
    const std::size_t space = text.find(' ');
    const auto handling = handling_named(text.substr(0, space));
    if (!handling || space == std::string_view::npos || space + 1 == text.size()) {
        return std::nullopt;
    }
    return ContactException{*handling, std::string(text.substr(space + 1))};
}

std::optional<std::string> exception_entry(std::string_view text)
{
    const auto pattern = Pattern::read(text);
    if (!pattern || (pattern->kind != Pattern::Kind::address && pattern->kind != Pattern::Kind::domain)) {
        return std::nullopt;
    }
    return pattern->text;
}

std::vector<std::string> exception_entries(const Party& contact)
{
    std::vector<std::string> entries;
    if (contact.is_prepared()) {
        entries.push_back(contact.text());
    } else if (const auto address = contact.for_denial()) {
        entries.push_back(address->text());
    }
    if (entries.empty() || entries.front() != contact.domain()) {
        entries.emplace_back(contact.domain());
    }
    return entries;
}

}  // namespace usher
