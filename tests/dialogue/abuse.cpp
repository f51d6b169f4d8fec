// What anybody can send to Usher's address, and put into a request: whatever it is, the daemon lives, a
// colleague's next request is approved, and nothing else is.
//
// How long the event loop was held, the colleague waited, and what memory the daemon has are measured and
// printed as a table, not judged: ABUSE.md has the figures.
#include <atomic>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "attacks.h"
#include "loop_watch.h"
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

// --- What is measured

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

/// Colleagues are approved and found, strangers are left, users may choose.
UsherdOptions settings(const ReservedPort& metrics)
{
    UsherdOptions options;
    options.option = "organization";
    options.users_may_choose = true;
    options.organization = "[organization.people]\nlisted = \"opt-out\"\n";
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
                BOOST_TEST((sender == kColleague || stanza.attribute("type") != "result" ||
                            stanza.child("query", "jabber:iq:search") == nullptr));
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
        const std::uint64_t repeated = repeats();
        const std::size_t logged = stage_.usherd().log_text().size();
        WireClient& tybalt = stage_.enter(kTybalt);
        const auto mallory = log_in(stage_.server(), kGossip);
        (void)watch_.longest();
        for (int i = 0; i < times; ++i) {
            mallory->send(presence_to(*mallory, "subscribe", kTybalt));
            tybalt.expect(presence("subscribe", "mallory@" + kGossip));
            mallory->send(presence_to(*mallory, "unsubscribe", kTybalt));
        }
        BOOST_TEST(repeats() - repeated == static_cast<std::uint64_t>(times) - 1);
        row.waited = request();
        row.held = watch_.longest();
        row.after = memory_kb(daemon_, "VmRSS");
        row.warnings = warnings(logged);
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
                approved += 1 + record["repeats"].get<long>();
                BOOST_TEST(record["contact"] == kBenvolio);
            } else {
                BOOST_TEST(record["answer"] == "leave");
                BOOST_TEST(left.emplace(record["user"], record["contact"]).second, line);
            }
        }
        BOOST_TEST(approved == approvals_);
        std::cout << records << " records in the journal, " << repeats()
                  << " decisions made again, counted in one of them; the store has "
                  << (std::filesystem::file_size(store) +
                      std::filesystem::file_size(store.string() + "-wal")) /
                         1024
                  << " kB\n";
        BOOST_TEST(stage_.usherd().log_text().find(kTrace) == std::string::npos);
        BOOST_TEST(stage_.usherd().stop() == 0);
    }

  private:
    static constexpr int kUsers = 100;

    /// Decisions that are counted in the record of an earlier one.
    [[nodiscard]] std::uint64_t repeats()
    {
        const Usherctl usherctl(stage_.usherd().directory() / "control.sock");
        return usherctl.json("GET", "/v1/status", {"status"})["without_own_record"]["repeated"];
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

    /// Whether all that was sent has been read and answered, and the stream is still there.
    bool settled(WireStream& mallory)
    {
        try {
            // What the server has put off for this sender comes first; then what Usher answers.
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
