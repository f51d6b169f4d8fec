#include "plugin/clients/form_parts.h"

#include <utility>

namespace usher
{

CommandRefusal command_refusal(const Refusal& refused)
{
    return {refused.kind == Refusal::Kind::forbidden, refused.text};
}

CommandResult done(const std::string& text)
{
    return {.notes = {{CommandNote::Type::info, text}}, .payload = {}};
}

FormField form_field(FormField::Type type, std::string var, std::string label)
{
    FormField field;
    field.type = type;
    field.var = std::move(var);
    field.label = std::move(label);
    return field;
}

DataForm form_named(std::string_view name, std::string title)
{
    DataForm form;
    form.form_type = std::string(kForms) + std::string(name);
    form.title = std::move(title);
    return form;
}

}  // namespace usher
