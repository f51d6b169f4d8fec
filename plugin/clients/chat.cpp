#include "plugin/clients/chat.h"

#include <algorithm>
#include <sstream>

#include "integration/base/trim.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"
#include "plugin/clients/direct_message.h"
#include "plugin/clients/words.h"

namespace usher
{

namespace
{

constexpr std::string_view kHelp =
    "I answer contact requests for you. You can send me:\n"
    "options: how your contact requests are handled\n"
    "options 1 (2, 3, default): change it\n"
    "waiting: the requests that wait for your answer\n"
    "approve ADDRESS, deny ADDRESS: answer one of them";

std::string after_first_word(const std::string& body)
{
    constexpr std::string_view kSpaces = " \t\r\n";
    const std::size_t word = std::min(body.find_first_not_of(kSpaces), body.size());
    const std::size_t end = std::min(body.find_first_of(kSpaces, word), body.size());
    return std::string(trimmed(std::string_view(body).substr(end)));
}

/// Reads an option by its number in the list or by its name.
std::optional<Option> option_meant(const std::string& word)
{
    for (std::size_t i = 0; i < kOptions.size(); ++i) {
        if (word == std::to_string(i + 1)) {
            return kOptions[i];
        }
    }
    return option_named(word);
}

std::string options_text(const UserOption& option)
{
    if (!option.may_choose) {
        return fixed_by_administrator(option.of_organization);
    }
    std::string text = "Options for contact list requests:";
    for (std::size_t i = 0; i < kOptions.size(); ++i) {
        text += "\n" + std::to_string(i + 1) + ". " + std::string(sentence(kOptions[i])) +
                (kOptions[i] == option.in_force ? "  <- in force" : "");
    }
    text += "\nSend \"options 1\" to choose the first";
    return text + (option.chosen
                       ? ", \"options default\" to follow the option of " + option.organization + "."
                       : ".");
}

}  // namespace

void Chat::received(const Stanza& message, const Address& user)
{
    if (!is_direct(message)) {
        return;
    }
    // In the message's own namespace, which is that of the stream.
    const std::string body = message.child("body", message.ns()).text();
    if (trimmed(body).empty() || !limiter_.allows(user)) {
        return;
    }
    std::string begin = "<message type='chat'";
    append_attribute(begin, "to", message.attribute("from"));
    append_attribute(begin, "from", message.attribute("to"));
    begin += '>';
    if (const Stanza thread = message.child("thread", message.ns())) {
        begin += "<thread>";
        append_text(begin, thread.text());
        begin += "</thread>";
    }
    const bool encrypted = static_cast<bool>(message.child("encryption", ns::kEncryption));
    std::deque<Received>& unanswered = unanswered_[user];
    unanswered.push_back({body, std::string(message.attribute("from")), encrypted, std::move(begin)});
    if (unanswered.size() == 1) {
        answer_first(user);
    }
}

void Chat::answer_first(const Address& user)
{
    const Received first = unanswered_.at(user).front();  // a copy: it goes when it is answered
    const Say say = [this, user, begin = first.reply](const std::string& text) {
        std::string xml = begin + "<body>";
        append_text(xml, text);
        send_(xml + "</body></message>");
        answered_first(user);
    };
    if (first.encrypted) {
        return say("I cannot read encrypted messages. Please turn encryption off for this chat.");
    }
    run_command(first, user, say);
}

void Chat::answered_first(const Address& user)
{
    const auto of_user = unanswered_.find(user);
    of_user->second.pop_front();
    if (of_user->second.empty()) {
        unanswered_.erase(of_user);
    } else {
        answer_first(user);
    }
}

void Chat::run_command(const Received& message, const Address& user, const Say& say)
{
    std::istringstream words(message.body);
    std::string verb;
    std::string object;
    std::string more;
    words >> verb >> object;
    const bool too_many = static_cast<bool>(words >> more);
    verb = lower_case(verb);
    if (!too_many) {
        if (const auto reply = logins_.answer(verb, object, user)) {
            return say(*reply);
        }
    }
    if (people_.run({verb, after_first_word(message.body), user, message.from}, say)) {
        return;
    }
    if (exceptions_.run(message.body, user, say)) {
        return;
    }
    if (!too_many && verb == "options") {
        return options(lower_case(object), user, say);
    }
    if (!too_many && (verb == "approve" || verb == "deny") && !object.empty()) {
        return answer(verb == "approve" ? Answer::approve : Answer::deny, object, user, say);
    }
    if (object.empty() && verb == "waiting") {
        return waiting(user, say);
    }
    if (object.empty() && verb == "web") {
        return web(user, say);
    }
    if (object.empty() && verb == "archive") {
        const std::string notice = operations_.archive_notice(user);
        return say(notice.empty() ? "Your organization has set nothing for message archives." : notice);
    }
    if (object.empty() && verb == "help") {
        return help(user, say);
    }
    say("I do not understand that. Send \"help\" for the list of commands.");
}

void Chat::help(const Address& user, const Say& say)
{
    const bool may_log_in = operations_.may_log_in(Actor::sender(user)).has_value();
    say(std::string(kHelp) + exceptions_.help(user) + people_.help(user) +
        (may_log_in ? "\nweb: a link that opens the administration page" : "") +
        (operations_.archive_notice(user).empty() ? ""
                                                  : "\narchive: what your server keeps of your messages"));
}

void Chat::web(const Address& user, const Say& say)
{
    const auto link = operations_.web_link(Actor::sender(user));
    say(link ? describe(*link) : link.error().text);
}

void Chat::options(const std::string& wanted, const Address& user, const Say& say)
{
    const Actor actor = Actor::sender(user);
    if (wanted.empty()) {
        operations_.option(actor, user, [say](const Result<UserOption>& option) {
            say(option ? options_text(*option) : option.error().text);
        });
        return;
    }
    const auto meant = option_meant(wanted);
    if (!meant && wanted != "default") {
        return say("There is no such option. Send \"options\" for the list.");
    }
    operations_.choose(actor, user, meant, [say](const Result<UserOption>& saved) {
        say(saved ? "Saved. From the next request on: " + std::string(sentence(saved->in_force)) + "."
                  : saved.error().text);
    });
}

void Chat::waiting(const Address& user, const Say& say)
{
    operations_.waiting(Actor::sender(user), user, [say](const Result<Waiting>& waiting) {
        if (!waiting) {
            return say(waiting.error().text);
        }
        if (waiting->requests.empty()) {
            return say("No requests wait for your answer.");
        }
        constexpr std::size_t kMaxBytes = 8'000;  // strangers may use very long addresses
        std::string text;
        std::size_t listed = 0;
        for (const SubscriptionRequest& request : waiting->requests) {
            if (text.size() + request.contact.text().size() > kMaxBytes) {
                break;
            }
            text += "\n" + request.contact.text();
            ++listed;
        }
        const std::size_t all = waiting->requests.size();
        say(counted(all, "request") + (all == 1 ? " waits" : " wait") + " for your answer" +
            (listed < all ? ", the first " + std::to_string(listed) + ":" : ":") + text);
    });
}

void Chat::answer(Answer answer, const std::string& contact, const Address& user, const Say& say)
{
    const auto party = Party::read(contact);
    if (!party) {
        return say("That is not an address. Send, for example, \"" + std::string(name(answer)) +
                   " name@example.org\".");
    }
    const auto prepared = party->prepared();
    operations_.answer(
        Actor::sender(user), user, *party, answer,
        [say, answer, contact = prepared ? prepared->text() : contact](const Result<std::int64_t>& id) {
            if (!id) {
                return say(id.error().text);
            }
            say(answer == Answer::approve ? contact + " can now see when you are online."
                                          : contact + " was refused.");
        });
}

}  // namespace usher
