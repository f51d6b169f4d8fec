// The smallest program that reads asks and answers them, for comparison: a component that approves every
// request without deciding. One read, then one write for everything that was read.
//
// expat_loop PORT
#include <expat.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "child.h"
#include "loopback.h"

namespace
{

struct Loop {
    std::string reply;
    bool in_ask = false;
};

std::string_view attribute(const XML_Char** attributes, std::string_view name)
{
    for (; *attributes != nullptr; attributes += 2) {
        if (*attributes == name) {
            return attributes[1];
        }
    }
    return {};
}

void begun(void* loop, const XML_Char* name, const XML_Char** attributes)
{
    auto& [reply, in_ask] = *static_cast<Loop*>(loop);
    if (std::strcmp(name, "request") == 0) {
        reply += "<answer id='";
        reply += attribute(attributes, "id");
        reply += "' type='subscribed'/>";
    } else if (std::strcmp(name, "iq") == 0) {
        in_ask = attribute(attributes, "type") == "set";
        if (in_ask) {
            reply += "<iq type='result' id='";
            reply += attribute(attributes, "id");
            reply += "' from='";
            reply += attribute(attributes, "to");
            reply += "' to='";
            reply += attribute(attributes, "from");
            reply += "'><answers xmlns='urn:xmpp:subscription-requests:0'>";
        }
    } else if (std::strcmp(name, "stream:stream") == 0) {
        reply += "<handshake>the server that is played believes it</handshake>";
    }
}

void ended(void* loop, const XML_Char* name)
{
    auto& [reply, in_ask] = *static_cast<Loop*>(loop);
    if (in_ask && std::strcmp(name, "iq") == 0) {
        reply += "</answers></iq>";
        in_ask = false;
    }
}

}  // namespace

int main(int, char** argv)
{
    const usher::test::Descriptor socket =
        usher::test::connect_loopback(static_cast<std::uint16_t>(std::atoi(argv[1])));
    Loop loop{
        "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>"};
    XML_Parser parser = XML_ParserCreate(nullptr);
    XML_SetUserData(parser, &loop);
    XML_SetElementHandler(parser, &begun, &ended);
    std::array<char, 65536> bytes;
    for (;;) {
        std::string_view rest = loop.reply;
        while (!rest.empty()) {
            const ssize_t written = ::send(socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (written < 0) {
                return 0;
            }
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
        loop.reply.clear();
        const ssize_t count = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
        if (count <= 0) {
            return 0;
        }
        if (XML_Parse(parser, bytes.data(), static_cast<int>(count), 0) == XML_STATUS_ERROR) {
            std::fprintf(stderr, "%s\n", XML_ErrorString(XML_GetErrorCode(parser)));
            return 1;
        }
    }
}
