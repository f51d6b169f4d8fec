// The archiving preferences of the accounts of the server's domains: read and set by connectors that offer it, and what
// those say of them by themselves. PROTOCOL.md, `urn:xmpp:subscription-requests:0#archive`.
//
// Not here: what is to be set for whom, and how fast (plugin/archive).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "integration/archive/archive_list.h"
#include "integration/archive/wire_format.h"
#include "integration/base/rate_limited_warning.h"
#include "integration/requests/protocol_part.h"
#include "integration/xmpp/iq_client.h"

namespace usher
{

class ArchiveEvents
{
  public:
    virtual ~ArchiveEvents() = default;
    /// The domain lets us read and set its accounts' preferences: what was known of them may be outdated.
    virtual void archive_offered(const std::string& domain) = 0;
    /// These, `kMaxArchiveAccounts` at most, have changed their preferences or are new; without any, all are to be listed
    /// again. No more than a hint, and none that the domain offers anything.
    virtual void archive_changed(const std::string& domain, std::vector<Address> accounts) = 0;
    /// The stream has ended: no domain offers anything, and no reply will come.
    virtual void archive_lost() = 0;
};

class ArchiveSource : public ProtocolPart
{
  public:
    static constexpr std::chrono::milliseconds kReadDeadline{60'000};
    static constexpr std::chrono::milliseconds kSetDeadline{60'000};

    using Read = tl::expected<std::vector<ArchivePreference>, ArchiveFailure>;

    /// `events` may be called during calls of this. All must outlive the object.
    ArchiveSource(Clock& clock, IqClient& iqs, ArchiveEvents& events)
        : iqs_(iqs),
          events_(events),
          refused_(clock,
                   "listed archiving preferences passed over: not of the listing domain, or not understood")
    {
    }

    /// Whether the domain has offered it since the login, by its grant. Nothing is to be asked of another.
    [[nodiscard]] bool offered(std::string_view domain) const { return offered_.contains(domain); }

    /// See ArchiveList, which must not outlive this.
    [[nodiscard]] std::unique_ptr<ArchiveList> list(const std::string& domain, ArchiveList::Page page,
                                                    ArchiveList::End end);
    /// Reads the preferences of these accounts of the domain, `kMaxArchiveAccounts` at most. Who does not come back is no
    /// account; unless the reply had somebody who cannot be understood, which makes all of it `unreadable`.
    void read_again(const std::string& domain, const std::vector<Address>& accounts,
                    std::function<void(Read)> then);
    /// Sets the account's preference, and sets or takes away the lock, if what the server has still has this mark (see
    /// ArchivePreference). `then` is called once: without a failure it is set, after `changed` certainly not.
    void set(const Address& account, Archiving preference, bool lock, std::string_view mark,
             std::function<void(std::optional<ArchiveFailure>)> then);

    void advertised(const std::string& domain, const Advertisement& granted) override;
    void received_message(const std::string& domain, const Stanza& message) override;
    void stream_lost() override;

  private:
    IqClient& iqs_;
    ArchiveEvents& events_;
    RateLimitedWarning refused_;
    std::set<std::string, std::less<>> offered_;
};

}  // namespace usher
