// Finds out for which settings there is no account any more (PROTOCOL.md section 4.8, E34 and E35).
//
// Not here: what is kept, and how it is forgotten (account_settings.h).
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "integration/base/callback_scope.h"
#include "integration/requests/account_settings.h"
#include "integration/xmpp/iq_client.h"
#include "integration/xmpp/stanza.h"

namespace usher
{

/// The `<account/>` children of `<removed/>` or `<accounts/>`, as the server wrote them.
[[nodiscard]] std::vector<NamedAccount> read_accounts(const Stanza& parent);

/// The child that asks which of these accounts exist.
[[nodiscard]] std::string accounts_query(std::span<const KeptSetting> asked);

/// Asks one domain, page by page: now, and a day after the end each time. Asks nothing more when it is destroyed.
class AccountCheck
{
  public:
    /// In one question.
    static constexpr std::size_t kPage = 100;
    static constexpr std::chrono::hours kInterval{24};

    /// `clock`, `iqs` and `settings` must outlive the object.
    AccountCheck(Clock& clock, IqClient& iqs, AccountSettings& settings, std::string domain,
                 std::chrono::milliseconds deadline);
    AccountCheck(const AccountCheck&) = delete;
    AccountCheck& operator=(const AccountCheck&) = delete;

  private:
    void begin();
    void ask_next();
    void ask_about(std::vector<KeptSetting> kept);
    void received(const std::vector<KeptSetting>& asked, const Stanza& iq);
    void end();

    Clock& clock_;
    IqAsker asker_;
    AccountSettings& settings_;
    CallbackScope reading_;  // of what is kept
    const std::string domain_;
    const std::chrono::milliseconds deadline_;
    std::string last_;     // account of the page before, empty before the first
    bool warned_ = false;  // once for all pages
    std::unique_ptr<Timer> next_;
};

}  // namespace usher
