// The inside of a daemon, without a server: the stream is a double, the store is in memory. Made anew for
// each input, so that a finding depends on one input only.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core_now.h"
#include "doubles.h"
#include "integration/stock/stock_approval.h"
#include "plugin/core/answerer.h"
#include "plugin/core/operations.h"
#include "plugin/people/directory.h"
#include "plugin/people/known_choices.h"
#include "plugin/people/people_refresh.h"
#include "plugin/settings/reader.h"

namespace usher::test
{

inline std::chrono::system_clock::time_point wall_clock()
{
    return std::chrono::system_clock::now();
}

struct Inside {
    Inside()
    {
        answerer.set_policy(policy->policy(), policy->settings_version());
        entity.set_stock_mode(&stock);
        entity.add_part(people.protocol_part());
        people.set_domains({"capulet.lit"});
        operations.set_people({&directory, &person_choices,
                               [this](const std::string& viewer, std::vector<Address> users,
                                      std::function<void(const std::map<std::string, std::string>&)> then) {
                                   people.availability(viewer, std::move(users), std::move(then));
                               }});
        operations.on_reload(
            [](const Callback<std::vector<std::string>>& then) { then(std::vector<std::string>{}); });
        operations.on_check(
            [this](const Callback<CheckReport>& then) { then(tl::unexpected(operations.not_connected())); });
    }

    static const Settings& settings()
    {
        static const Settings parsed = parse_settings(R"(
            [connection]
            component = "usher.capulet.lit"
            secret_file = "/etc/usher/secret"
            [[organization]]
            name = "Capulet"
            domains = ["capulet.lit"]
            users_may_choose = true
            administrators = ["nurse@capulet.lit"]
            [organization.people]
            listed = "opt-out"
            searches_per_minute = 1000
            [[organization]]
            name = "Montague"
            domains = ["montague.lit"]
            stock = "approve"
            )",
                                                      "usher.toml")
                                           .value();
        return parsed;
    }

    static Login login()
    {
        Login login;
        login.component = true;
        login.address = *settings().connection.component;
        return login;
    }

    struct NoEvents : EntityEvents {
        void domain_changed(const std::string&, DomainState) override {}
        void offline(const Failure&, std::chrono::milliseconds) override {}
    };

    std::unique_ptr<Database> database = Database::open("sqlite3://:memory:").value();
    std::unique_ptr<PolicyNow> policy = PolicyNow::make(settings(), *database, wall_clock).value();
    Choices choices{*database};
    Journal journal{*database};
    FakeClock clock;
    FakeChannels channels;
    NoEvents events;
    Answerer answerer{choices, journal, clock, wall_clock};
    Entity entity{login(),
                  "usher.capulet.lit",
                  {"capulet.lit", "montague.lit"},
                  channels,
                  clock,
                  [] { return 0.0; },
                  answerer,
                  events};
    StockApproval stock{clock, answerer, entity.iqs(),
                        [this](const std::string& domain, StockMode::Refusal refusal) {
                            entity.stock_refused(domain, refusal);
                        }};
    Directory directory;
    PeopleRefresh people{clock, entity.iqs(), *database, directory, wall_clock, [] { return 0.0; }};
    KnownChoices person_choices{*database, clock};
    Operations operations{*policy, answerer, choices, *database, entity, clock};
};

}  // namespace usher::test
