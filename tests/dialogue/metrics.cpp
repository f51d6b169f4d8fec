// What Prometheus is told is what the journal says.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "loopback.h"
#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

constexpr int kUsers = 40;
constexpr int kContacts = 25;

/// The whole answer, header and body.
std::string http_get(std::uint16_t port, const std::string& path)
{
    const Descriptor socket = connect_loopback(port);
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    BOOST_REQUIRE(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
                  static_cast<ssize_t>(request.size()));
    const timeval patience{60, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string answer;
    std::array<char, 4096> some{};
    for (;;) {
        const ssize_t size = ::recv(socket.get(), some.data(), some.size(), 0);
        BOOST_REQUIRE(size >= 0);
        if (size == 0) {
            return answer;
        }
        answer.append(some.data(), static_cast<std::size_t>(size));
    }
}

/// Value by name with labels, as they stand there.
std::map<std::string, double> samples(const std::string& text)
{
    std::map<std::string, double> found;
    std::istringstream lines(text.substr(text.find("\r\n\r\n") + 4));
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with('#') && !line.empty()) {
            const std::size_t space = line.rfind(' ');
            found[line.substr(0, space)] = std::stod(line.substr(space + 1));
        }
    }
    return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(a_thousand_requests_are_counted_as_the_journal_has_them)
{
    const ReservedPort port;
    UsherdOptions options;
    options.option = "organization";
    options.organization = rule({"contact0@capulet.lit", "contact1@montague.lit"}, "deny");
    options.control = "metrics_port = " + std::to_string(port.number()) + "\n";
    UsherStage stage(Login::component, options, kNoTimeout);
    std::string requests;
    std::vector<std::string> users;
    for (int i = 0; i < kUsers; ++i) {
        users.push_back("user" + std::to_string(i) + "@capulet.lit");
        stage.enter(users.back());
        requests += to(users.back(), "subscribe");
    }
    std::vector<std::string> contacts;
    for (int i = 0; i < kContacts; ++i) {
        contacts.push_back("contact" + std::to_string(i) + (i % 2 == 0 ? "@capulet.lit" : "@montague.lit"));
        stage.enter(contacts.back()).send(requests);
    }
    const Usherctl usherctl(stage.usherd().directory() / "control.sock");
    FollowingUsherctl following(usherctl, {"journal", "--follow", "--since", "1h"});
    for (int i = 0; i < kUsers * kContacts; ++i) {
        following.line();
    }

    std::map<std::string, double> journalled;
    std::istringstream lines(usherctl.done({"journal", "--json", "--since", "1h"}));
    for (std::string line; std::getline(lines, line);) {
        const auto record = nlohmann::json::parse(line);
        journalled["usher_decisions_total{answer=\"" + record["answer"].get<std::string>() + "\",reason=\"" +
                   record["reason"].get<std::string>() + "\"}"] += 1 + record["repeats"].get<int>();
    }
    const std::string answer = http_get(port.number(), "/metrics");
    BOOST_TEST(answer.starts_with("HTTP/1.0 200"), answer.substr(0, 100));
    std::map<std::string, double> found = samples(answer);
    std::map<std::string, double> decided;
    double all = 0;
    for (const auto& [name, value] : found) {
        if (name.starts_with("usher_decisions_total")) {
            decided[name] = value;
            all += value;
        }
    }
    BOOST_TEST(all == kUsers * kContacts);
    BOOST_TEST(journalled.size() == 3U);  // approved in the organisation, left outside it, denied by the rule
    for (const auto& [name, value] : journalled) {
        BOOST_TEST(decided[name] == value, name << ": " << decided[name] << ", in the journal " << value);
    }
    BOOST_TEST(found["usher_requests_total{source=\"asked\"}"] == kUsers * kContacts);
    BOOST_TEST(found["usher_answering_seconds_bucket{le=\"+Inf\"}"] ==
               found["usher_answering_seconds_count"]);
    BOOST_TEST(found.at("usher_requests_total{source=\"waiting\"}") == 0);
    // What comes while PostgreSQL is writing shares the next transaction.
    BOOST_TEST(found["usher_store_seconds_count"] > 0);
    BOOST_TEST(found["usher_store_seconds_count"] <= found["usher_answering_seconds_count"]);
    BOOST_TEST(found["usher_answering_seconds_sum"] >= found["usher_store_seconds_sum"]);
    BOOST_TEST(found["usher_connected"] == 1);
    BOOST_TEST(found["usher_logins_total"] == 1);
    BOOST_TEST(found["usher_domain_answering{organization=\"Capulet\",domain=\"capulet.lit\"}"] == 1);
    BOOST_TEST(
        found
            ["usher_domain_last_round_trip_timestamp_seconds{organization=\"Capulet\",domain=\"capulet.lit\"}"] >=
        found["usher_start_time_seconds"]);
    BOOST_TEST(found["usher_unrecorded_total"] == 0);
    BOOST_TEST(found.at("usher_decisions_without_own_record_total{why=\"repeated\"}") == 0);
    BOOST_TEST(found.at("usher_decisions_without_own_record_total{why=\"too many\"}") == 0);
    BOOST_TEST(found["usher_store_failing"] == 0);
    BOOST_TEST(answer.find('@') == std::string::npos, "an address is in the metrics");

    BOOST_TEST(http_get(port.number(), "/v1/status").starts_with("HTTP/1.0 404"));

    stage.server().kill();
    stage.usherd().wait_for_status("connecting");
    BOOST_TEST(samples(http_get(port.number(), "/metrics"))["usher_connected"] == 0);
    stage.server().start();
    stage.usherd().wait_until_answering();
    BOOST_TEST(samples(http_get(port.number(), "/metrics"))["usher_logins_total"] == 2);

    // Everything that the dashboard asks for is there; of a directory, see tests/plugin/control/control_test.cpp.
    std::ifstream dashboard(USHER_DASHBOARD);
    const std::string text{std::istreambuf_iterator<char>(dashboard), {}};
    BOOST_REQUIRE(nlohmann::json::accept(text));
    const std::regex name("usher_(?!ldap_)[a-z_]+");
    int asked = 0;
    for (std::sregex_iterator match(text.begin(), text.end(), name); match != std::sregex_iterator();
         ++match) {
        ++asked;
        const bool served =
            answer.find("\n" + match->str()) != std::string::npos ||
            answer.find("# TYPE " + match->str() + " ") != std::string::npos;  // of nobody yet
        BOOST_TEST(served, match->str() + " is not served");
    }
    BOOST_TEST(asked > 10);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
