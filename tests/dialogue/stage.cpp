#include "stage.h"

#include <algorithm>

#include "servers.h"

namespace usher::test
{

namespace
{

const std::string kLastContact = "last-in-line@montague.lit";
const std::string kLastUser = "last-in-line@capulet.lit";

}  // namespace

Stage::Stage() : Stage(ServerOptions{}) {}

Stage::Stage(ServerOptions options) : server_(make_server(std::move(options))) {}

Stage::~Stage() = default;

WireClient& Stage::person(const std::string& address)
{
    server_->add_account(address);
    return client(address, "wire");
}

WireClient& Stage::enter(const std::string& address)
{
    WireClient& entered = person(address);
    entered.connect();
    entered.appear();
    return entered;
}

WireClient& Stage::client(const std::string& address, const std::string& resource)
{
    return people_.emplace_back(server_->client_port(), address, resource);
}

void Stage::round_trip()
{
    std::vector<Client*> present = others();
    for (WireClient& person : people_) {
        present.push_back(&person);
    }
    std::erase_if(present, [](const Client* client) { return !client->open(); });
    usher::test::round_trip(present);
}

void Stage::expect_acknowledgement(Client& contact, const std::string& user)
{
    if (server_->manners().acknowledges_requests) {
        contact.expect(presence("unavailable", user));
    }
}

WireClient& Stage::last_in_line()
{
    if (last_in_line_ == nullptr) {
        server_->add_account(kLastUser);
        last_in_line_ = &person(kLastContact);
    }
    if (!last_in_line_->open()) {
        last_in_line_->connect();
        last_in_line_->appear();
    }
    return *last_in_line_;
}

UsherStage::UsherStage(Login login, UsherdOptions options, const HoldLimits& limits)
    : Stage(ScriptedStage::options({entity_address(login)}, limits))
{
    options.organization += rule({kLastContact}, "approve");
    usherd_ = std::make_unique<Usherd>(connection_to(server()), options);
    usherd_->start();
    // There may be domains of others, in `more`, or of components, where nothing can be answered.
    const std::vector<std::string>& hosts = server().options().hosts;
    const auto answering =
        std::count_if(options.domains.begin(), options.domains.end(), [&](const std::string& domain) {
            return std::find(hosts.begin(), hosts.end(), domain) != hosts.end();
        });
    usherd_->wait_for_status("answering on " + std::to_string(answering) + " of ");
}

void UsherStage::settle()
{
    WireClient& contact = last_in_line();
    contact.send(to(kLastUser, "subscribe"));
    contact.expect_all({presence("subscribed", kLastUser), roster_push(kLastUser)});
    contact.send(to(kLastUser, "unsubscribe"));
    contact.expect(roster_push(kLastUser));
}

ScriptedStage::ScriptedStage(Login login, const HoldLimits& limits)
    : ScriptedStage(std::vector<std::string>{entity_address(login)}, limits)
{
    admit_entity();
}

ScriptedStage::ScriptedStage(const std::vector<std::string>& entities, const HoldLimits& limits)
    : Stage(options(entities, limits))
{
}

void ScriptedStage::admit_entity()
{
    entity_.emplace(server(), server().options().entities.front());
}

ServerOptions ScriptedStage::options(const std::vector<std::string>& entities, const HoldLimits& limits)
{
    ServerOptions options;
    options.connector = true;
    options.entities = entities;
    options.components = {kGossip};
    options.limits = limits;
    return options;
}

void ScriptedStage::settle()
{
    WireClient& contact = last_in_line();
    contact.send(to(kLastUser, "subscribe"));
    Ask ask;
    do {
        ask = entity_->next_ask();
    } while (ask.requests.back().contact != kLastContact);
    entity_->answer(ask, "unsubscribed");
    contact.expect(presence("unsubscribed", kLastUser));
}

std::vector<std::string> ScriptedStage::asked()
{
    std::vector<std::string> pairs;
    for (const Ask& ask : asks_in(entity_->stream().received())) {
        for (const AskedRequest& request : ask.requests) {
            if (request.contact != kLastContact) {
                pairs.push_back(request.contact + " to " + request.user);
            }
        }
    }
    return pairs;
}

std::vector<Client*> ScriptedStage::others()
{
    return entity_ ? std::vector<Client*>{&entity_->stream()} : std::vector<Client*>{};
}

TwoEntities::TwoEntities(const std::vector<Login>& logins, const HoldLimits& limits)
    : stage_({entity_address(logins.at(0)), entity_address(logins.at(1))}, limits),
      juliet_(stage_.enter(kJuliet)),
      romeo_(stage_.enter(kRomeo))
{
    for (const Login login : logins) {
        entities_.emplace_back(stage_.server(), entity_address(login));
    }
    romeo_.send(to(kJuliet, "subscribe"));
    round_trip();
    asked_ = asks_in(entities_[0].stream().received()).empty() ? 1 : 0;
}

void TwoEntities::round_trip()
{
    usher::test::round_trip({&romeo_, &entities_[0].stream(), &entities_[1].stream()});
}

std::string to(const std::string& address, const std::string& type)
{
    return "<presence type='" + type + "' to='" + escaped(address) + "'/>";
}

std::string item_in(const Element& roster, const std::string& contact)
{
    for (const Element& item : roster.child("query")->children) {
        if (item.attribute("jid") == contact) {
            return item.attribute("subscription") + (item.attribute("ask").empty() ? "" : " ask");
        }
    }
    return {};
}

long count_received(const Client& client, const Matcher& wanted)
{
    return std::count_if(client.received().begin(), client.received().end(), wanted.matches);
}

}  // namespace usher::test
