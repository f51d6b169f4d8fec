#include "integration/probe/survey.h"

#include <charconv>
#include <utility>

#include "integration/requests/wire_format.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

/// The protocol's namespace without its version.
constexpr std::string_view kProtocol = ns::kRequests.substr(0, ns::kRequests.rfind(':') + 1);

std::string empty_query(std::string_view xmlns)
{
    std::string xml = "<query";
    append_attribute(xml, "xmlns", xmlns);
    return xml + "/>";
}

std::optional<std::uint64_t> number(const std::string& text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

Survey::Survey(const std::vector<std::string>& domains, Send send, Clock& clock,
               std::function<void()> answered)
    : send_(std::move(send)), clock_(clock), answered_(std::move(answered))
{
    for (const std::string& domain : domains) {
        facts_[domain];
    }
}

void Survey::start()
{
    answer_timer_ = clock_.after(kAnswer, [this] { give_up(false); });
    list_timer_ = clock_.after(kList, [this] { give_up(true); });
    for (const auto& [domain, facts] : facts_) {
        ask(domain, About::features, empty_query(ns::kDiscoInfo));
        ask(domain, About::version, empty_query(ns::kVersion));
    }
}

void Survey::ask(const std::string& domain, About about, std::string_view payload)
{
    open_.emplace(send_("get", domain, payload), Question{domain, about});
}

DomainFacts::Answer& Survey::answer(const Question& question)
{
    DomainFacts& facts = facts_.find(question.domain)->second;
    switch (question.about) {
        case About::pending:
            return facts.pending;
        case About::version:
            return facts.version;
        case About::features:
            break;
    }
    return facts.features;
}

bool Survey::received(const Stanza& stanza)
{
    if (stanza.name() == "message") {
        received_message(stanza);
        return false;
    }
    const bool result = stanza.attribute("type") == "result";
    if (stanza.name() != "iq" || (!result && stanza.attribute("type") != "error")) {
        return false;
    }
    const auto found = open_.find(std::string(stanza.attribute("id")));
    if (found == open_.end() || found->second.domain != stanza.attribute("from")) {
        return false;
    }
    const Question question = std::move(found->second);
    open_.erase(found);
    if (!result) {
        answer(question) = {DomainFacts::Answer::Kind::error, std::string(error_condition(stanza))};
        end_if_answered();
        return true;
    }
    answer(question) = {DomainFacts::Answer::Kind::result, {}};
    DomainFacts& facts = facts_.find(question.domain)->second;
    switch (question.about) {
        case About::features:
            read_features(question.domain, stanza.child("query", ns::kDiscoInfo));
            break;
        case About::version: {
            const Stanza query = stanza.child("query", ns::kVersion);
            facts.software = query.child("name", ns::kVersion).text();
            facts.software_version = query.child("version", ns::kVersion).text();
            break;
        }
        case About::pending:
            facts.waiting = number(stanza.child("pending", ns::kRequests)
                                       .child("set", ns::kResultSets)
                                       .child("count", ns::kResultSets)
                                       .text());
            break;
    }
    end_if_answered();
    return true;
}

void Survey::received_message(const Stanza& message)
{
    const auto granted = read_advertisement(message);
    if (granted && message.attribute("type") != "error") {
        advertised(std::string(message.attribute("from")), *granted);
    }
}

void Survey::advertised(const std::string& domain, const Advertisement& granted)
{
    if (const auto found = facts_.find(domain); found != facts_.end()) {
        found->second.granted = granted;
    }
}

void Survey::read_features(const std::string& domain, const Stanza& query)
{
    DomainFacts& facts = facts_.find(domain)->second;
    for (Stanza child = query.first(); child; child = child.next()) {
        if (child.is("identity", ns::kDiscoInfo) && child.attribute("category") == "server" &&
            facts.software.empty()) {
            facts.software = child.attribute("name");
        }
        if (!child.is("feature", ns::kDiscoInfo)) {
            continue;
        }
        const std::string_view feature = child.attribute("var");
        if (feature == ns::kRequests) {
            facts.connector = true;
        } else if (feature.starts_with(kProtocol)) {
            facts.other_connector = feature;
        }
    }
    if (facts.connector) {
        // Of no items. A connector whom an account's available resource has asked for the list puts requests
        // to it (PROTOCOL.md S7): this is asked before presence is sent, or after it has been taken back.
        ask(domain, About::pending, pending_query({}, 0));
    }
}

void Survey::give_up(bool the_list_too)
{
    std::erase_if(open_, [&](const auto& entry) {
        const Question& question = entry.second;
        const bool over = the_list_too || question.about != About::pending;
        if (over) {
            answer(question) = {DomainFacts::Answer::Kind::silent, {}};
        }
        return over;
    });
    end_if_answered();
}

void Survey::end_if_answered()
{
    if (open_.empty() && answered_) {
        answer_timer_.reset();
        list_timer_.reset();
        const auto answered = std::exchange(answered_, nullptr);
        answered();
    }
}

}  // namespace usher
