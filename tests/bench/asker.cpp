#include "asker.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <stdexcept>

#include "credentials.h"
#include "deadline.h"
#include "loopback.h"

namespace usher::test
{

namespace
{

std::string header(std::string_view ns, std::string_view to)
{
    return "<?xml version='1.0'?><stream:stream xmlns='" + std::string(ns) +
           "' xmlns:stream='http://etherx.jabber.org/streams' to='" + std::string(to) + "' version='1.0'>";
}

}  // namespace

Asker::Asker(std::uint16_t port) : socket_(connect_loopback(port))
{
    const timeval patience{std::chrono::duration_cast<std::chrono::seconds>(kPatience).count(), 0};
    if (::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) {
        throw std::runtime_error("nobody listens on port " + std::to_string(port));
    }
}

Asker Asker::client(std::uint16_t port, const std::string& address)
{
    const auto at = address.find('@');
    const std::string domain = address.substr(at + 1);
    Asker asker(port);
    asker.send(header("jabber:client", domain));
    asker.wait_for("</stream:features>");
    asker.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
               plain_credentials(address.substr(0, at)) + "</auth>");
    asker.wait_for("<success ");
    asker.send(header("jabber:client", domain));
    asker.wait_for("</stream:features>");
    asker.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    asker.wait_for("</iq>");
    asker.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
    asker.wait_for("id='roster'");
    asker.send("<presence/>");
    asker.wait_for("<presence ");
    return asker;
}

Asker Asker::component(std::uint16_t port, const std::string& domain)
{
    Asker asker(port);
    asker.send(header("jabber:component:accept", domain));
    asker.wait_for(" id='");
    const std::string id = asker.wait_for("'");
    asker.send("<handshake>" + handshake_of(id) + "</handshake>");
    asker.wait_for("<handshake");
    return asker;
}

void Asker::send(std::string_view xml) const
{
    while (!xml.empty()) {
        const ssize_t written = ::send(socket_.get(), xml.data(), xml.size(), MSG_NOSIGNAL);
        if (written < 0) {
            throw std::runtime_error("the stream ended before " + std::string(xml));
        }
        xml.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string Asker::wait_for(std::string_view text)
{
    for (;;) {
        if (const auto at = arrived_.find(text); at != std::string::npos) {
            std::string before = arrived_.substr(0, at);
            arrived_.erase(0, at + text.size());
            return before;
        }
        receive(text);
    }
}

std::size_t Asker::take(std::string_view text)
{
    std::size_t count = 0;
    std::size_t end = 0;
    while (count == 0) {
        receive(text);
        for (auto at = arrived_.find(text); at != std::string::npos; at = arrived_.find(text, end)) {
            ++count;
            end = at + text.size();
        }
    }
    arrived_.erase(0, end);
    return count;
}

void Asker::receive(std::string_view awaited)
{
    std::array<char, 16384> bytes;
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (count <= 0) {
        throw std::runtime_error(std::string(awaited) + " did not come; received: " + arrived_);
    }
    arrived_.append(bytes.data(), static_cast<std::size_t>(count));
}

void Asker::forget_arrived()
{
    std::array<char, 16384> bytes;
    while (::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
    arrived_.clear();
}

}  // namespace usher::test
