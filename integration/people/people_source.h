// Whom the server's domains list, and how available those are: what is asked of connectors that offer it, and what they say
// of themselves. PROTOCOL.md, `urn:xmpp:subscription-requests:0#people`.
//
// Not here: what becomes of it (plugin/people).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "integration/base/rate_limited_warning.h"
#include "integration/people/people_list.h"
#include "integration/people/person.h"
#include "integration/people/wire_format.h"
#include "integration/requests/protocol_part.h"
#include "integration/xmpp/iq_client.h"

namespace usher
{

class PeopleEvents
{
  public:
    virtual ~PeopleEvents() = default;
    /// The domain lists its people to us: what was known of them may be outdated.
    virtual void people_offered(const std::string& domain) = 0;
    /// These, `kMaxPersons` at most, are to be read again; without any, all of them. No more than a hint.
    virtual void people_changed(const std::string& domain, std::vector<Address> persons) = 0;
    /// The stream has ended: no domain offers anything, and no reply will come.
    virtual void people_lost() = 0;
};

class PeopleSource : public ProtocolPart
{
  public:
    static constexpr std::chrono::milliseconds kReadDeadline{60'000};
    /// Somebody waits in front of a search.
    static constexpr std::chrono::milliseconds kAvailabilityDeadline{2'000};

    /// `events` may be called during calls of this. All must outlive the object.
    PeopleSource(Clock& clock, IqClient& iqs, PeopleEvents& events)
        : iqs_(iqs), events_(events), refused_(clock, "listed people passed over: not of the listing domain")
    {
    }

    /// Whether the domain has offered its people since the login, by its grant or a hint. Nothing is asked of another.
    [[nodiscard]] bool offered(std::string_view domain) const { return offered_.contains(domain); }

    /// See PeopleList, which must not outlive this.
    [[nodiscard]] std::unique_ptr<PeopleList> list(const std::string& domain, PeopleList::Page page,
                                                   PeopleList::End end);
    /// Reads these persons of the domain again, `kMaxPersons` at most. Who does not come back is gone.
    void read_again(const std::string& domain, const std::vector<Address>& persons,
                    std::function<void(tl::expected<std::vector<Person>, PeopleFailure>)> then);
    /// How available `users`, of any domains, are now to `viewer`, a full address: by whom they have blocked.
    /// `then` is called once, `kAvailabilityDeadline` later at the latest; who is not known to be available by then
    /// is absent.
    void availability(const std::string& viewer, std::vector<Address> users, std::function<void(Shows)> then);

    void advertised(const std::string& domain, const Advertisement& granted) override;
    void received_message(const std::string& domain, const Stanza& message) override;
    void stream_lost() override;

  private:
    IqClient& iqs_;
    PeopleEvents& events_;
    RateLimitedWarning refused_;
    std::set<std::string, std::less<>> offered_;
};

}  // namespace usher
