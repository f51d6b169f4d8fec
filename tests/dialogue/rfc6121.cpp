#include "rfc6121.h"

#include <algorithm>
#include <cctype>
#include <ostream>

#include "client.h"

namespace usher::test
{

namespace
{

constexpr auto must = Row::PassOn::must;
constexpr auto should_not = Row::PassOn::should_not;
constexpr auto must_not = Row::PassOn::must_not;
constexpr auto no_change = std::nullopt;

State pre_approved(State state)
{
    state.pre_approved = true;
    return state;
}

}  // namespace

const std::array<Table, 8>& appendix_a()
{
    static const std::array<Table, 8> tables = {{
        {"A.2.1",
         Direction::outbound,
         "subscribe",
         {{
             {kNone, must, kNoneOut},
             {kNoneOut, must, no_change},
             {kNoneIn, must, kNoneOutIn},
             {kNoneOutIn, must, no_change},
             {kTo, must, no_change},
             {kToIn, must, no_change},
             {kFrom, must, kFromOut},
             {kFromOut, must, no_change},
             {kBoth, must, no_change},
         }}},
        {"A.2.2",
         Direction::outbound,
         "unsubscribe",
         {{
             {kNone, must, no_change},
             {kNoneOut, must, kNone},
             {kNoneIn, must, no_change},
             {kNoneOutIn, must, kNoneIn},
             {kTo, must, kNone},
             {kToIn, must, kNoneIn},
             {kFrom, must, no_change},
             {kFromOut, must, kFrom},
             {kBoth, must, kFrom},
         }}},
        {"A.2.3",
         Direction::outbound,
         "subscribed",
         {{
             {kNone, must_not, pre_approved(kNone)},
             {kNoneOut, must_not, pre_approved(kNoneOut)},
             {kNoneIn, must, kFrom},
             {kNoneOutIn, must, kFromOut},
             {kTo, must_not, pre_approved(kTo)},
             {kToIn, must, kBoth},
             {kFrom, must_not, no_change},
             {kFromOut, must_not, no_change},
             {kBoth, must_not, no_change},
         }}},
        {"A.2.4",
         Direction::outbound,
         "unsubscribed",
         {{
             {kNone, should_not, no_change},
             {kNoneOut, should_not, no_change},
             {kNoneIn, must, kNone},
             {kNoneOutIn, must, kNoneOut},
             {kTo, should_not, no_change},
             {kToIn, must, kTo},
             {kFrom, must, kNone},
             {kFromOut, must, kNoneOut},
             {kBoth, must, kTo},
         }}},
        {"A.3.1",
         Direction::inbound,
         "subscribe",
         {{
             {kNone, must, kNoneIn},
             {kNoneOut, must, kNoneOutIn},
             {kNoneIn, should_not, no_change},
             {kNoneOutIn, should_not, no_change},
             {kTo, must, kToIn},
             {kToIn, should_not, no_change},
             {kFrom, should_not, no_change, "subscribed"},
             {kFromOut, should_not, no_change, "subscribed"},
             {kBoth, should_not, no_change, "subscribed"},
         }}},
        {"A.3.2",
         Direction::inbound,
         "unsubscribe",
         {{
             {kNone, should_not, no_change},
             {kNoneOut, should_not, no_change},
             {kNoneIn, must, kNone, "unsubscribed"},
             {kNoneOutIn, must, kNoneOut, "unsubscribed"},
             {kTo, should_not, no_change},
             {kToIn, must, kTo, "unsubscribed"},
             {kFrom, must, kNone, "unsubscribed"},
             {kFromOut, must, kNoneOut, "unsubscribed"},
             {kBoth, must, kTo, "unsubscribed"},
         }}},
        {"A.3.3",
         Direction::inbound,
         "subscribed",
         {{
             {kNone, should_not, no_change},
             {kNoneOut, must, kTo},
             {kNoneIn, should_not, no_change},
             {kNoneOutIn, must, kToIn},
             {kTo, should_not, no_change},
             {kToIn, should_not, no_change},
             {kFrom, should_not, no_change},
             {kFromOut, must, kBoth},
             {kBoth, should_not, no_change},
         }}},
        {"A.3.4",
         Direction::inbound,
         "unsubscribed",
         {{
             {kNone, should_not, no_change},
             {kNoneOut, must, kNone},
             {kNoneIn, should_not, no_change},
             {kNoneOutIn, must, kNoneIn},
             {kTo, must, kNone},
             {kToIn, must, kNoneIn},
             {kFrom, should_not, no_change},
             {kFromOut, must, kFrom},
             {kBoth, must, kFrom},
         }}},
    }};
    return tables;
}

const std::vector<Deviation>& known_deviations()
{
    const std::string hidden = "the pre-approval is kept, but no roster item shows it";
    const std::string repeated = "the approval is sent to a contact who has it already, too";
    const std::string unanswered = "sends no answer to a contact who cancels";
    const std::string none = "knows no pre-approval, which is OPTIONAL (section 3.4)";
    const std::string approves = "takes the approval for one of a request that there is not";
    const std::string routes = "sends on what changes nothing";
    const std::string forgets = "an entry that there is for the request alone goes without a word";
    const std::string unasked = "takes an approval that was not asked for";
    static const std::vector<Deviation> deviations = {
        {"Prosody", "A.2.3", kNone, {false, kNone, ""}, hidden},
        {"Prosody", "A.2.3", kNoneOut, {false, kNoneOut, ""}, hidden},
        {"Prosody", "A.2.3", kTo, {false, kTo, ""}, hidden},
        {"Prosody", "A.2.3", kFrom, {true, kFrom, ""}, repeated},
        {"Prosody", "A.2.3", kFromOut, {true, kFromOut, ""}, repeated},
        {"Prosody", "A.2.3", kBoth, {true, kBoth, ""}, repeated},
        {"Prosody", "A.3.2", kNoneIn, {true, kNone, ""}, unanswered},
        {"Prosody", "A.3.2", kNoneOutIn, {true, kNoneOut, ""}, unanswered},
        {"Prosody", "A.3.2", kToIn, {true, kTo, ""}, unanswered},
        {"Prosody", "A.3.2", kFrom, {true, kNone, ""}, unanswered},
        {"Prosody", "A.3.2", kFromOut, {true, kNoneOut, ""}, unanswered},
        {"Prosody", "A.3.2", kBoth, {true, kTo, ""}, unanswered},
        {"ejabberd", "A.2.3", kNone, {true, kNone, ""}, none},
        {"ejabberd", "A.2.3", kNoneOut, {true, kNoneOut, ""}, none},
        {"ejabberd", "A.2.3", kTo, {true, kBoth, ""}, approves},
        {"ejabberd", "A.2.3", kFrom, {true, kFrom, ""}, repeated},
        {"ejabberd", "A.2.3", kFromOut, {true, kFromOut, ""}, repeated},
        {"ejabberd", "A.2.3", kBoth, {true, kBoth, ""}, repeated},
        {"ejabberd", "A.2.4", kNone, {true, kNone, ""}, routes},
        {"ejabberd", "A.2.4", kNoneOut, {true, kNoneOut, ""}, routes},
        {"ejabberd", "A.2.4", kTo, {true, kTo, ""}, routes},
        {"ejabberd", "A.3.2", kNoneIn, {false, kNone, "unsubscribed"}, forgets},
        {"ejabberd", "A.3.3", kFrom, {true, kBoth, ""}, unasked},
    };
    return deviations;
}

Processing processing(const Row& row)
{
    return {row.pass_on == must, row.next.value_or(row.existing), row.auto_reply};
}

State state_at_login(const std::vector<Element>& received, const std::string& contact)
{
    State state = kNone;
    for (const Element& stanza : received) {
        const Element* roster = stanza.child("query", "jabber:iq:roster");
        if (roster == nullptr) {
            continue;
        }
        for (const Element& item : roster->children) {
            if (item.attribute("jid") == contact) {
                state.subscription = item.attribute("subscription");
                state.pending_out = item.attribute("ask") == "subscribe";
                state.pre_approved = item.attribute("approved") == "true";
            }
        }
    }
    state.pending_in = std::any_of(received.begin(), received.end(), presence("subscribe", contact).matches);
    return state;
}

std::ostream& operator<<(std::ostream& out, const State& state)
{
    const std::string pending = std::string(state.pending_out ? "Out" : "") +
                                (state.pending_out && state.pending_in ? "+" : "") +
                                (state.pending_in ? "In" : "");
    std::string name = state.subscription;
    name.at(0) = static_cast<char>(std::toupper(static_cast<unsigned char>(name.at(0))));
    return out << name << (pending.empty() ? "" : " + Pending " + pending)
               << (state.pre_approved ? ", pre-approved" : "");
}

std::ostream& operator<<(std::ostream& out, const Processing& processing)
{
    return out << (processing.passed_on ? "passed on" : "not passed on")
               << (processing.auto_reply.empty() ? "" : ", answered " + processing.auto_reply) << ": "
               << processing.next;
}

}  // namespace usher::test
