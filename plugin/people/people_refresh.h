// Keeps the people of organisations whose users may be searched as their servers have them.
//
// What goes on with each domain: domain_refresh.h.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/people/people_source.h"
#include "plugin/people/domain_refresh.h"
#include "plugin/people/unsearched_people.h"

namespace usher
{

class PeopleRefresh : private PeopleEvents
{
  public:
    /// `wall_clock` is for the time of day, `random` gives 0 to 1. The others must outlive the object.
    PeopleRefresh(Clock& clock, IqClient& iqs, Database& database, Directory& directory,
                  std::function<std::chrono::system_clock::time_point()> wall_clock,
                  std::function<double()> random);

    /// The domains whose people may be searched. Nothing is known or asked of others any more, and the store forgets them.
    void set_domains(const std::vector<std::string>& domains);

    /// What is known of the domain's people has these fields only. Before set_domains(), which has them read again if they are
    /// others than before.
    void set_fields(const std::string& domain, const std::vector<PersonField>& fields);

    /// For the entity.
    [[nodiscard]] ProtocolPart& protocol_part() { return source_; }
    /// See PeopleSource.
    void availability(const std::string& viewer, std::vector<Address> users, std::function<void(Shows)> then)
    {
        source_.availability(viewer, std::move(users), std::move(then));
    }
    /// Nothing for a domain whose people may not be searched.
    [[nodiscard]] std::optional<PeopleStatus> status(std::string_view domain) const;

  private:
    void people_offered(const std::string& domain) override;
    void people_changed(const std::string& domain, std::vector<Address> people) override;
    void people_lost() override;

    PeopleSource source_;
    StoredPeople store_;
    DomainRefresh::Surroundings domains_with_;
    std::map<std::string, DomainRefresh, std::less<>> domains_;
    UnsearchedPeople unsearched_;
};

}  // namespace usher
