#include "approver.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "deadline.h"
#include "private_ejabberd.h"
#include "private_prosody.h"
#include "process.h"

namespace usher::test
{

namespace
{

bool is_prosody(Kind kind)
{
    return kind == Kind::prosody || kind == Kind::prosody_memory;
}

ServerOptions common_options(const Approver::Options& wanted)
{
    ServerOptions options;
    options.hosts = hosts(wanted.hosts);
    options.components = {kElsewhere};
    if (wanted.usher) {
        options.connector = true;
        options.entities = {entity_address(*wanted.usher)};
    }
    if (wanted.people) {
        options.people_entities = options.entities;
        options.profiles = true;
    }
    return options;
}

/// It listens before it is filled, but accepts nothing until then.
void wait_until_filled(const Server& server)
{
    const Deadline deadline = within(std::chrono::minutes(10));
    while (server.log_text().find("filled") == std::string::npos) {
        if (Clock::now() >= deadline) {
            throw std::runtime_error("Prosody could not be filled");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

std::unique_ptr<Server> make_prosody(const Approver::Options& wanted)
{
    ServerOptions options = common_options(wanted);
    options.for_all =
        "plugin_paths = { \"" USHER_PROSODY_MODULES "\"; \"" USHER_BENCH_MODULES
        "\" }\n"
        "log = { warn = \"*console\" }\n"  // writing a debug log would take a large part of the time
        "storage = \"" +
        std::string(wanted.kind == Kind::prosody_memory ? "memory" : "internal") + "\"\n";
    options.for_organization =
        "bench_users = " + std::to_string(wanted.users) +
        "\nbench_contacts = " + std::to_string(wanted.contacts) + "\nbench_password = \"" + kPassword +
        "\"\nmodules_enabled = { \"bench_population\"" +
        (wanted.usher ? "; \"privilege\"; \"subscription_requests\"" : "; \"bench_approve\"") +
        (wanted.people ? "; \"pep\"; \"vcard4\"; \"vcard_legacy\"" : "") + " }\n";
    auto server = std::make_unique<PrivateProsody>(std::move(options));
    wait_until_filled(*server);
    return server;
}

std::unique_ptr<Server> make_ejabberd(const Approver::Options& wanted)
{
    ServerOptions options = common_options(wanted);
    if (!wanted.usher) {
        options.for_organization = "      mod_bench_approve: {}\n";
    }
    auto server = std::make_unique<PrivateEjabberd>(PrivateEjabberd::Storage::mnesia, std::move(options));
    const std::string vcards = wanted.people ? ", vcard, vcard_search" : "";
    const auto change_copies = [&server](const std::string& tables, const std::string& type) {
        (void)server->evaluate("[mnesia:change_table_copy_type(Table, node(), " + type + ") || Table <- [" +
                               tables + "]].");
    };
    change_copies("roster" + vcards, "disc_copies");  // filling takes seconds; on disk it would take an hour
    constexpr int kAtATime = 5'000;                   // the console's deadline allows no more
    for (const std::string& host : hosts(wanted.hosts)) {
        for (int first = 1; first <= wanted.users; first += kAtATime) {
            const int last = std::min(first + kAtATime - 1, wanted.users);
            const std::string filled =
                server->evaluate("bench_population:fill(<<\"" + host + "\">>, <<\"" + kPassword + "\">>, " +
                                 std::to_string(first) + ", " + std::to_string(last) + ", " +
                                 std::to_string(wanted.contacts) + ").");
            if (filled != "ok") {
                throw std::runtime_error("ejabberd could not be filled: " + filled);
            }
        }
    }
    if (wanted.kind != Kind::ejabberd_disc_copies) {
        change_copies("roster" + vcards, "disc_only_copies");
    }
    return server;
}

UsherdOptions usherd_options(const Approver::Options& wanted)
{
    UsherdOptions options;
    options.domains = hosts(wanted.hosts);
    options.option = "all";
    options.store_url = wanted.store_url;
    options.log_level = "info";
    if (wanted.people) {
        options.organization =
            "[organization.people]\nlisted = \"opt-out\"\nsearches_per_minute = 1000\npeople_per_day = 10000\n";
    }
    options.more =
        "[limits]\napprovals_per_contact_per_hour = 0\napprovals_per_domain_per_hour = 0\n"
        "approvals_per_user_per_hour = 0\n";
    return options;
}

}  // namespace

std::string name(Kind kind)
{
    switch (kind) {
        case Kind::prosody:
            return "Prosody, internal storage";
        case Kind::prosody_memory:
            return "Prosody, memory";
        case Kind::ejabberd:
            return "ejabberd, default storage";
        case Kind::ejabberd_disc_copies:
            return "ejabberd, disc_copies";
    }
    throw std::invalid_argument("no such kind of server");
}

std::string server_name(Kind kind)
{
    return is_prosody(kind) ? "Prosody" : "ejabberd";
}

std::vector<std::string> hosts(int count)
{
    std::vector<std::string> all{kHost};
    for (int i = 2; i <= count; ++i) {
        all.push_back("house-" + std::to_string(i) + ".lit");
    }
    return all;
}

std::string user(int number, const std::string& host)
{
    return "user-" + std::to_string(number) + "@" + host;
}

std::string subscribe(const std::string& from, const std::string& to)
{
    return "<presence type='subscribe' from='" + from + "' to='" + to + "'/>";
}

Approver::Approver(const Options& options)
    : server_(is_prosody(options.kind) ? make_prosody(options) : make_ejabberd(options))
{
    for (const std::string& account : options.accounts) {
        server_->add_account(account);
    }
    if (options.usher) {
        start_usher(options);
    }
    elsewhere_.emplace(Asker::component(server_->component_port(), kElsewhere));
}

void Approver::start_usher(const Options& options)
{
    const auto begun = Clock::now();
    begin(first_reading_);
    for (int i = 0; i < options.instances; ++i) {
        Usherd& usherd = usherds_.emplace_back(connection_to(*server_), usherd_options(options));
        usherd.start(kEnvironment);
        usherd.wait_until_answering();
    }
    seconds_to_ready_ = std::chrono::duration<double>(Clock::now() - begun).count();
    if (options.people) {
        usherds_.front().wait_for_log(std::to_string(options.users) + " people are listed");
        end(first_reading_, static_cast<std::size_t>(options.users));
    }
}

double Approver::usherd_cpu() const
{
    double all = 0;
    for (const Usherd& usherd : usherds_) {
        all += cpu_time(usherd.id());
    }
    return all;
}

void Approver::begin(Block& block) const
{
    block.server_cpu = -cpu_time(server_->id());
    block.usherd_cpu = -usherd_cpu();
    block.seconds = -std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

void Approver::end(Block& block, std::size_t requests) const
{
    block.requests = requests;
    block.seconds += std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
    block.server_cpu += cpu_time(server_->id());
    block.usherd_cpu += usherd_cpu();
}

Block Approver::ask(const std::vector<std::string>& requests, int window)
{
    Block measured;
    begin(measured);
    std::size_t sent = 0;
    std::size_t approved = 0;
    while (approved < requests.size()) {
        const std::size_t until = std::min(approved + static_cast<std::size_t>(window), requests.size());
        std::string batch;
        for (; sent < until; ++sent) {
            batch += requests[sent];
        }
        elsewhere_->send(batch);
        approved += elsewhere_->take("type='subscribed'");
    }
    end(measured, requests.size());
    return measured;
}

Block Approver::ask_alone(Asker& asker, const std::vector<std::string>& requests)
{
    Block measured;
    measured.requests = requests.size();
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

void Approver::check_roster(const std::string& address, int subscribed)
{
    Asker client = Asker::client(server_->client_port(), address);
    test::check_roster(client, "from", subscribed);
}

void check_roster(Asker& asker, const std::string& subscription, int wanted)
{
    asker.forget_arrived();
    asker.send(
        "<iq type='get' id='check'><query xmlns='jabber:iq:roster'/></iq>"
        "<iq type='get' id='end'><query xmlns='jabber:iq:roster'/></iq>");
    asker.wait_for("id='check'");
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

std::vector<Pair> alternate(int pairs, const std::function<Block(int)>& in_server,
                            const std::function<Block(int)>& usher)
{
    std::vector<Pair> measured(static_cast<std::size_t>(pairs));
    for (int pair = 1; Pair & both : measured) {
        if (pair % 2 == 0) {
            both.in_server = in_server(pair);
            both.usher = usher(pair);
        } else {
            both.usher = usher(pair);
            both.in_server = in_server(pair);
        }
        ++pair;
    }
    return measured;
}

}  // namespace usher::test
