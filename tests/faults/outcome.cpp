#include "outcome.h"

#include <chrono>

namespace usher::test
{

namespace
{

/// The schedule is printed with seconds since then.
const Clock::time_point kBegin = Clock::now();

Store::Records records_of(const Store::Journal& journal, const Request& request)
{
    const auto found = journal.find({request.user, request.contact});
    return found == journal.end() ? Store::Records() : found->second;
}

}  // namespace

std::string text(const Request& request)
{
    std::string out = request.contact + " to " + request.user + " (sent " + std::to_string(request.sent) +
                      ", subscribed " + std::to_string(request.subscribed) + ", unsubscribed " +
                      std::to_string(request.unsubscribed) + (request.acknowledged ? ", acknowledged" : "") +
                      (request.ever_delivered ? ", delivered" : "");
    for (const Clock::time_point told : request.told_at) {
        out += ", told at " + std::to_string(std::chrono::duration<double>(told - kBegin).count()) + " s";
    }
    return out + ")";
}

std::map<std::string, UserState> read_users(const Server& server, const std::vector<std::string>& users)
{
    std::map<std::string, UserState> states;
    for (const std::string& user : users) {
        UserState& state = states[user];
        WireClient client(server.client_port(), user, "auditor");
        client.connect();
        const Element roster = client.roster();
        for (const Element& item : roster.child("query")->children) {
            state.subscriptions[item.attribute("jid")] = item.attribute("subscription");
        }
        client.send("<presence/>");
        round_trip({&client}, 4);
        for (const Element& stanza : client.received()) {
            if (is_presence(stanza, "subscribe")) {
                ++state.waiting[stanza.attribute("from")];
            }
        }
        client.disconnect();
    }
    return states;
}

void compare(const std::vector<Request>& requests, const std::map<std::string, UserState>& users,
             const Store::Journal& journal, Outcome& outcome)
{
    std::map<std::string, UserState> unaccounted = users;
    for (const Request& request : requests) {
        UserState& user = unaccounted.at(request.user);
        const Store::Records records = records_of(journal, request);
        const auto item = user.subscriptions.extract(request.contact);
        const std::string subscription = item.empty() ? "none" : item.mapped();
        const auto waits = user.waiting.extract(request.contact);
        if (!waits.empty() && waits.mapped() > 1) {
            outcome.twice.push_back("waits " + std::to_string(waits.mapped()) + " times: " + text(request));
        }
        if ((subscription != "none" && subscription != "from") ||
            (subscription == "from" && !waits.empty())) {
            outcome.wrong.push_back("subscription " + subscription + (waits.empty() ? "" : ", and waits: ") +
                                    text(request));
            continue;
        }
        const bool is_from = subscription == "from";
        if (is_from && records.approve == 0) {
            outcome.unrecorded.push_back("approved: " + text(request));
        }
        switch (request.policy) {
            case Policy::approve:
                if (is_from) {
                    ++outcome.approved;
                } else {
                    outcome.lost.push_back((waits.empty() ? "nowhere: " : "still waits: ") + text(request));
                }
                break;
            case Policy::deny:
                if (is_from) {
                    outcome.wrong.push_back("approved: " + text(request));
                } else if (!waits.empty()) {
                    outcome.lost.push_back("still waits: " + text(request));
                } else if (records.deny == 0) {
                    // Nothing waits, and nobody has answered: gone.
                    (request.unsubscribed > 0 ? outcome.unrecorded : outcome.lost)
                        .push_back("nowhere: " + text(request));
                } else {
                    ++outcome.denied;
                }
                break;
            case Policy::leave:
                if (is_from) {
                    outcome.wrong.push_back("approved: " + text(request));
                } else if (waits.empty()) {
                    outcome.lost.push_back("nowhere: " + text(request));
                } else {
                    ++outcome.waiting;
                }
                break;
        }
        const bool others = (request.policy != Policy::approve && records.approve > 0) ||
                            (request.policy != Policy::deny && records.deny > 0) ||
                            (request.policy != Policy::leave && records.leave > 0);
        if (others) {
            outcome.wrong.push_back("recorded otherwise than policy says: " + text(request));
        }
    }
    for (const auto& [user, state] : unaccounted) {
        for (const auto& [contact, subscription] : state.subscriptions) {
            outcome.wrong.push_back(user + " has " + contact + ", who never asked");
        }
        for (const auto& [contact, count] : state.waiting) {
            outcome.wrong.push_back(contact + " waits for " + user + ", and never asked");
        }
    }
}

void compare_told(const std::vector<Request>& requests, const Store::Journal& journal, Outcome& outcome)
{
    for (const Request& request : requests) {
        const Store::Records records = records_of(journal, request);
        if (request.answers() > request.sent + request.said_in_falling) {
            outcome.twice.push_back("answered more often than asked: " + text(request));
        }
        if ((request.policy != Policy::approve && request.subscribed > 0) ||
            (request.policy != Policy::deny && request.unsubscribed > 0)) {
            outcome.wrong.push_back("answered otherwise than policy says: " + text(request));
        }
        if (request.policy != Policy::leave && !request.answered()) {
            outcome.lost.push_back("the contact was never told: " + text(request));
        }
        // Each denial ends a request, the next one is another. Who is subscribed already is told so by the
        // server.
        if (request.unsubscribed > records.deny || (request.subscribed > 0 && records.approve == 0)) {
            outcome.unrecorded.push_back("answered: " + text(request));
        }
    }
}

}  // namespace usher::test
