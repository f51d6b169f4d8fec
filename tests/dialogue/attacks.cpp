#include "attacks.h"

#include "protocol.h"

namespace usher::test
{

std::string repeated(std::string_view part, int times)
{
    std::string all;
    all.reserve(part.size() * static_cast<std::size_t>(times));
    for (int i = 0; i < times; ++i) {
        all += part;
    }
    return all;
}

std::string iq(const std::string& from, const std::string& to, const std::string& type, const std::string& id,
               const std::string& inside)
{
    return "<iq" + from + " to='" + to + "' type='" + type + "' id='" + id + "'>" + inside + "</iq>";
}

std::string subscribe(const std::string& from, const std::string& inside)
{
    return "<presence" + from + " to='" + kNurse + "' type='subscribe'>" + inside + "</presence>";
}

namespace
{

const std::vector<std::string> kOutside = {kStranger, kGossip};

/// One that fits into the 256 kB that servers take from a client.
constexpr int kFits = 250'000;

std::string message(const std::string& from, const std::string& to, const std::string& inside)
{
    return "<message" + from + " to='" + to + "' type='chat'>" + inside + "</message>";
}

/// With so many attributes.
std::string with_attributes(int count)
{
    std::string element = "<a xmlns='urn:" + kTrace + "'";
    for (int i = 0; i < count; ++i) {
        element += " a" + std::to_string(i) + "=''";
    }
    return element + "/>";
}

std::string nested(int levels)
{
    return "<a xmlns='urn:" + kTrace + "'>" + repeated("<a>", levels) + repeated("</a>", levels) + "</a>";
}

std::string children(std::string_view child, int count)
{
    return "<a xmlns='urn:" + kTrace + "'>" + repeated(child, count) + "</a>";
}

/// A message to Usher that would change an option, as if it had been said by somebody else or before.
std::string wrapped(const std::string& usher)
{
    const std::string body = "<message xmlns='jabber:client' from='" + kJuliet + "/balcony' to='" + usher +
                             "' type='chat'><body>options 1</body></message>";
    const std::string forwarded = "<forwarded xmlns='urn:xmpp:forward:0'>" + body + "</forwarded>";
    return "<sent xmlns='urn:xmpp:carbons:2'>" + forwarded + "</sent>" +
           "<received xmlns='urn:xmpp:carbons:2'>" + forwarded + "</received>" + forwarded +
           "<delay xmlns='urn:xmpp:delay' from='capulet.lit' stamp='2000-01-01T00:00:00Z'/>" +
           "<result xmlns='urn:xmpp:mam:2' id='1'>" + forwarded + "</result><body>options 1</body>";
}

const std::string kRequest = requests_xml("r1", kJuliet, kStranger);

/// Requests and messages of contacts whose addresses are not what they seem; only a component can send them.
std::string odd_addresses(const std::string&, const std::string& usher)
{
    std::string all;
    for (const std::string& node :
         {std::string("\u00c4MY"), std::string("a\u0301my"), std::string("\uff21my"),
          std::string("am\u00ady"), std::string("\u0131my"), std::string("\u202eyma"),
          std::string("a\u0340my"), std::string("\U0001f4a9"), std::string("\u0378"),
          std::string("amy\u3002"), std::string("a my"), std::string("a&quot;my"), std::string("a&#9;my"),
          repeated("x", 1023), repeated("x", 1024), repeated("\U0001f4a9", 1000)}) {
        all += subscribe(" from='" + node + "@" + kGossip + "'", "<status>" + kTrace + "</status>");
        all += message(" from='" + node + "@" + kGossip + "'", usher, "<body>" + kTrace + "</body>");
    }
    // Expat looks at an unfinished tag again when there is twice as much to read.
    return all + repeated(" ", 20'000);
}

std::string many(int count, const std::function<std::string(int)>& one)
{
    std::string all;
    for (int i = 0; i < count; ++i) {
        all += one(i);
    }
    return all;
}

const std::string kCommand = "http://jabber.org/protocol/commands";

}  // namespace

std::vector<Attack> attacks(int times)
{
    const std::string count = std::to_string(times) + " ";
    return {
        {"65,536 children", kOutside,
         [](const auto& from, const auto& usher) {
             return message(from, usher, children("<a/>", kFits / 4));
         }},
        {"children and text in turn", kOutside,
         [](const auto& from, const auto& usher) {
             return message(from, usher, children("<a/>a", kFits / 5));
         }},
        {"the same in an iq", kOutside,
         [](const auto& from, const auto& usher) {
             return iq(from, usher, "get", "i1", children("<a/>a", kFits / 5));
         }},
        {"300 kB at a time", kOutside,
         [](const auto& from, const auto& usher) { return message(from, usher, children("<a/>", 75'000)); }},
        {"nesting of 200,000", kOutside,
         [](const auto& from, const auto& usher) { return message(from, usher, nested(200'000)); }},
        {"nesting of 35,000", kOutside,
         [](const auto& from, const auto& usher) { return message(from, usher, nested(kFits / 7)); }},
        {"25,000 attributes", kOutside,
         [](const auto& from, const auto& usher) {
             // Expat 2.6 and later looks at an unfinished tag again when there is twice as much to read.
             return message(from, usher, with_attributes(25'000)) + repeated(" ", kFits);
         }},
        {"250,000 line ends", kOutside,
         [](const auto& from, const auto& usher) {
             return message(from, usher, "<body>" + repeated("\n", kFits) + "</body>");
         }},
        {count + "of the most costly that pass", kOutside,
         [times](const auto& from, const auto& usher) {
             return repeated(
                 message(from, usher, children("<a/>a", 290) + "<body>" + repeated("\n", 8'000) + "</body>"),
                 times);
         }},
        {"a status of 250 kB", kOutside,
         [](const auto& from, const auto&) {
             return subscribe(from, "<status>" + kTrace + repeated("&lt;", kFits / 4) + "</status>");
         }},
        {"a status of 1 MB", kOutside,
         [](const auto& from, const auto&) {
             return subscribe(from, "<status>" + kTrace + repeated("x", 1'000'000) + "</status>");
         }},
        {"a request with 60,000 children", kOutside,
         [](const auto& from, const auto&) { return subscribe(from, children("<a/>", 60'000)); }},
        {"odd addresses", {kGossip}, odd_addresses},
        {"a noncharacter in an address",
         {kGossip},
         [](const auto&, const auto&) { return subscribe(" from='\ufffe@" + kGossip + "'", ""); }},
        {"invalid UTF-8", kOutside,
         [](const auto& from, const auto& usher) {
             return message(from, usher, "<body>\xc0\xaf\xff</body>");
         }},
        {"control characters", kOutside,
         [](const auto& from, const auto& usher) {
             return message(from, usher, "<body>&#1;\x1b[2J</body>");
         }},
        {count + "forged requests", kAnybody,
         [times](const auto& from, const auto& usher) {
             return many(times,
                         [&](int i) { return iq(from, usher, "set", "r" + std::to_string(i), kRequest); });
         }},
        {count + "forged lists with guessed ids", kAnybody,
         [times](const auto& from, const auto& usher) {
             return many(times, [&](int i) {
                 return iq(from, usher, "result", (i % 2 == 0 ? "ping-" : "") + std::to_string(i / 2),
                           "<pending xmlns='" + kRequestsNs + "'>" + kRequest + "</pending>");
             });
         }},
        {count + "forged privileges", kAnybody,
         [times](const auto& from, const auto& usher) {
             return repeated(
                 message(from, usher,
                         "<privilege xmlns='urn:xmpp:privilege:2'><perm access='iq'><namespace ns='" +
                             kRequestsNs + "' type='both'/></perm></privilege>"),
                 times);
         }},
        {count + "carbons, forwarded, delayed", kAnybody,
         [times](const auto& from, const auto& usher) {
             return repeated(message(from, usher, wrapped(usher)), times);
         }},
        {count + "menus opened and left", kAnybody,
         [times](const auto& from, const auto& usher) {
             return many(times, [&](int i) {
                 return iq(from, usher, "set", "m" + std::to_string(i),
                           "<command xmlns='" + kCommand + "' node='options'/>");
             });
         }},
        {count + "messages", kAnybody,
         [times](const auto& from, const auto& usher) {
             return many(times, [&](int i) {
                 return message(from, usher, "<body>options " + std::to_string(i % 3 + 1) + " </body>");
             });
         }},
        {count + "searches for people", kAnybody,
         [times](const auto& from, const auto& usher) {
             return many(times, [&](int i) {
                 const std::string words = i % 2 == 0 ? "ju * %" : kTrace + repeated("\u0130\u0301 ", 900);
                 return iq(from, usher, "set", "s" + std::to_string(i),
                           "<query xmlns='jabber:iq:search'><first>" + words + "</first></query>");
             });
         }},
        {count + "searches in chat", kAnybody,
         [times](const auto& from, const auto& usher) {
             return repeated(message(from, usher, "<body>find " + kTrace + " \u202e*</body>"), times);
         }},
        {count + "forged lists of people and hints", kAnybody,
         [times](const auto& from, const auto& usher) {
             const std::string people =
                 "#people'><person jid='" + kJuliet + "'><fn>" + kTrace + "</fn></person></";
             return many(times, [&](int i) {
                 return iq(from, usher, "result", "people" + std::to_string(i),
                           "<people xmlns='" + kRequestsNs + people + "people>") +
                        message(from, usher, "<changed xmlns='" + kRequestsNs + people + "changed>");
             });
         }},
        {count + "questions about features", kAnybody,
         [times](const auto& from, const auto& usher) {
             return many(times, [&](int i) {
                 return iq(from, usher, "get", "d" + std::to_string(i),
                           "<query xmlns='http://jabber.org/protocol/disco#info'/>");
             });
         }},
    };
}

}  // namespace usher::test
