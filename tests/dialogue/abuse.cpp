// What anybody can send to Usher's address, and put into a request: whatever it is, the daemon lives, a
// colleague's next request is approved, and nothing else is.
//
// How long the event loop was held, the colleague waited, and what memory the daemon has are measured and
// printed as a table, not judged: ABUSE.md has the figures.
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "loopback.h"
#include "protocol.h"
#include "servers.h"
#include "usherctl.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

using std::chrono::duration_cast;
using std::chrono::milliseconds;

const std::string kBenvolio = "benvolio@capulet.lit";
const std::string kTybalt = "tybalt@capulet.lit";
const std::string kStranger = "mallory@montague.lit";
const std::string kColleague = "mallory@capulet.lit";

/// In every text of an attack: it must not get into the log.
const std::string kTrace = "mallory-was-here";

std::string repeated(std::string_view part, int times)
{
    std::string all;
    all.reserve(part.size() * static_cast<std::size_t>(times));
    for (int i = 0; i < times; ++i) {
        all += part;
    }
    return all;
}

/// One that fits into the 256 kB that servers take from a client.
constexpr int kFits = 250'000;

// --- What is sent

struct Attack {
    std::string what;
    /// By whom: addresses of clients, or of the component, which speaks for all at its domain.
    std::vector<std::string> senders;
    /// `from` is an attribute, or empty; usher is the address that it is sent to.
    std::function<std::string(const std::string& from, const std::string& usher)> stanzas;
};

const std::vector<std::string> kOutside = {kStranger, kGossip};
const std::vector<std::string> kAnybody = {kStranger, kColleague, kGossip};

std::string message(const std::string& from, const std::string& to, const std::string& inside)
{
    return "<message" + from + " to='" + to + "' type='chat'>" + inside + "</message>";
}

std::string iq(const std::string& from, const std::string& to, const std::string& type, const std::string& id,
               const std::string& inside)
{
    return "<iq" + from + " to='" + to + "' type='" + type + "' id='" + id + "'>" + inside + "</iq>";
}

/// Not to the user whom the colleague asks: servers store what a request says in the user's roster, and write
/// it again with every change.
std::string subscribe(const std::string& from, const std::string& inside)
{
    return "<presence" + from + " to='" + kNurse + "' type='subscribe'>" + inside + "</presence>";
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
    return all;
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

/// `times` is for what does harm by its number.
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
         [](const auto& from, const auto& usher) { return message(from, usher, with_attributes(25'000)); }},
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
        {count + "questions about features", kAnybody,
         [times](const auto& from, const auto& usher) {
             return many(times, [&](int i) {
                 return iq(from, usher, "get", "d" + std::to_string(i),
                           "<query xmlns='http://jabber.org/protocol/disco#info'/>");
             });
         }},
    };
}

// --- What is measured

/// Asks the daemon for its metrics over and over: it answers on the loop that answers everything.
class LoopWatch
{
  public:
    explicit LoopWatch(std::uint16_t port)
        : thread_([this, port](const std::stop_token& stop) { watch(port, stop); })
    {
    }

    /// The longest answer since the last call. Throws if there are none any more.
    milliseconds longest()
    {
        std::unique_lock lock(mutex_);
        const int wanted = asked_ + 2;  // one that is under way counts as well
        if (!answered_.wait_until(lock, within(kPatience), [&] { return asked_ >= wanted; })) {
            throw std::runtime_error("the daemon's loop answered " + std::to_string(asked_ - wanted + 2) +
                                     " of 2 questions in " + std::to_string(kPatience.count() / 1000) + " s");
        }
        return std::exchange(longest_, milliseconds(0));
    }

  private:
    void watch(std::uint16_t port, const std::stop_token& stop)
    {
        while (!stop.stop_requested()) {
            const auto begun = Clock::now();
            if (!ask(port)) {
                return;  // the daemon is gone: somebody else says so
            }
            {
                const std::lock_guard lock(mutex_);
                longest_ = std::max(longest_, duration_cast<milliseconds>(Clock::now() - begun));
                ++asked_;
            }
            answered_.notify_one();
            std::this_thread::sleep_for(milliseconds(5));  // what it asks is not to be a load
        }
    }

    static bool ask(std::uint16_t port)
    {
        const Descriptor socket = connect_loopback(port);
        const std::string_view request = "GET /metrics HTTP/1.0\r\n\r\n";
        if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
            return false;
        }
        std::array<char, 65536> some;
        ssize_t size = 0;
        while ((size = ::recv(socket.get(), some.data(), some.size(), 0)) > 0) {
        }
        return size == 0;
    }

    std::mutex mutex_;
    std::condition_variable answered_;
    milliseconds longest_{0};
    int asked_ = 0;
    std::jthread thread_;  // goes first: it uses the others
};

/// From /proc: "VmRSS", what it has now; "VmHWM", the most it has had.
long memory_kb(pid_t process, const std::string& name)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name + ":")) {
            return std::stol(line.substr(name.size() + 1));
        }
    }
    return -1;
}

/// The server may end the stream in the middle.
void send(WireStream& mallory, const std::string& xml)
{
    try {
        mallory.send(xml);
    } catch (const DialogueError&) {
        BOOST_TEST_MESSAGE(mallory.address() + " was cut off");
    }
}

struct Row {
    std::string what;
    std::string from;
    std::string passed;
    milliseconds held;
    milliseconds waited;
    long before;
    long after;
    std::string warnings;
};

std::string megabytes(long kb)
{
    std::ostringstream out;
    out << std::fixed << std::setprecision(1) << static_cast<double>(kb) / 1024;
    return out.str();
}

void print(const Row& row)
{
    std::cout << "| " << row.what << " | " << row.from << " | " << row.passed << " | " << row.held.count()
              << " | " << row.waited.count() << " | " << megabytes(row.before) << " → "
              << megabytes(row.after) << " | " << row.warnings << " |" << std::endl;
}

// --- Where

std::unique_ptr<WireStream> log_in(const Server& server, const std::string& address)
{
    std::unique_ptr<WireStream> stream;
    if (is_account(address)) {
        stream = std::make_unique<WireClient>(server.client_port(), address);
    } else {
        stream = std::make_unique<WireComponent>(server.component_port(), address);
    }
    stream->connect();
    return stream;
}

std::string servers_name()
{
    return boost::unit_test::framework::master_test_suite().argv[1];
}

/// Colleagues are approved, strangers are left, users may choose.
UsherdOptions settings(const ReservedPort& metrics)
{
    UsherdOptions options;
    options.option = "organization";
    options.users_may_choose = true;
    options.control = "metrics_port = " + std::to_string(metrics.number()) + "\n";
    options.more = "[limits]\napprovals_per_contact_per_hour = 0\napprovals_per_user_per_hour = 0\n";
    return options;
}

class Siege
{
  public:
    explicit Siege(Login login)
        : stage_(login, settings(metrics_)),
          usher_(login == Login::account ? entity_address(login) + "/usher" : entity_address(login)),
          benvolio_(stage_.enter(kBenvolio)),
          daemon_(stage_.usherd().id()),
          watch_(metrics_.number())
    {
        stage_.server().add_account(kJuliet);
        stage_.server().add_account(kNurse);
        stage_.server().add_account(kStranger);
        stage_.server().add_account(kColleague);
        std::cout
            << "\n"
            << servers_name() << ", " << login << "\n\n"
            << "| sent | from | server | loop held, ms | colleague waited, ms | memory, MB | in the log |\n"
               "|---|---|---|---|---|---|---|\n";
        request();
    }

    void sustain(const Attack& attack, const std::string& sender)
    {
        Row row{attack.what, sender, "", {}, {}, memory_kb(daemon_, "VmRSS"), 0, ""};
        (void)watch_.longest();
        const std::size_t logged = stage_.usherd().log_text().size();
        {
            const auto mallory = log_in(stage_.server(), sender);
            send(*mallory, attack.stanzas(from(*mallory), usher_));
            row.waited = request();
            row.passed = settled(*mallory) ? "" : "stream ended";
            for (const Element& stanza : mallory->received()) {
                BOOST_TEST(!is_presence(stanza, "subscribed"));
                BOOST_TEST(stanza.child("answers", kRequestsNs) == nullptr);
            }
        }
        row.waited = std::max(row.waited, request());
        row.held = watch_.longest();
        row.after = memory_kb(daemon_, "VmRSS");
        row.warnings = warnings(logged);
        print(row);
    }

    /// A colleague's request, which is approved. How long that took.
    milliseconds request()
    {
        const auto begun = Clock::now();
        benvolio_.send(to(kJuliet, "subscribe"));
        benvolio_.expect_all({presence("subscribed", kJuliet), roster_push(kJuliet)});
        const auto taken = duration_cast<milliseconds>(Clock::now() - begun);
        benvolio_.send(to(kJuliet, "unsubscribe"));
        benvolio_.expect(roster_push(kJuliet));
        benvolio_.take_received();
        ++approvals_;
        return taken;
    }

    /// As often as that, one contact asks one user and takes it back. It is recorded once.
    void ask_and_withdraw(int times)
    {
        Row row{std::to_string(times) + " requests, each taken back",
                kGossip,
                "",
                {},
                {},
                memory_kb(daemon_, "VmRSS"),
                0,
                ""};
        const std::uint64_t repeated = left_again();
        const std::size_t logged = stage_.usherd().log_text().size();
        WireClient& tybalt = stage_.enter(kTybalt);
        const auto mallory = log_in(stage_.server(), kGossip);
        (void)watch_.longest();
        for (int i = 0; i < times; ++i) {
            mallory->send(presence_to(*mallory, "subscribe", kTybalt));
            tybalt.expect(presence("subscribe", "mallory@" + kGossip));
            mallory->send(presence_to(*mallory, "unsubscribe", kTybalt));
        }
        row.waited = request();
        row.held = watch_.longest();
        row.after = memory_kb(daemon_, "VmRSS");
        row.warnings = warnings(logged);
        BOOST_TEST(left_again() - repeated == static_cast<std::uint64_t>(times) - 1);
        print(row);
    }

    /// That many requests a second of as many contacts of one domain, to many users, for so long. Meanwhile
    /// the colleague asks on.
    void flood(int per_second, int seconds)
    {
        Row row{std::to_string(per_second) + " requests a second for " + std::to_string(seconds) + " s",
                kGossip,
                "",
                {},
                {},
                memory_kb(daemon_, "VmRSS"),
                0,
                ""};
        for (int i = 0; i < kUsers; ++i) {
            stage_.server().add_account(user(i));
        }
        const auto mallory = log_in(stage_.server(), kGossip);
        (void)watch_.longest();
        std::atomic<bool> over = false;
        const auto begun = Clock::now();
        constexpr int kTicks = 100;  // in a second
        std::jthread sending([&] {
            for (int tick = 0; tick < seconds * kTicks; ++tick) {
                std::string xml;
                for (int i = 0; i < per_second / kTicks; ++i) {
                    const int number = tick * (per_second / kTicks) + i;
                    xml += "<presence type='subscribe' from='c" + std::to_string(number) + "@" + kGossip +
                           "' to='" + user(number % kUsers) + "'/>";
                }
                mallory->send(xml + question(*mallory, tick));
                std::this_thread::sleep_until(begun + tick * milliseconds(1000 / kTicks));
            }
            over = true;
        });
        while (!over) {
            row.waited = std::max(row.waited, request());
        }
        sending.join();
        mallory->send(subscribe(" from='last@" + kGossip + "'", "") + question(*mallory, seconds * kTicks));
        std::vector<Matcher> read;
        for (int tick = 0; tick <= seconds * kTicks; ++tick) {
            const std::string id = "tick" + std::to_string(tick);
            read.push_back(
                {"the answer to " + id, [=](const Element& stanza) { return stanza.attribute("id") == id; }});
        }
        mallory->expect_all(std::move(read));
        row.waited = std::max(row.waited, request());
        row.what += ", all read after " +
                    std::to_string(duration_cast<std::chrono::seconds>(Clock::now() - begun).count()) + " s";
        row.held = watch_.longest();
        row.after = memory_kb(daemon_, "VmRSS");
        row.warnings = "a line for each";
        print(row);
    }

    /// All that has been approved are the colleague's requests, by the same daemon; what was left again and
    /// again is in the journal once.
    void end()
    {
        std::cout << "\nmost memory: " << megabytes(memory_kb(daemon_, "VmHWM")) << " MB\n";
        const auto store = stage_.usherd().directory() / "usher.db";
        const Usherctl usherctl(stage_.usherd().directory() / "control.sock");
        std::istringstream lines(usherctl.done({"journal", "--json", "--since", "1h"}));
        long approved = 0;
        long records = 0;
        std::set<std::pair<std::string, std::string>> left;
        for (std::string line; std::getline(lines, line); ++records) {
            const auto record = nlohmann::json::parse(line);
            if (record["answer"] == "approve") {
                ++approved;
                BOOST_TEST(record["contact"] == kBenvolio);
            } else {
                BOOST_TEST(record["answer"] == "leave");
                BOOST_TEST(left.emplace(record["user"], record["contact"]).second, line);
            }
        }
        BOOST_TEST(approved == approvals_);
        std::cout << records << " records in the journal, " << left_again()
                  << " requests left as before without one; the store has "
                  << (std::filesystem::file_size(store) +
                      std::filesystem::file_size(store.string() + "-wal")) /
                         1024
                  << " kB\n";
        BOOST_TEST(stage_.usherd().log_text().find(kTrace) == std::string::npos);
        BOOST_TEST(stage_.usherd().stop() == 0);
    }

  private:
    static constexpr int kUsers = 100;

    /// Requests that the journal does not have because it says so already.
    [[nodiscard]] std::uint64_t left_again()
    {
        const Usherctl usherctl(stage_.usherd().directory() / "control.sock");
        return usherctl.json("GET", "/v1/status", {"status"})["leaves_without_record"]["repeated"];
    }

    static std::string presence_to(const WireStream& mallory, const std::string& type,
                                   const std::string& user)
    {
        return "<presence" + from(mallory) + " to='" + user + "' type='" + type + "'/>";
    }

    [[nodiscard]] std::string warnings(std::size_t logged)
    {
        std::istringstream lines(stage_.usherd().log_text().substr(logged));
        long warned = 0;
        long all = 0;
        for (std::string line; std::getline(lines, line); ++all) {
            warned += line.find("warning") != std::string::npos ? 1 : 0;
            BOOST_TEST(line.find("error") == std::string::npos, line);
        }
        BOOST_TEST(warned <= 5);
        return std::to_string(all) + " lines, " + std::to_string(warned) + " warnings";
    }

    /// The server answers it when it has read all that was sent before: so it can be seen how far it is.
    static std::string question(const WireStream& mallory, int tick)
    {
        return iq(from(mallory), "capulet.lit", "get", "tick" + std::to_string(tick),
                  "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    }

    static std::string user(int number) { return "user" + std::to_string(number) + "@capulet.lit"; }

    static std::string from(const WireStream& mallory)
    {
        return is_account(mallory.address()) ? std::string() : " from='mallory@" + mallory.address() + "'";
    }

    /// Whether all that she sent has been read and answered, and her stream is still there.
    bool settled(WireStream& mallory)
    {
        try {
            // What the server has put off for her comes first; then what Usher answers.
            (void)mallory.request("get", "capulet.lit",
                                  "<query xmlns='http://jabber.org/protocol/disco#info'/>");
            (void)mallory.request("get", usher_, "<ping xmlns='urn:xmpp:ping'/>");
            return true;
        } catch (const DialogueError&) {
            mallory.expect_end();
            return false;
        }
    }

    ReservedPort metrics_;
    UsherStage stage_;
    std::string usher_;
    WireClient& benvolio_;
    pid_t daemon_;
    LoopWatch watch_;
    long approvals_ = 0;
};

/// Everything, from everybody who can send it.
void besiege(Login login, int times, int per_second, int seconds)
{
    Siege siege(login);
    for (const Attack& attack : attacks(times)) {
        for (const std::string& sender : attack.senders) {
            BOOST_TEST_CONTEXT(attack.what << " from " << sender)
            {
                siege.sustain(attack, sender);
            }
        }
    }
    siege.ask_and_withdraw(times);
    siege.flood(per_second, seconds);
    siege.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(abuse)

BOOST_DATA_TEST_CASE(S76_too_large_a_stanza_does_not_reach_the_entity, kLogins, login)
{
    ScriptedStage stage(login);
    const std::string entity = stage.entity().stream().full_address();
    // Wherever it is sent to ends on the entity's stream.
    const std::string elsewhere = login == Login::account ? entity_address(login) : "anybody@" + entity;
    const std::string most = repeated("<a/>", 299);
    const std::string too_many = repeated("<a/>", 300);
    const std::string too_deep = "<b>" + repeated("<a>", 299) + repeated("</a>", 299) + "</b>";
    const std::string too_long = "<a>" + repeated("x", 10'000) + "</a>";
    const Matcher message{"a message", [](const Element& stanza) { return stanza.name == "message"; }};

    for (const std::string& address : kAnybody) {
        BOOST_TEST_CONTEXT(address)
        {
            if (is_account(address)) {
                stage.server().add_account(address);
            }
            const auto mallory = log_in(stage.server(), address);
            const std::string from = " from='" + mallory->full_address() + "'";
            stage.entity().stream().take_received();
            for (const std::string& to : {entity, elsewhere}) {
                for (const std::string& inside : {too_many, too_deep, too_long}) {
                    mallory->send("<message" + from + " to='" + to + "'>" + inside + "</message>");
                    mallory->send("<presence" + from + " to='" + to + "' type='subscribe'>" + inside +
                                  "</presence>");
                    mallory->send("<iq" + from + " to='" + to + "' id='r1' type='result'>" + inside +
                                  "</iq>");
                }
            }
            for (const std::string& inside : {"<b>" + too_many + "</b>", too_deep, too_long}) {
                for (const std::string type : {"get", "set"}) {
                    const Element refused = mallory->request(type, entity, inside);
                    BOOST_TEST(is_error(refused, "modify", "policy-violation"));
                    BOOST_TEST(refused.str().find("10000 bytes") != std::string::npos);
                }
            }
            mallory->send("<message" + from + " to='" + entity + "'>" + most + "</message>");
            BOOST_TEST(stage.entity().stream().expect(message).children.size() == 299U);
            mallory->send("<message" + from + " to='" + entity + "'><a>" + repeated("x", 9'700) +
                          "</a></message>");
            BOOST_TEST(stage.entity().stream().expect(message).children.size() == 1U);
            BOOST_TEST(stage.entity().stream().received().size() == 2U);
        }
    }
    // The server's own does: a page of 100 requests.
    WireComponent gossip(stage.server().component_port(), kGossip);
    gossip.connect();
    stage.person(kJuliet);
    send_requests(gossip, 0, 100, kJuliet);
    for (std::size_t asked = 0; asked < 100;) {
        const Ask ask = stage.entity().next_ask();
        stage.entity().answer(ask, "none");
        asked += ask.requests.size();
    }
    BOOST_TEST(ids_on(ask_for_page(stage.entity(), "", "")).size() == 100U);
}

BOOST_DATA_TEST_CASE(nothing_that_is_sent_stops_the_daemon_or_is_approved, kLogins, login)
{
    besiege(login, 100, 1'000, 1);
}

BOOST_AUTO_TEST_SUITE_END()

/// Not run by ctest: for the figures in ABUSE.md.
BOOST_AUTO_TEST_SUITE(abuse_at_length)

BOOST_DATA_TEST_CASE(nothing_that_is_sent_stops_the_daemon_or_is_approved, kLogins, login)
{
    besiege(login, 1'000, 10'000, 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
