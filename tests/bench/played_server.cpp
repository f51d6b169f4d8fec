#include "played_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <tuple>

#include "deadline.h"
#include "loopback.h"

namespace usher::test
{

namespace
{

// Enough different ones that no hourly limit is reached, and that tables and the journal's indices have a
// realistic size.
constexpr std::uint64_t kUsers = 20'000;
constexpr std::uint64_t kContacts = 30'000;

/// The value of an attribute in single or double quotes.
std::string_view attribute(std::string_view element, std::string_view name)
{
    const auto at = element.find(" " + std::string(name) + "=");
    if (at == std::string_view::npos) {
        return {};
    }
    const std::size_t begin = at + name.size() + 3;
    return element.substr(begin, element.find(element[begin - 1], begin) - begin);
}

}  // namespace

UsherdOptions played_options()
{
    UsherdOptions options;
    options.domains = {kPlayedHost};
    options.users_may_choose = true;
    options.option = "organization";
    options.organization = rule({kDeniedDomain}, "deny");
    options.log_level = "info";
    options.more =
        "[limits]\napprovals_per_contact_per_hour = 1000000\napprovals_per_user_per_hour = 1000000\n";
    return options;
}

PlayedServer::PlayedServer()
{
    std::tie(listening_, port_) = listen_on_loopback();
}

void PlayedServer::accept(bool asks_for_waiting)
{
    pollfd waiting{listening_.get(), POLLIN, 0};
    ::poll(&waiting, 1, remaining_ms(within(kPatience)));
    socket_ = Descriptor(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket_.get() < 0) {
        throw std::runtime_error("nobody came to log in");
    }
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    wait_for("jabber:component:accept");
    wait_for(">");
    send(
        "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
        "xmlns:stream='http://etherx.jabber.org/streams' id='s1' from='" +
        kPlayedEntity + "'>");
    wait_for("</handshake>");
    send("<handshake/>");
    if (asks_for_waiting) {
        answer_query(
            "<query xmlns='http://jabber.org/protocol/disco#info'><feature "
            "var='urn:xmpp:subscription-requests:0'/></query>");
        answer_query(
            "<pending xmlns='urn:xmpp:subscription-requests:0'><set "
            "xmlns='http://jabber.org/protocol/rsm'><count>0</count></set></pending>");
    }
}

std::chrono::duration<double> PlayedServer::put(Window window, std::size_t count)
{
    expected_ = received_ = {};
    const std::size_t all = count / static_cast<std::size_t>(window.requests);  // asks
    std::size_t asked = 0;
    const auto begun = Clock::now();
    for (;;) {
        std::string xml;
        for (; asked < all && expected_.all() + static_cast<std::size_t>(window.requests) <=
                                  received_.all() + static_cast<std::size_t>(window.asks * window.requests);
             ++asked) {
            append_ask(xml, window.requests);
        }
        send(xml);
        if (asked == all && received_.all() == expected_.all()) {
            break;
        }
        if (!receive(kPatience)) {
            throw std::runtime_error("no answer came");
        }
        count_answers();
    }
    const auto taken = Clock::now() - begun;
    if (received_ != (decisions_ ? expected_ : Answers{expected_.all(), 0, 0})) {
        throw std::runtime_error("the answers are not the right ones");
    }
    return taken;
}

void PlayedServer::keep(std::chrono::milliseconds time)
{
    const Deadline end = within(time);
    while (Clock::now() < end) {
        if (receive(std::chrono::milliseconds(remaining_ms(end)))) {
            answer_query("");
        }
    }
}

std::string PlayedServer::request()
{
    // The two numbers advance independently, so that requests are spread over users and contacts.
    const std::uint64_t number = ++last_request_;
    const std::uint64_t kind = number % 5;
    std::string domain = "elsewhere.example";
    if (kind < 3) {
        domain = kPlayedHost;
        ++expected_.approved;
    } else if (kind == 3) {
        domain = kDeniedDomain;
        ++expected_.denied;
    } else {
        ++expected_.left;
    }
    return "<request id='" + std::to_string(number) +
           "'><forwarded xmlns='urn:xmpp:forward:0'><presence xmlns='jabber:client' type='subscribe' "
           "from='contact" +
           std::to_string(number * 7919 % kContacts) + "@" + domain + "' to='user" +
           std::to_string(number * 6007 % kUsers) + "@" + kPlayedHost +
           "'><status>Please let me see when you are there</status></presence></forwarded></request>";
}

void PlayedServer::append_ask(std::string& xml, int requests)
{
    xml += "<iq type='set' id='ask" + std::to_string(++last_ask_) + "' from='" + kPlayedHost + "' to='" +
           kPlayedEntity + "'><requests xmlns='urn:xmpp:subscription-requests:0'>";
    for (int i = 0; i < requests; ++i) {
        xml += request();
    }
    xml += "</requests></iq>";
}

void PlayedServer::send(std::string_view xml) const
{
    while (!xml.empty()) {
        const ssize_t written = ::send(socket_.get(), xml.data(), xml.size(), MSG_NOSIGNAL);
        if (written < 0) {
            throw std::runtime_error("the component has gone");
        }
        xml.remove_prefix(static_cast<std::size_t>(written));
    }
}

bool PlayedServer::receive(std::chrono::milliseconds patience)
{
    pollfd readable{socket_.get(), POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(patience.count())) <= 0) {
        return false;
    }
    std::array<char, 65536> bytes;
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (count <= 0) {
        throw std::runtime_error("the component has gone");
    }
    arrived_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
}

std::string PlayedServer::wait_for(std::string_view text)
{
    for (;;) {
        if (const auto at = arrived_.find(text); at != std::string::npos) {
            std::string before = arrived_.substr(0, at);
            arrived_.erase(0, at + text.size());
            return before;
        }
        if (!receive(kPatience)) {
            throw std::runtime_error(std::string(text) + " did not come");
        }
    }
}

void PlayedServer::answer_query(std::string_view payload)
{
    wait_for("<iq");
    const std::string query = wait_for(">");
    wait_for("</iq>");
    send("<iq type='result' id='" + std::string(attribute(query, "id")) + "' from='" +
         std::string(attribute(query, "to")) + "' to='" + kPlayedEntity + "'>" + std::string(payload) +
         "</iq>");
}

void PlayedServer::count_answers()
{
    constexpr std::string_view kAnswer = "<answer ";
    const std::string_view text = arrived_;
    std::size_t done = 0;
    for (;;) {
        const std::size_t begin = text.find(kAnswer, done);
        const std::size_t end = begin == std::string_view::npos ? begin : text.find('>', begin);
        if (end == std::string_view::npos) {
            // Keeps an answer that has arrived in part until the rest is there.
            const std::size_t kept =
                std::min(begin, std::max(done, text.size() - std::min(text.size(), kAnswer.size())));
            arrived_.erase(0, kept);
            return;
        }
        const std::string_view type = attribute(text.substr(begin, end - begin), "type");
        ++(type == "subscribed"     ? received_.approved
           : type == "unsubscribed" ? received_.denied
                                    : received_.left);
        done = end;
    }
}

}  // namespace usher::test
