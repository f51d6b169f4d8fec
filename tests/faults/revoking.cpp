#include "revoking.h"

namespace usher::test
{

void Revoking::go_on(const std::string& user)
{
    if (command_) {
        const std::optional<int> status = command_->wait(Clock::now());
        if (!status) {
            return;
        }
        successes_ += *status == 0 ? 1U : 0U;
    }
    std::vector<std::string> arguments{"--json", "revoke", "--apply"};
    if (!user.empty()) {
        arguments.insert(arguments.end(), {"--user", user});
    }
    command_ = std::make_unique<Child>(
        Child::Program{usherctl_.command(arguments), {}, directory_.path() / "output"});
}

std::optional<Revoking::Left> Revoking::left() const
{
    const Usherctl::Ran ran = usherctl_.run({"--json", "approvals"});
    if (ran.status != 0) {
        return std::nullopt;
    }
    const nlohmann::json listed = nlohmann::json::parse(ran.output);
    if (listed.at("more") != false || !listed.at("unlisted").empty()) {
        return std::nullopt;
    }
    Left left{listed.at("approvals").size(), {}};
    for (const auto& own : listed.at("own")) {
        left.own.emplace(own.at("user"), own.at("contact"));
    }
    return left;
}

void compare_revoked(const std::vector<Request>& requests, const std::map<std::string, UserState>& users,
                     const Store::Journal& journal, std::set<std::pair<std::string, std::string>> own,
                     Outcome& outcome)
{
    for (const Request& request : requests) {
        const auto found = journal.find({request.user, request.contact});
        const Store::Records records = found == journal.end() ? Store::Records() : found->second;
        if (request.policy != Policy::approve) {
            if (records.revoke > 0) {
                outcome.wrong.push_back("revoked, and was never approved: " + text(request));
            }
            continue;
        }
        const bool is_own = own.erase({request.user, request.contact}) > 0;
        const auto& subscriptions = users.at(request.user).subscriptions;
        const auto item = subscriptions.find(request.contact);
        const bool in_force = item != subscriptions.end() && item->second == "from";
        if (request.unsubscribed > 1 + request.said_in_falling || records.revoked > 1) {
            outcome.twice.push_back("revoked more than once: " + text(request));
        }
        if (in_force) {
            ++outcome.kept;
            if (!is_own) {
                outcome.lost.push_back("still in force: " + text(request));
            }
            if (request.unsubscribed > request.said_in_falling || records.revoked > 0) {
                outcome.wrong.push_back("said to be revoked, and is in force: " + text(request));
            }
        } else {
            ++outcome.revoked;
            outcome.revoked_untold += request.unsubscribed == 0 ? 1U : 0U;
            if (records.revoke == 0) {
                outcome.unrecorded.push_back("revoked: " + text(request));
            }
            if (is_own) {
                outcome.wrong.push_back("listed as in force, and revoked: " + text(request));
            }
        }
    }
    for (const auto& [user, contact] : own) {
        outcome.wrong.push_back(user + " is said to have approved " + contact + ", who never asked");
    }
}

}  // namespace usher::test
