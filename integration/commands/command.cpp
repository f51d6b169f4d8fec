#include "integration/commands/command.h"

#include <algorithm>

#include "integration/base/random_token.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

/// An error of XEP-0050 section 4.4.
StanzaError bad_request(std::string specific, std::string text)
{
    return {"modify", "bad-request", std::move(text), std::move(specific), std::string(ns::kCommands)};
}

StanzaError forbidden(std::string text)
{
    return {"cancel", "forbidden", std::move(text), {}, {}};
}

StanzaError too_many()
{
    return {
        "wait", "resource-constraint", "Too many requests at the moment: please try again later.", {}, {}};
}

StanzaError expired()
{
    return {"cancel", "not-allowed", "This menu has expired: please begin again.", "session-expired",
            std::string(ns::kCommands)};
}

bool is_action(std::string_view action)
{
    return action.empty() || action == "execute" || action == "next" || action == "prev" ||
           action == "complete" || action == "cancel";
}

/// Any kind of English, or no language at all. Tags are compared without case (RFC 5646 section 2.1.1).
bool is_english(std::string_view lang)
{
    const std::string_view language = lang.substr(0, lang.find('-'));
    return lang.empty() || language == "en" || language == "EN" || language == "En" || language == "eN";
}

std::string_view wire_name(CommandNote::Type type)
{
    switch (type) {
        case CommandNote::Type::info:
            return "info";
        case CommandNote::Type::warn:
            return "warn";
        case CommandNote::Type::error:
            return "error";
    }
    return "info";
}

void begin_command(std::string& xml, std::string_view node, std::string_view session_id)
{
    xml += "<command";
    append_attribute(xml, "xmlns", ns::kCommands);
    append_attribute(xml, "node", node);
    if (!session_id.empty()) {
        append_attribute(xml, "sessionid", session_id);
    }
}

/// The form in a request. Empty if there is none, or more than one.
std::optional<Stanza> only_form(const Stanza& command)
{
    std::optional<Stanza> form;
    for (Stanza child = command.first(); child; child = child.next()) {
        if (child.is("x", ns::kDataForms)) {
            if (form) {
                return std::nullopt;
            }
            form = child;
        }
    }
    return form;
}

void append_note(std::string& xml, CommandNote::Type type, std::string_view text)
{
    xml += "<note";
    append_attribute(xml, "type", wire_name(type));
    xml += '>';
    append_text(xml, text);
    xml += "</note>";
}

}  // namespace

Commands::Commands(Clock& clock, std::function<std::chrono::system_clock::time_point()> wall_clock,
                   std::function<void(std::string_view)> send)
    : wall_clock_(std::move(wall_clock)),
      send_(std::move(send)),
      session_ids_(random_token() + random_token()),
      limiter_(clock, kMaxPerMinute)
{
}

std::vector<const Command*> Commands::allowed_for(const Address& user) const
{
    std::vector<const Command*> allowed;
    for (const Command& command : commands_) {
        if (!command.why_refused(user)) {
            allowed.push_back(&command);
        }
    }
    return allowed;
}

const Command* Commands::named(std::string_view node) const
{
    const auto found = std::find_if(commands_.begin(), commands_.end(),
                                    [&](const Command& command) { return command.node == node; });
    return found == commands_.end() ? nullptr : &*found;
}

void Commands::received(const Stanza& iq, const Address& user)
{
    const Stanza element = iq.first();
    const IqReply reply(iq);
    const std::string_view node = element.attribute("node");
    const std::string_view action = element.attribute("action");
    const std::string_view id = element.attribute("sessionid");
    const auto refuse = [&](const StanzaError& error) { send_error(reply, node, id, error); };

    if (!is_action(action)) {
        return refuse(bad_request("malformed-action", "There is no such action."));
    }
    // Only the language of the <command/> counts: clients mark every stanza with their user's language, and
    // that is no reason to refuse. libstrophe drops the prefix of xml:lang.
    if (!is_english(element.attribute("lang"))) {
        return refuse(bad_request("bad-locale", "Only English is available."));
    }
    const Command* command = named(node);
    if (command == nullptr) {
        return refuse({"cancel", "item-not-found", "There is no such command.", {}, {}});
    }
    Request request{reply, command, std::string(iq.attribute("from")), user, std::string(id)};
    if (element.has("sessionid")) {
        return continue_session(request, element);
    }
    if (const auto why = command->why_refused(user)) {
        return refuse(forbidden(*why));
    }
    if (!action.empty() && action != "execute") {
        return refuse(bad_request("bad-action", "A command must begin with the action execute."));
    }
    begin(std::move(request));
}

void Commands::begin(Request request)
{
    if (!may_work_for(request.user)) {
        return send_error(request, too_many());
    }
    if (!request.command->form) {
        request.id = random_token();  // nothing can be done with it
        return execute(request, {.requester = request.requester}, std::nullopt);
    }
    make_form(request, {}, [this, request](const CommandForm& made) {
        Request shown = request;
        shown.id = session_ids_.make({wall_clock_(), made.basis}, request.command->node, request.requester);
        show_form(shown, made.form, {});
    });
}

void Commands::continue_session(const Request& request, const Stanza& element)
{
    const std::string_view action = element.attribute("action");
    const auto session = session_ids_.read(request.id, request.command->node, request.requester);
    if (!session || !request.command->form) {
        return send_error(request,
                          bad_request("bad-sessionid", "There is no such open menu: please begin again."));
    }
    // The clocks of instances differ a little.
    if (std::chrono::abs(wall_clock_() - session->began) >= kLifetime) {
        return send_error(request, expired());
    }
    // The permission may have changed since.
    if (const auto why = request.command->why_refused(request.user)) {
        return send_error(request, forbidden(*why));
    }
    if (action == "cancel") {
        return show_end(request, "canceled", {});
    }
    if (action == "prev" || action == "next") {
        return send_error(request, bad_request("bad-action", "This step does not have that action."));
    }
    submit(request, session->basis, element);
}

void Commands::submit(const Request& request, const std::string& basis, const Stanza& element)
{
    if (!may_work_for(request.user)) {
        return send_error(request, too_many());
    }
    const auto x = only_form(element);
    auto entered = x ? read_submission(*x) : tl::unexpected<std::string>("one submitted form is expected");
    if (!entered) {
        return send_error(request, bad_request("bad-payload", entered.error()));
    }
    make_form(request, basis, [this, request, basis, entered = *std::move(entered)](CommandForm made) {
        const auto submission = check_submission(entered, made.form);
        if (!submission) {
            return send_error(request, bad_request("bad-payload", submission.error()));
        }
        DataForm form = filled_in(std::move(made.form), submission->values);
        if (!submission->wrong.empty()) {
            return show_form(request, form, submission->wrong);
        }
        execute(request, {submission->values, basis, request.requester}, std::move(form));
    });
}

void Commands::make_form(const Request& request, const std::string& basis,
                         std::function<void(CommandForm)> then)
{
    under_way_.insert(request.user);
    request.command->form(
        request.user, basis,
        [this, request, then = std::move(then)](std::variant<CommandForm, CommandRefusal> made) {
            work_ended(request.user);
            if (const auto* refusal = std::get_if<CommandRefusal>(&made)) {
                return show_refusal(request, *refusal);
            }
            then(std::get<CommandForm>(std::move(made)));
        });
}

void Commands::execute(const Request& request, const CommandInput& input, std::optional<DataForm> form)
{
    under_way_.insert(request.user);
    request.command->execute(
        request.user, input,
        [this, request, form = std::move(form)](const std::variant<CommandResult, CommandRefusal>& result) {
            work_ended(request.user);
            if (const auto* done = std::get_if<CommandResult>(&result)) {
                return show_end(request, "completed", *done);
            }
            const auto& refusal = std::get<CommandRefusal>(result);
            if (form && !refusal.forbidden) {
                return show_form(request, *form, {refusal.text});
            }
            show_refusal(request, refusal);
        });
}

bool Commands::may_work_for(const Address& user)
{
    return limiter_.allows(user) && under_way_.count(user) < kMaxUnderWay &&
           under_way_.size() < kMaxUnderWayInAll;
}

// --- Replies

void Commands::show_form(const Request& request, const DataForm& form,
                         const std::vector<std::string>& errors) const
{
    std::string xml;
    begin_command(xml, request.command->node, request.id);
    append_attribute(xml, "status", "executing");
    append_attribute(xml, "xml:lang", "en");
    xml += "><actions execute='complete'><complete/></actions>" + form_to_fill(form);
    for (const std::string& error : errors) {
        append_note(xml, CommandNote::Type::error, error);
    }
    send_(request.reply.result(xml + "</command>"));
}

void Commands::show_end(const Request& request, std::string_view status, const CommandResult& result) const
{
    std::string xml;
    begin_command(xml, request.command->node, request.id);
    append_attribute(xml, "status", status);
    append_attribute(xml, "xml:lang", "en");
    xml += '>';
    if (result.payload) {
        xml += form_to_read(*result.payload);
    }
    for (const CommandNote& note : result.notes) {
        append_note(xml, note.type, note.text);
    }
    send_(request.reply.result(xml + "</command>"));
}

void Commands::show_refusal(const Request& request, const CommandRefusal& refusal) const
{
    if (refusal.forbidden) {
        return send_error(request, forbidden(refusal.text));
    }
    // XEP-0050 section 3.6: a command that completes with a failure has an error note.
    show_end(request, "completed", {.notes = {{CommandNote::Type::error, refusal.text}}});
}

void Commands::send_error(const Request& request, const StanzaError& error) const
{
    send_error(request.reply, request.command->node, request.id, error);
}

void Commands::send_error(const IqReply& reply, std::string_view node, std::string_view session_id,
                          const StanzaError& error) const
{
    // Includes the command, as in the examples of XEP-0050: some clients use it to find their session.
    std::string command;
    begin_command(command, node, session_id);
    send_(reply.error(error, command + "/>"));
}

}  // namespace usher
