#include "plugin/clients/user_search.h"

#include <array>

#include "integration/xmpp/data_form.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"
#include "plugin/clients/words.h"
#include "plugin/people/person_fields.h"

namespace usher
{

namespace
{

/// XEP-0055's own fields, and ours, which clients with forms show alone.
constexpr std::array<std::string_view, 5> kFields{"search", "first", "last", "nick", "email"};

StanzaError error_of(const Refusal& refusal)
{
    switch (refusal.kind) {
        case Refusal::Kind::forbidden:
            return {"auth", "forbidden", refusal.text, {}, {}};
        case Refusal::Kind::not_found:
        case Refusal::Kind::invalid:
            return {"modify", "not-acceptable", refusal.text, {}, {}};
        case Refusal::Kind::conflict:
        case Refusal::Kind::unavailable:
            break;
    }
    return {"wait", "resource-constraint", refusal.text, {}, {}};
}

std::string begin_query()
{
    std::string xml = "<query";
    append_attribute(xml, "xmlns", ns::kSearch);
    return xml + ">";
}

void append_element(std::string& xml, std::string_view name, std::string_view text)
{
    xml.append("<").append(name).append(">");
    append_text(xml, text);
    xml.append("</").append(name).append(">");
}

/// What can be asked, in both ways.
std::string questions()
{
    const DataForm form = form_to_find_people(std::string(ns::kSearch));
    std::string xml = begin_query();
    append_element(xml, "instructions", form.instructions.front());
    return xml + "<first/><last/><nick/><email/>" + form_to_fill(form) + "</query>";
}

/// All that was entered, as one text; an error for the client's author.
tl::expected<std::string, std::string> entered_text(const Stanza& query, const Stanza& form)
{
    std::string text;
    if (!form) {
        for (const std::string_view field : kFields) {
            text += query.child(field, ns::kSearch).text() + ' ';
        }
        return text;
    }
    const auto entered = read_submission(form);
    if (!entered) {
        return tl::unexpected(entered.error());
    }
    for (const std::string_view field : kFields) {
        if (const auto values = entered->find(field); values != entered->end()) {
            for (const std::string& value : values->second) {
                text += value + ' ';
            }
        }
    }
    return text;
}

// --- Those found, for clients that sent a form

void append_field(std::string& xml, std::string_view var, std::string_view value)
{
    xml += "<field";
    append_attribute(xml, "var", var);
    xml += '>';
    append_element(xml, "value", value);
    xml += "</field>";
}

/// Pidgin adds what stands in the first column, Psi and Swift what is in `jid`. Gajim wants the columns also where nobody was
/// found, and each cell filled. Names come last: a long one pushes what stands behind it out of the window, in Gajim, Pidgin
/// and Psi.
constexpr std::string_view kColumns =
    "<reported>"
    "<field var='jid' type='jid-single' label='Address'/>"
    "<field var='availability' type='text-single' label='Availability'/>"
    "<field var='nick' type='text-single' label='Name'/>"
    "</reported>";

std::string table_of(const PeopleFound& found)
{
    std::string xml = "<x";
    append_attribute(xml, "xmlns", ns::kDataForms);
    append_attribute(xml, "type", "result");
    xml += '>';
    if (const std::string_view more = remark(found); !more.empty()) {
        append_element(xml, "instructions", more);
    }
    xml += "<field var='FORM_TYPE' type='hidden'>";
    append_element(xml, "value", ns::kSearch);
    xml.append("</field>").append(kColumns);
    for (const FoundPerson& one : found.people) {
        const std::string name = name_of(one.person);
        xml += "<item>";
        append_field(xml, "jid", one.person.address.text());
        append_field(xml, "availability", availability(one));
        append_field(xml, "nick", name.empty() ? one.person.address.local() : name);
        xml += "</item>";
    }
    return xml + "</x>";
}

// --- and for those that sent the older fields

std::string items_of(const PeopleFound& found)
{
    std::string xml;
    for (const FoundPerson& one : found.people) {
        const Person& person = one.person;
        xml += "<item";
        append_attribute(xml, "jid", person.address.text());
        xml += '>';
        append_element(xml, "first", person.given_name);
        append_element(xml, "last", person.family_name);
        append_element(xml, "nick", person.nickname.empty() ? name_of(person) : person.nickname);
        append_element(xml, "email", person.email);
        xml += "</item>";
    }
    return xml;
}

}  // namespace

bool UserSearch::received(const Stanza& iq, const std::optional<Address>& user)
{
    if (!iq.first().is("query", ns::kSearch)) {
        return false;
    }
    const IqReply reply(iq);
    // Before anything is read.
    const auto may =
        user ? operations_.may_search(Actor::sender(*user))
             : Result<void>(refused(Refusal::Kind::forbidden, "Only users can search for people."));
    if (!may) {
        send_(reply.error(error_of(may.error())));
    } else if (!limiter_.allows(*user)) {
        send_(reply.error(
            {"wait", "resource-constraint", "Too many requests: please try again later.", {}, {}}));
    } else if (iq.attribute("type") == "get") {
        send_(reply.result(questions()));
    } else {
        search(iq, *user);
    }
    return true;
}

void UserSearch::search(const Stanza& iq, const Address& user)
{
    const IqReply reply(iq);
    const Stanza query = iq.first();
    const Stanza form = query.child("x", ns::kDataForms);
    const auto text = entered_text(query, form);
    if (!text) {
        return send_(reply.error({"modify", "bad-request", text.error(), {}, {}}));
    }
    operations_.find(
        Actor::sender(user), std::string(iq.attribute("from")), *text,
        [this, reply, table = static_cast<bool>(form)](const Result<PeopleFound>& found) {
            if (!found) {
                return send_(reply.error(error_of(found.error())));
            }
            send_(reply.result(begin_query() + (table ? table_of(*found) : items_of(*found)) + "</query>"));
        });
}

}  // namespace usher
