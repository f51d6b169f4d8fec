// How long a lone contact request takes, from the contact's `subscribe` to her `subscribed`: through Usher,
// and approved inside Prosody by mod_bench_approve. Nothing else happens on either server meanwhile.
//
// Two servers run side by side with the same accounts, one with Usher and one without, and are asked the same
// requests in alternating blocks. No request is asked twice.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "asker.h"
#include "deadline.h"
#include "private_prosody.h"
#include "report.h"
#include "usherd.h"

namespace usher::test
{

namespace
{

// Storing a roster takes Prosody longer the more contacts are in it. A block's contact asks all users of the
// case, so her roster grows to kUsers; the users' grow by one a block, to kPairs + 1.
constexpr int kUsers = 50;
constexpr int kPairs = 20;  // unless the command line says otherwise

const std::string kHost = "capulet.lit";
const std::string kElsewhere = "montague.lit";

struct Case {
    bool local;   ///< the contact is on the user's host; else a component asks in her name
    bool online;  ///< the user is
};

constexpr Case kCases[] = {{true, true}, {true, false}, {false, true}, {false, false}};

std::string name(const Case& c)
{
    return std::string(c.local ? "local" : "remote") + (c.online ? "-online" : "-offline");
}

std::string user(const Case& c, int number)
{
    return name(c) + "-user-" + std::to_string(number) + "@" + kHost;
}

/// `block` 0 is for warming up.
std::string contact(const Case& c, int block)
{
    return name(c) + "-contact-" + std::to_string(block) + "@" + (c.local ? kHost : kElsewhere);
}

ServerOptions server_options(std::optional<Login> login)
{
    ServerOptions options;
    options.hosts = {kHost};
    options.components = {kElsewhere};
    if (login) {
        options.connector = true;
        options.entities = {entity_address(*login)};
    } else {
        options.for_all = "plugin_paths = { \"" USHER_BENCH_MODULES "\" }\n";
        options.for_organization = "modules_enabled = { \"bench_approve\" }\n";
    }
    options.for_all += "log = { warn = \"*stderr\" }\n";  // a debug log would be a good part of the time
    return options;
}

UsherdOptions usherd_options()
{
    UsherdOptions options;
    options.domains = {kHost};
    options.option = "all";
    options.more =
        "[limits]\napprovals_per_contact_per_hour = 0\napprovals_per_domain_per_hour = 0\n"
        "approvals_per_user_per_hour = 0\n";
    return options;
}

/// A server that approves everything, through Usher or by itself, and the people who are there all the time.
class Approver
{
  public:
    Approver(std::optional<Login> login, int pairs) : server_(server_options(login))
    {
        for (const Case& c : kCases) {
            for (int number = 0; number < kUsers; ++number) {
                server_.add_account(user(c, number));
            }
            for (int block = 0; block <= pairs && c.local; ++block) {
                server_.add_account(contact(c, block));
            }
        }
        if (login) {
            usherd_.emplace(connection_to(server_), usherd_options());
            usherd_->start();
            usherd_->wait_until_answering();
        }
        for (const Case& c : kCases) {
            for (int number = 0; number < kUsers && c.online; ++number) {
                online_.emplace(user(c, number), Asker::client(server_.client_port(), user(c, number)));
            }
        }
        elsewhere_.emplace(Asker::component(server_.component_port(), kElsewhere));
    }

    /// Asks every user of the case in the name of the block's contact, one request after the other.
    Block measure(const Case& c, int block)
    {
        const std::string from = contact(c, block);
        Block measured;
        if (c.local) {
            Asker asker = Asker::client(server_.client_port(), from);
            measured = ask_all(c, asker, from);
            check_roster(asker, "to", kUsers);
        } else {
            measured = ask_all(c, *elsewhere_, from);
            elsewhere_->forget_arrived();
        }
        for (auto& [address, asker] : online_) {
            asker.forget_arrived();
        }
        return measured;
    }

    /// That what has been measured is what was meant: everybody who asked is subscribed.
    void check(int blocks)
    {
        for (auto& [address, asker] : online_) {
            check_roster(asker, "from", blocks);
        }
    }

  private:
    static Block ask_all(const Case& c, Asker& asker, const std::string& from)
    {
        std::vector<std::string> requests;
        for (int number = 0; number < kUsers; ++number) {
            requests.push_back("<presence type='subscribe' from='" + from + "' to='" + user(c, number) +
                               "'/>");
        }
        Block measured;
        const auto start = Clock::now();
        for (const std::string& request : requests) {
            const auto asked = Clock::now();
            asker.send(request);
            asker.wait_for("type='subscribed'");
            measured.milliseconds.push_back(
                std::chrono::duration<double, std::milli>(Clock::now() - asked).count());
        }
        measured.seconds = std::chrono::duration<double>(Clock::now() - start).count();
        return measured;
    }

    static void check_roster(Asker& asker, const std::string& subscription, int wanted)
    {
        asker.forget_arrived();
        asker.send(
            "<iq type='get' id='check'><query xmlns='jabber:iq:roster'/></iq>"
            "<iq type='get' id='end'><query xmlns='jabber:iq:roster'/></iq>");
        const std::string roster = asker.wait_for("id='end'");
        const std::string attribute = "subscription='" + subscription + "'";
        int found = 0;
        for (auto at = roster.find(attribute); at != std::string::npos; at = roster.find(attribute, at + 1)) {
            ++found;
        }
        if (found != wanted) {
            throw std::runtime_error("not " + std::to_string(wanted) + " contacts with " + attribute + ": " +
                                     roster);
        }
    }

    PrivateProsody server_;
    std::optional<Usherd> usherd_;
    std::map<std::string, Asker> online_;
    std::optional<Asker> elsewhere_;
};

std::vector<Row> measure(Login login, int pairs)
{
    Approver in_server(std::nullopt, pairs);
    Approver usher(login, pairs);

    std::vector<Row> rows;
    for (const Case& c : kCases) {
        rows.push_back({login == Login::account ? "account" : "component",
                        c.local ? "local" : "remote",
                        c.online ? "online" : "offline",
                        c.local,
                        {}});
        in_server.measure(c, 0);
        usher.measure(c, 0);
    }
    for (int pair = 1; pair <= pairs; ++pair) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            Pair measured;
            const auto without = [&] { measured.in_server = in_server.measure(kCases[i], pair); };
            const auto with = [&] { measured.usher = usher.measure(kCases[i], pair); };
            if (pair % 2 == 0) {
                without();
                with();
            } else {
                with();
                without();
            }
            rows[i].pairs.push_back(std::move(measured));
        }
    }
    in_server.check(pairs + 1);
    usher.check(pairs + 1);
    return rows;
}

}  // namespace

}  // namespace usher::test

int main(int argc, char** argv)
{
    using namespace usher::test;
    const int pairs = argc > 1 ? std::max(1, std::atoi(argv[1])) : kPairs;
    try {
        std::vector<Row> rows = measure(Login::component, pairs);
        for (Row& row : measure(Login::account, pairs)) {
            rows.push_back(std::move(row));
        }
        print(std::cout, rows);
    } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
    return 0;
}
