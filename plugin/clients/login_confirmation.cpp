#include "plugin/clients/login_confirmation.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "integration/base/random_token.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"
#include "plugin/clients/direct_message.h"

namespace usher
{

namespace
{

std::string confirm_element(const std::string& code, const std::string& url)
{
    std::string xml = "<confirm";
    append_attribute(xml, "xmlns", ns::kHttpAuth);
    append_attribute(xml, "id", code);
    append_attribute(xml, "method", "POST");
    append_attribute(xml, "url", url);
    return xml + "/>";
}

std::string text_for_people(const std::string& code, const std::string& url)
{
    return "Somebody asks to log in to Usher's administration page as you, at " + url +
           "\nThe page shows the code " + code +
           ".\nIf it is you, reply \"yes\" within ten minutes. If not, reply \"no\", or do nothing: then nobody is "
           "logged in.";
}

/// The error by which clients say that their user refuses; any other one is not their user's.
bool refuses(const Stanza& error)
{
    return error_condition(error) == "not-authorized";
}

/// People type codes as they like.
bool same_code(std::string_view typed, std::string_view code)
{
    const auto upper = [](char c) { return std::toupper(static_cast<unsigned char>(c)); };
    return std::equal(typed.begin(), typed.end(), code.begin(), code.end(),
                      [&](char a, char b) { return upper(a) == upper(b); });
}

}  // namespace

void LoginConfirmation::ask(const std::string& address, const std::string& code, const std::string& url,
                            Then then)
{
    const auto user = Address::prepare(address);
    if (!user || !may_ask(*user, code) || entity_.connection_state() != Connection::State::online) {
        return;
    }
    const std::string token = random_token();
    questions_.emplace(token, Question{*user, code, url, std::move(then),
                                       clock_.after(kDeadline, [this, token] { end(token, false); }), false});
    spdlog::info("{} is asked whether a login at the administration page is theirs", user->text());
    const std::size_t slash = address.find('/');
    if (slash == std::string::npos) {
        ask_by_message(token);
    } else {
        ask_client(token, user->text() + address.substr(slash));
    }
}

/// Two logins with one code could not be told apart.
bool LoginConfirmation::may_ask(const Address& user, const std::string& code)
{
    const auto of_user = asked(user);
    return of_user.size() < kMaxOfUser && questions_.size() < kMax &&
           std::none_of(
               of_user.begin(), of_user.end(),
               [&](const auto& one) { return same_code(code, one->second.code); });
}

void LoginConfirmation::ask_client(const std::string& token, const std::string& client)
{
    const Question& question = questions_.at(token);
    iqs_.ask("get", client, confirm_element(question.code, question.url), kDeadline,
             [this, token](const Stanza& reply) { client_replied(token, reply); });
}

void LoginConfirmation::client_replied(const std::string& token, const Stanza& reply)
{
    if (!questions_.contains(token)) {
        return;  // the deadline was first
    }
    const std::string_view type = reply.attribute("type");  // none where there was no reply
    if (type == "result") {
        end(token, true);
    } else if (refuses(reply)) {
        end(token, false);
    } else if (type == "error") {
        ask_by_message(token);  // the client does not know how to ask, or is not there
    }
}

void LoginConfirmation::ask_by_message(const std::string& token)
{
    Question& question = questions_.at(token);
    question.by_message = true;
    std::string xml = "<message";
    append_attribute(xml, "to", question.user.text());
    if (component_) {
        append_attribute(xml, "from", entity_.address());
    }
    xml += "><thread>" + token + "</thread><body>";
    append_text(xml, text_for_people(question.code, question.url));
    entity_.send(xml + "</body>" + confirm_element(question.code, question.url) + "</message>");
}

std::vector<LoginConfirmation::Questions::iterator> LoginConfirmation::asked(const Address& user)
{
    std::vector<Questions::iterator> of_user;
    for (auto one = questions_.begin(); one != questions_.end(); ++one) {
        if (one->second.user == user) {
            of_user.push_back(one);
        }
    }
    return of_user;
}

bool LoginConfirmation::received(const Stanza& message, const Address& user)
{
    const Stanza confirm = message.child("confirm", ns::kHttpAuth);
    const bool refusal = message.attribute("type") == "error" && refuses(message);
    if (!confirm || (!refusal && !is_direct(message))) {
        return false;
    }
    for (const auto& one : asked(user)) {
        const Question& question = one->second;
        if (confirm.attribute("id") == question.code && confirm.attribute("url") == question.url) {
            end(one->first, !refusal);
            return true;
        }
    }
    return false;
}

std::optional<std::string> LoginConfirmation::answer(std::string_view word, std::string_view code,
                                                     const Address& user)
{
    if (word != "yes" && word != "no") {
        return std::nullopt;
    }
    const auto out = asked(user);
    if (out.empty()) {
        return std::nullopt;
    }
    const auto meant = std::find_if(out.begin(), out.end(), [&](const auto& one) {
        return code.empty() ? out.size() == 1 && one->second.by_message : same_code(code, one->second.code);
    });
    if (meant == out.end()) {
        std::string codes;
        for (const auto& one : out) {
            codes += (codes.empty() ? "" : ", ") + one->second.code;
        }
        return "Nobody has been logged in or refused. These logins wait for your answer: " + codes +
               ". Send \"yes\" or \"no\" and the code that your page shows.";
    }
    const std::string meant_code = (*meant)->second.code;
    const bool yes = word == "yes";
    end((*meant)->first, yes);
    return yes ? "Thank you. The page with the code " + meant_code + " has been told that it is you."
               : "The login with the code " + meant_code + " was refused.";
}

void LoginConfirmation::end(const std::string& token, bool yes)
{
    // First out of the list: it may be asked again.
    if (const auto ended = questions_.extract(token)) {
        spdlog::info("{} has {}confirmed a login at the administration page", ended.mapped().user.text(),
                     yes ? "" : "not ");
        ended.mapped().then(yes);
    }
}

}  // namespace usher
