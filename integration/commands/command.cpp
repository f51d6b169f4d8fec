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

/// The stage to show again, with these errors instead of its earlier notes.
CommandStage with_errors(CommandStage stage, const std::vector<std::string>& errors)
{
    stage.notes.clear();
    for (const std::string& text : errors) {
        stage.notes.push_back({CommandNote::Type::error, text});
    }
    return stage;
}

}  // namespace

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
    const auto refuse = [&](StanzaError error) { send_error(reply, node, id, std::move(error)); };

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
    if (!element.has("sessionid")) {
        if (const auto why = command->why_refused(user)) {
            return refuse(forbidden(*why));
        }
        if (!action.empty() && action != "execute") {
            return refuse(bad_request("bad-action", "A command must begin with the action execute."));
        }
        return begin(reply, *command, std::string(iq.attribute("from")), user);
    }
    Session* session = find(id, iq.attribute("from"));
    if (session == nullptr || session->command != command) {
        return refuse(bad_request("bad-sessionid", "There is no such open menu: please begin again."));
    }
    if (session->ended || clock_.now() - session->used >= kLifetime) {
        end(*session);
        return refuse(expired());
    }
    // The permission may have changed since the last stage.
    if (const auto why = command->why_refused(user)) {
        end(*session);
        return refuse(forbidden(*why));
    }
    if (session->working && action != "cancel") {
        return refuse({"wait", "unexpected-request", "The previous step has not finished yet.", {}, {}});
    }
    session->used = clock_.now();
    continue_session(reply, *session, action, element);
}

void Commands::begin(IqReply reply, const Command& command, const std::string& requester, const Address& user)
{
    if (!limiter_.allows(user) || !make_room(user)) {
        return send_error(reply, command.node, {}, too_many());
    }
    Session& session = sessions_.emplace_back(Session{.id = random_token(),
                                                      .command = &command,
                                                      .requester = requester,
                                                      .user = user,
                                                      .used = clock_.now()});
    session.working = true;
    command.execute(user, reply_to(std::move(reply), session));
}

void Commands::continue_session(IqReply reply, Session& session, std::string_view action,
                                const Stanza& command)
{
    const auto refuse = [&](StanzaError error) {
        send_error(reply, session.command->node, session.id, std::move(error));
    };
    if (action == "cancel") {
        end(session);
        return show(reply, session, "canceled", {});
    }
    if (action == "prev") {
        if (session.stages.size() < 2) {
            return refuse(bad_request("bad-action", "There is no step before this one."));
        }
        session.stages.pop_back();
        return show(reply, session, "executing", session.stages.back());
    }
    if (action == (session.stages.back().last ? "next" : "complete")) {
        return refuse(bad_request("bad-action", "This step does not have that action."));
    }
    submit(std::move(reply), session, command);
}

void Commands::submit(IqReply reply, Session& session, const Stanza& command)
{
    if (!limiter_.allows(session.user)) {
        return send_error(reply, session.command->node, session.id, too_many());
    }
    CommandStage& stage = session.stages.back();
    DataForm& form = stage.payload.value();
    const auto x = only_form(command);
    const auto entered =
        x ? read_submission(*x) : tl::unexpected<std::string>("one submitted form is expected");
    const auto submission =
        entered ? check_submission(*entered, form) : tl::unexpected<std::string>(entered.error());
    if (!submission) {
        return send_error(reply, session.command->node, session.id,
                          bad_request("bad-payload", submission.error()));
    }
    form = filled_in(std::move(form), submission->values);
    if (!submission->wrong.empty()) {
        return show(reply, session, "executing", with_errors(stage, submission->wrong));
    }
    session.working = true;
    const auto submitted = stage.submitted;  // a copy: the stages may change during the call
    submitted(submission->values, reply_to(std::move(reply), session));
}

CommandReply Commands::reply_to(IqReply reply, const Session& session)
{
    // The session may be gone when the result arrives.
    return [this, reply = std::move(reply), node = session.command->node,
            id = session.id](std::variant<CommandStage, CommandRefusal> result) {
        const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                        [&](const Session& one) { return one.id == id && !one.ended; });
        if (found == sessions_.end()) {
            return send_error(reply, node, id, expired());
        }
        found->working = false;
        found->used = clock_.now();
        show_result(reply, *found, std::move(result));
    };
}

void Commands::show_result(const IqReply& reply, Session& session,
                           std::variant<CommandStage, CommandRefusal> result)
{
    if (auto* stage = std::get_if<CommandStage>(&result)) {
        if (stage->submitted) {
            session.stages.push_back(std::move(*stage));
            return show(reply, session, "executing", session.stages.back());
        }
        show(reply, session, "completed", *stage);
        return end(session);
    }
    const auto& refusal = std::get<CommandRefusal>(result);
    if (refusal.forbidden) {
        send_error(reply, session.command->node, session.id, forbidden(refusal.text));
        return end(session);
    }
    if (session.stages.empty()) {
        // XEP-0050 section 3.6: a command that completes with a failure has an error note.
        show(reply, session, "completed", with_errors({}, {refusal.text}));
        return end(session);
    }
    show(reply, session, "executing", with_errors(session.stages.back(), {refusal.text}));
}

// --- Sessions

Commands::Session* Commands::find(std::string_view id, std::string_view requester)
{
    const auto found = std::find_if(sessions_.begin(), sessions_.end(), [&](const Session& session) {
        return session.id == id && session.requester == requester;
    });
    return found == sessions_.end() ? nullptr : &*found;
}

void Commands::end(Session& session)
{
    session.ended = true;
    session.working = false;
    session.stages.clear();
}

bool Commands::make_room(const Address& user)
{
    const auto now = clock_.now();
    std::erase_if(sessions_, [&](const Session& session) {
        return !session.working && now - session.used >= 2 * kLifetime;
    });
    const auto drop = [this](const auto& droppable) {
        const auto found = std::find_if(sessions_.begin(), sessions_.end(), droppable);
        if (found == sessions_.end()) {
            return false;
        }
        sessions_.erase(found);
        return true;
    };
    const auto is_theirs = [&](const Session& session) { return session.user == user; };
    while (std::count_if(sessions_.begin(), sessions_.end(), is_theirs) >= static_cast<long>(kMaxPerUser)) {
        if (!drop([&](const Session& session) { return is_theirs(session) && session.ended; }) &&
            !drop([&](const Session& session) { return is_theirs(session) && !session.working; })) {
            return false;
        }
    }
    while (sessions_.size() >= kMaxSessions) {
        if (!drop([&](const Session& session) {
                return session.ended || (!session.working && now - session.used >= kLifetime);
            })) {
            return false;
        }
    }
    return true;
}

std::size_t Commands::open_sessions() const
{
    return static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(),
                                                  [](const Session& session) { return !session.ended; }));
}

// --- Replies

void Commands::show(const IqReply& reply, const Session& session, std::string_view status,
                    const CommandStage& stage) const
{
    std::string xml;
    begin_command(xml, session.command->node, session.id);
    append_attribute(xml, "status", status);
    append_attribute(xml, "xml:lang", "en");
    xml += '>';
    if (status == "executing") {
        const std::string_view forward = stage.last ? "complete" : "next";
        xml += "<actions";
        append_attribute(xml, "execute", forward);
        xml += session.stages.size() > 1 ? "><prev/><" : "><";
        xml.append(forward).append("/></actions>");
    }
    if (stage.payload) {
        xml += stage.submitted ? form_to_fill(*stage.payload) : form_to_read(*stage.payload);
    }
    for (const CommandNote& note : stage.notes) {
        xml += "<note";
        append_attribute(xml, "type", wire_name(note.type));
        xml += '>';
        append_text(xml, note.text);
        xml += "</note>";
    }
    send_(reply.result(xml + "</command>"));
}

void Commands::send_error(const IqReply& reply, std::string_view node, std::string_view session_id,
                          StanzaError error) const
{
    // Includes the command, as in the examples of XEP-0050: some clients use it to find their session.
    std::string command;
    begin_command(command, node, session_id);
    send_(reply.error(error, command + "/>"));
}

}  // namespace usher
