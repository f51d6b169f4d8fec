#include "plugin/people/people_refresh.h"

#include <algorithm>
#include <utility>

namespace usher
{

PeopleRefresh::PeopleRefresh(Clock& clock, IqClient& iqs, Database& database, Directory& directory,
                             std::function<std::chrono::system_clock::time_point()> wall_clock,
                             std::function<double()> random)
    : source_(clock, iqs, *this),
      store_(database),
      domains_with_{clock, source_, store_, directory, std::move(wall_clock), std::move(random)},
      unsearched_(store_, clock)
{
}

void PeopleRefresh::set_domains(const std::vector<std::string>& domains)
{
    for (auto known = domains_.begin(); known != domains_.end();) {
        if (std::find(domains.begin(), domains.end(), known->first) == domains.end()) {
            domains_with_.directory.forget(known->first);
            known = domains_.erase(known);
        } else {
            ++known;
        }
    }
    for (const std::string& domain : domains) {
        const auto [refresh, added] = domains_.try_emplace(domain, domain, domains_with_);
        if (added) {
            refresh->second.read_list();  // it may have been offered before
        }
    }
    unsearched_.forget_all_but(domains);
}

void PeopleRefresh::set_fields(const std::string& domain, const std::vector<PersonField>& fields)
{
    if (domains_with_.directory.set_fields(domain, fields)) {
        domains_with_.directory.forget(domain);
        domains_.erase(domain);
    }
}

std::optional<PeopleStatus> PeopleRefresh::status(std::string_view domain) const
{
    const auto refresh = domains_.find(domain);
    return refresh == domains_.end() ? std::nullopt : std::optional(refresh->second.status());
}

void PeopleRefresh::people_offered(const std::string& domain)
{
    if (const auto refresh = domains_.find(domain); refresh != domains_.end()) {
        refresh->second.read_list();
    }
}

void PeopleRefresh::people_changed(const std::string& domain, std::vector<Address> people)
{
    if (const auto refresh = domains_.find(domain); refresh != domains_.end()) {
        refresh->second.changed(std::move(people));
    }
}

void PeopleRefresh::people_lost()
{
    for (auto& [domain, refresh] : domains_) {
        refresh.stream_lost();
    }
}

}  // namespace usher
