#include "asker.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <boost/uuid/detail/sha1.hpp>
#include <cstdio>
#include <stdexcept>

#include "deadline.h"
#include "loopback.h"
#include "server.h"

namespace usher::test
{

namespace
{

std::string header(std::string_view ns, std::string_view to)
{
    return "<?xml version='1.0'?><stream:stream xmlns='" + std::string(ns) +
           "' xmlns:stream='http://etherx.jabber.org/streams' to='" + std::string(to) + "' version='1.0'>";
}

std::string sha1_hex(std::string_view bytes)
{
    boost::uuids::detail::sha1 sha1;
    sha1.process_bytes(bytes.data(), bytes.size());
    boost::uuids::detail::sha1::digest_type words;
    sha1.get_digest(words);
    std::string out;
    for (const unsigned word : words) {
        std::array<char, 9> hex{};
        std::snprintf(hex.data(), hex.size(), "%08x", word);
        out += hex.data();
    }
    return out;
}

std::string base64(std::string_view bytes)
{
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        unsigned bits = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            bits = (bits << 8U) | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            out += i <= count ? kAlphabet[(bits >> (18 - 6 * i)) & 63U] : '=';
        }
    }
    return out;
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
    using namespace std::string_literals;
    const auto at = address.find('@');
    const std::string domain = address.substr(at + 1);
    Asker asker(port);
    asker.send(header("jabber:client", domain));
    asker.wait_for("</stream:features>");
    asker.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
               base64("\0"s + address.substr(0, at) + "\0"s + kPassword) + "</auth>");
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
    asker.send("<handshake>" + sha1_hex(id + kPassword) + "</handshake>");
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
