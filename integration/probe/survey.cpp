#include "integration/probe/survey.h"

#include <charconv>
#include <utility>

#include "integration/archive/wire_format.h"
#include "integration/requests/wire_format.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

/// The protocol's namespace without its version.
constexpr std::string_view kProtocol = ns::kRequests.substr(0, ns::kRequests.rfind(':') + 1);

std::optional<std::uint64_t> number(const std::string& text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

Survey::Survey(const std::vector<std::string>& domains, IqClient& iqs, Clock& clock,
               std::function<void()> answered)
    : asker_(iqs), clock_(clock), answered_(std::move(answered))
{
    for (const std::string& domain : domains) {
        facts_[domain];
    }
}

void Survey::start()
{
    list_deadline_ = clock_.now() + kList;
    for (auto& [name, about] : facts_) {
        ask(name, empty_query(ns::kDiscoInfo), kAnswer, about.features,
            [this, domain = name](const Stanza& iq) {
                read_features(domain, iq.child("query", ns::kDiscoInfo));
            });
        ask(name, empty_query(ns::kVersion), kAnswer, about.version, [&facts = about](const Stanza& iq) {
            const Stanza query = iq.child("query", ns::kVersion);
            facts.software = query.child("name", ns::kVersion).text();
            facts.software_version = query.child("version", ns::kVersion).text();
        });
    }
}

void Survey::ask(const std::string& domain, std::string_view payload, std::chrono::milliseconds deadline,
                 DomainFacts::Answer& answer, std::function<void(const Stanza& iq)> read)
{
    using Kind = DomainFacts::Answer::Kind;
    ++open_;
    asker_.ask("get", domain, payload, deadline, [this, &answer, read = std::move(read)](const Stanza& iq) {
        if (!iq) {
            answer = {Kind::silent, {}};
        } else if (iq.attribute("type") == "error") {
            answer = {Kind::error, std::string(error_condition(iq))};
        } else {
            answer = {Kind::result, {}};
            read(iq);
        }
        if (--open_ == 0) {
            const auto answered = answered_;  // it may destroy this
            answered();
        }
    });
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

void Survey::replied(const std::string& domain, std::chrono::system_clock::time_point last)
{
    if (const auto found = facts_.find(domain); found != facts_.end()) {
        found->second.last_round_trip = last;
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
        } else if (feature == ns::kPeople) {
            facts.people = true;
        } else if (feature == ns::kApprovals) {
            facts.approvals = true;
        } else if (feature == ns::kArchive) {
            facts.archive = true;
        } else if (feature.starts_with(kProtocol)) {
            facts.other_connector = feature;
        }
    }
    if (facts.connector) {
        // Of one item: no roster is read for an empty page (PROTOCOL.md S59). A connector that an account's
        // available resource has asked for the list puts requests to it (S7): this is asked before presence is
        // sent, or after it has been taken back.
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(list_deadline_ - clock_.now());
        ask(domain, pending_query({}, 1), left, facts.pending, [&facts](const Stanza& iq) {
            facts.waiting = number(iq.child("pending", ns::kRequests)
                                       .child("set", ns::kResultSets)
                                       .child("count", ns::kResultSets)
                                       .text());
        });
    }
    const auto anybody = Address::prepare("usher@" + domain);  // who has no account is not in the reply
    if (facts.connector && facts.archive && archives_.contains(domain) && anybody) {
        ask(domain, archive_query(std::span(&*anybody, 1)), kAnswer, facts.archived, [](const Stanza&) {});
    }
}

}  // namespace usher
