#include "people.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "progress.h"

namespace usher::test
{

namespace
{

constexpr std::size_t kUsers = 100;
constexpr std::size_t kOnline = 10;
/// A request to a user who is offline shows in nothing when it is left to them and the server does not
/// acknowledge. It takes a place in the window no longer than a server holds it.
constexpr std::chrono::milliseconds kLongestInFlight{5'500};

const std::array<std::string, kPolicies> kDomains{"approved.lit", "denied.lit", "asked.lit"};

std::string bare(const std::string& address)
{
    return address.substr(0, address.find('/'));
}

}  // namespace

const std::string& contact_domain(Policy policy)
{
    return kDomains[static_cast<std::size_t>(policy)];
}

std::vector<std::string> People::components()
{
    return {kDomains.begin(), kDomains.end()};
}

People::People(Server& server, std::mt19937_64& random, std::size_t requests) : server_(server)
{
    for (std::size_t i = 0; i < kUsers; ++i) {
        users_.push_back("user" + std::to_string(i) + "@capulet.lit");
        server_.add_account(users_.back());
    }
    for (std::size_t i = 0; i < kOnline; ++i) {
        online_.emplace_back(server_.client_port(), users_[i]);
    }
    for (const std::string& domain : kDomains) {
        contacts_.try_emplace(domain, server_.component_port(), domain);
    }
    // Half are approved, a quarter denied, a quarter left to the user. A third is to users who are online.
    std::discrete_distribution<int> policy({2, 1, 1});
    std::discrete_distribution<int> is_online({2, 1});
    std::uniform_int_distribution<std::size_t> online_user(0, kOnline - 1);
    std::uniform_int_distribution<std::size_t> offline_user(kOnline, kUsers - 1);
    for (std::size_t i = 0; i < requests; ++i) {
        Request request;
        request.policy = static_cast<Policy>(policy(random));
        request.user = users_[is_online(random) == 1 ? online_user(random) : offline_user(random)];
        request.contact = "c" + std::to_string(i) + "@" + contact_domain(request.policy);
        requests_.push_back(std::move(request));
    }
}

Request* People::request_of(const std::string& contact)
{
    const auto at = contact.find('@');
    std::size_t number = requests_.size();
    if (at != std::string::npos && contact.starts_with('c')) {
        std::from_chars(contact.data() + 1, contact.data() + at, number);
    }
    return number < requests_.size() && requests_[number].contact == contact ? &requests_[number] : nullptr;
}

void People::come(const Store::Journal& recorded)
{
    for (auto& [domain, contact] : contacts_) {
        contact.connect();
    }
    users_come();
    in_flight_.clear();
    for (std::size_t i = 0; i < asked_; ++i) {
        Request& request = requests_[i];
        const auto records = recorded.find({request.user, request.contact});
        if (!request.answered() && records != recorded.end() && records->second.verdicts() > 0) {
            request.cut_off = true;
        }
        if (!request.stored) {
            send(request);
        }
    }
}

void People::users_come()
{
    for (Request& request : requests_) {
        request.delivered = request.sent_in_it = 0;
    }
    for (WireClient& user : online_) {
        user.connect();
        user.appear();
    }
}

void People::note_stored(const Store::Journal& recorded)
{
    for (Request& request : requests_) {
        request.stored =
            request.stored || request.known() || recorded.contains({request.user, request.contact});
    }
}

void People::see_it_end(bool stored)
{
    std::vector<unsigned> before;
    for (const Request& request : requests_) {
        before.push_back(request.answers());
    }
    const std::vector<Client*> all = everybody();
    Progress ended("ends of streams of a server that has gone", all.size());
    for (;;) {
        ended.reached(static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const Client* client) { return !client->open(); })));
        if (ended.complete()) {
            break;
        }
        ended.check();
        if (take_in(std::chrono::milliseconds(10))) {
            ended.goes_on();
        }
    }
    for (std::size_t i = 0; !stored && i < requests_.size(); ++i) {
        requests_[i].said_in_falling += requests_[i].answers() - before[i];
    }
}

void People::users_leave()
{
    for (WireClient& user : online_) {
        user.disconnect();
    }
}

void People::users_return()
{
    users_leave();
    users_come();
}

bool People::is_online(const std::string& user) const
{
    return std::any_of(online_.begin(), online_.end(),
                       [&](const WireClient& client) { return client.address() == user; });
}

void People::settle()
{
    while (in_flight() > 0) {
        (void)take_in(std::chrono::milliseconds(10));
    }
}

void People::spread(std::size_t up_to, std::size_t most)
{
    std::map<std::string, std::size_t> requests;
    for (std::size_t i = asked_; i < std::min(up_to, requests_.size()); ++i) {
        std::string& user = requests_[i].user;
        if (is_online(user) && ++requests[user] > most) {
            user = users_[kOnline + i % (kUsers - kOnline)];
        }
    }
}

std::vector<std::string> People::unseen(std::size_t first) const
{
    std::vector<std::string> unseen;
    for (std::size_t i = first; i < asked_; ++i) {
        if (is_online(requests_[i].user) && !requests_[i].ever_delivered) {
            unseen.push_back(requests_[i].contact + " to " + requests_[i].user);
        }
    }
    return unseen;
}

void People::ask_again(Request& request)
{
    send(request);
}

void People::send(Request& request)
{
    ++request.sent;
    ++request.sent_in_it;
    in_flight_.push_back({static_cast<std::size_t>(&request - requests_.data()), Clock::now()});
    contacts_.at(contact_domain(request.policy))
        .send("<presence type='subscribe' from='" + request.contact + "' to='" + request.user + "'/>");
}

void People::ask(std::size_t up_to)
{
    while (asked_ < std::min(up_to, requests_.size())) {
        send(requests_[asked_++]);
    }
}

std::size_t People::in_flight()
{
    const auto now = Clock::now();
    std::erase_if(in_flight_, [&](const Sent& sent) {
        return requests_[sent.request].known() || now - sent.at > kLongestInFlight;
    });
    return in_flight_.size();
}

void People::go_on(Deadline until, std::size_t up_to)
{
    const std::size_t first = asked_;
    const auto begun = Clock::now();
    const double all = std::max(std::chrono::duration<double>(until - begun).count(), 1e-3);
    for (;;) {
        const auto now = Clock::now();
        const double part = std::min(1.0, std::chrono::duration<double>(now - begun).count() / all);
        const std::size_t due = first + static_cast<std::size_t>(static_cast<double>(up_to - first) * part);
        if (const std::size_t taken = in_flight(); taken < kWindow) {
            ask(std::min(due, asked_ + kWindow - taken));
        }
        if (now >= until) {
            return;
        }
        (void)take_in(std::min(std::chrono::ceil<std::chrono::milliseconds>(until - now),
                               std::chrono::milliseconds(10)));
    }
}

std::vector<Client*> People::everybody()
{
    std::vector<Client*> all;
    for (auto& [domain, contact] : contacts_) {
        all.push_back(&contact);
    }
    for (WireClient& user : online_) {
        all.push_back(&user);
    }
    return all;
}

bool People::take_in(std::chrono::milliseconds patience)
{
    const bool came = usher::test::take_in(everybody(), within(patience));
    for (auto& [domain, contact] : contacts_) {
        for (const Element& stanza : contact.take_received()) {
            received_by_contact(stanza);
        }
    }
    for (WireClient& user : online_) {
        for (const Element& stanza : user.take_received()) {
            received_by_user(user.address(), stanza);
        }
    }
    return came;
}

void People::round_trip()
{
    std::vector<Client*> all = everybody();
    std::erase_if(all, [](const Client* client) { return !client->open(); });
    usher::test::round_trip(all, 4);
    (void)take_in(std::chrono::milliseconds(0));
}

void People::received_by_contact(const Element& stanza)
{
    if (stanza.name != "presence") {
        return;
    }
    const std::string& type = stanza.attribute("type");
    const std::string& from = stanza.attribute("from");
    Request* request = request_of(bare(stanza.attribute("to")));
    if (type == "error") {
        complaints_.push_back("an error for a contact: " + stanza.str());
    } else if (request == nullptr || request->user != bare(from)) {
        complaints_.push_back("to nobody who has asked: " + stanza.str());
    } else if (type == "subscribed") {
        ++request->subscribed;
        request->told_at.push_back(Clock::now());
    } else if (type == "unsubscribed") {
        ++request->unsubscribed;
        request->told_at.push_back(Clock::now());
    } else if (type == "unavailable" && from == request->user) {
        request->acknowledged = true;
    }
}

void People::received_by_user(const std::string& user, const Element& stanza)
{
    if (!is_presence(stanza, "subscribe")) {
        return;
    }
    Request* request = request_of(stanza.attribute("from"));
    if (request == nullptr || request->user != user) {
        complaints_.push_back(user + " received " + stanza.str());
        return;
    }
    request->ever_delivered = true;
    // Once when it comes, and once when they log in and it waits.
    const unsigned most = request->sent_in_it + (request->sent > request->sent_in_it ? 1U : 0U);
    if (++request->delivered > most) {
        complaints_.push_back(request->contact + "'s request was delivered " +
                              std::to_string(request->delivered) + " times to one session of " + user);
    }
}

}  // namespace usher::test
