#include "integration/xmpp/data_form.h"

#include <algorithm>
#include <set>

#include "integration/base/trim.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"
#include "policy/party.h"

namespace usher
{

namespace
{

using Type = FormField::Type;

std::string_view wire_name(Type type)
{
    switch (type) {
        case Type::boolean:
            return "boolean";
        case Type::fixed:
            return "fixed";
        case Type::jid_single:
            return "jid-single";
        case Type::list_multi:
            return "list-multi";
        case Type::list_single:
            return "list-single";
        case Type::text_multi:
            return "text-multi";
        case Type::text_single:
            return "text-single";
    }
    return "text-single";
}

void append_element(std::string& xml, std::string_view name, std::string_view text)
{
    xml.append("<").append(name).append(">");
    append_text(xml, text);
    xml.append("</").append(name).append(">");
}

void begin_form(std::string& xml, std::string_view type, const std::string& form_type,
                const std::string& title)
{
    xml += "<x";
    append_attribute(xml, "xmlns", ns::kDataForms);
    append_attribute(xml, "type", type);
    xml += '>';
    if (!title.empty()) {
        append_element(xml, "title", title);
    }
    if (!form_type.empty()) {
        xml += "<field var='FORM_TYPE' type='hidden'>";
        append_element(xml, "value", form_type);
        xml += "</field>";
    }
}

void begin_field(std::string& xml, const FormField& field)
{
    xml += "<field";
    if (!field.var.empty()) {
        append_attribute(xml, "var", field.var);
    }
    append_attribute(xml, "type", wire_name(field.type));
    if (!field.label.empty()) {
        append_attribute(xml, "label", field.label);
    }
}

void append_field(std::string& xml, const FormField& field, bool to_fill)
{
    begin_field(xml, field);
    xml += '>';
    if (!field.desc.empty()) {
        append_element(xml, "desc", field.desc);
    }
    if (to_fill && field.required) {
        xml += "<required/>";
    }
    for (const std::string& value : field.values) {
        append_element(xml, "value", value);
    }
    for (const FormField::Choice& choice : field.choices) {
        xml += "<option";
        append_attribute(xml, "label", choice.label);
        xml += '>';
        append_element(xml, "value", choice.value);
        xml += "</option>";
    }
    xml += "</field>";
}

std::string write(const DataForm& form, bool to_fill)
{
    std::string xml;
    begin_form(xml, to_fill ? "form" : "result", form.form_type, form.title);
    for (const std::string& instruction : form.instructions) {
        append_element(xml, "instructions", instruction);
    }
    for (const FormField& field : form.fields) {
        append_field(xml, field, to_fill);
    }
    return xml + "</x>";
}

tl::unexpected<std::string> wrong(std::string text)
{
    return tl::unexpected(std::move(text));
}

std::string name_of(const FormField& field)
{
    return field.label.empty() ? field.var : field.label;
}

/// Makes the entered values those that the form allows; what is wrong with them otherwise.
tl::expected<std::vector<std::string>, std::string> allowed(const FormField& field,
                                                            std::vector<std::string> entered)
{
    const auto is_choice = [&](const std::string& value) {
        return std::any_of(field.choices.begin(), field.choices.end(),
                           [&](const FormField::Choice& choice) { return choice.value == value; });
    };
    const bool single = field.type != Type::list_multi && field.type != Type::text_multi;
    if (single && entered.size() > 1) {
        return wrong(name_of(field) + ": only one value, please.");
    }
    if (field.type == Type::text_single || field.type == Type::jid_single) {
        for (std::string& value : entered) {
            value = trimmed(value);
            if (value.find_first_of("\r\n") != std::string::npos) {
                return wrong(name_of(field) + ": one line only, please.");
            }
        }
    }
    // An empty input is nothing entered, but for a line of a longer text.
    if (field.type != Type::text_multi) {
        std::erase(entered, std::string());
    }
    if (entered.empty()) {
        if (field.required) {
            return wrong(name_of(field) + ": please fill this in.");
        }
        return entered;
    }
    switch (field.type) {
        case Type::boolean: {
            std::string& value = entered.front();
            if (value == "true" || value == "1") {
                value = "1";
            } else if (value == "false" || value == "0") {
                value = "0";
            } else {
                return wrong(name_of(field) + ": yes or no, please.");
            }
            break;
        }
        case Type::jid_single:
            if (field.account ? !Address::prepare(entered.front()) : !Party::read(entered.front())) {
                return wrong(name_of(field) + ": this is not an address, such as name@example.org.");
            }
            break;
        case Type::list_multi:
        case Type::list_single:
            if (!std::all_of(entered.begin(), entered.end(), is_choice)) {
                return wrong(name_of(field) + ": please choose from the list.");
            }
            break;
        case Type::fixed:
        case Type::text_multi:
        case Type::text_single:
            break;
    }
    return entered;
}

}  // namespace

std::string form_to_fill(const DataForm& form)
{
    return write(form, true);
}

std::string form_to_read(const DataForm& form)
{
    return write(form, false);
}

bool FormValues::flag(std::string_view var) const
{
    return one(var) == "1";
}

const std::string& FormValues::one(std::string_view var) const
{
    static const std::string kNothing;
    const std::vector<std::string>& values = all(var);
    return values.empty() ? kNothing : values.front();
}

const std::vector<std::string>& FormValues::all(std::string_view var) const
{
    static const std::vector<std::string> kNone;
    const auto found = values_.find(var);
    return found == values_.end() ? kNone : found->second;
}

tl::expected<EnteredFields, std::string> read_submission(const Stanza& x)
{
    // XEP-0050 section 3.5.1: in a command, `cancel` is to be taken for `submit`.
    const std::string_view type = x.attribute("type");
    if (!x.is("x", ns::kDataForms) || (type != "submit" && type != "cancel")) {
        return wrong("not a submitted form");
    }
    EnteredFields entered;
    std::size_t fields = 0;
    for (Stanza field = x.first(); field; field = field.next()) {
        if (!field.is("field", ns::kDataForms) || field.attribute("type") == "fixed" ||
            field.attribute("var").empty()) {
            continue;
        }
        if (++fields > kMaxFields) {
            return wrong("too many fields");
        }
        const auto [place, is_new] = entered.try_emplace(std::string(field.attribute("var")));
        if (!is_new) {
            return wrong("the field " + place->first + " is there twice");
        }
        for (Stanza value = field.first(); value; value = value.next()) {
            if (!value.is("value", ns::kDataForms)) {
                continue;
            }
            place->second.push_back(value.text());
            if (place->second.size() > kMaxValues || place->second.back().size() > kMaxValueBytes) {
                return wrong("the field " + place->first + " is too long");
            }
        }
    }
    return entered;
}

tl::expected<Submission, std::string> check_submission(const EnteredFields& entered, const DataForm& form)
{
    // Where it is missing, the session says which form this is.
    if (const auto form_type = entered.find("FORM_TYPE");
        form_type != entered.end() && form_type->second != std::vector{form.form_type}) {
        return wrong("the form has another FORM_TYPE");
    }
    Submission submission;
    for (const FormField& field : form.fields) {
        if (field.type == Type::fixed) {
            continue;
        }
        const auto found = entered.find(field.var);
        const bool unchanged = found == entered.end() && !field.required;
        auto values = allowed(field, unchanged                ? field.values
                                     : found == entered.end() ? std::vector<std::string>()
                                                              : found->second);
        if (values) {
            submission.values.set(field.var, *std::move(values));
        } else {
            submission.wrong.push_back(std::move(values.error()));
        }
    }
    return submission;
}

DataForm filled_in(DataForm form, const FormValues& values)
{
    for (FormField& field : form.fields) {
        if (field.type != Type::fixed && values.has(field.var)) {
            field.values = values.all(field.var);
        }
    }
    return form;
}

}  // namespace usher
