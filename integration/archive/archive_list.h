// Reads the archiving preferences of a domain's accounts, page by page (PROTOCOL.md, XEP-0059).
//
// Not here: what becomes of them, and when they are read.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "integration/archive/wire_format.h"
#include "integration/base/rate_limited_warning.h"
#include "integration/xmpp/iq_client.h"

namespace usher
{

/// Why preferences could not be read or set.
struct ArchiveFailure {
    enum class Problem {
        not_granted,  ///< the connector does not let us
        no_archive,  ///< the server keeps no archive there, or cannot list its accounts (`feature-not-implemented`)
        no_account,  ///< `item-not-found`, of an account
        changed,     ///< `conflict`: what the server has has another mark, and was not changed
        refused,     ///< another error
        unreadable,  ///< what came is no reply, or would come for ever
        no_reply,
    };
    Problem problem = Problem::no_reply;
    std::string condition = {};  ///< of the error (RFC 6120 section 8.3.3), if one came

    friend bool operator==(const ArchiveFailure&, const ArchiveFailure&) = default;
};

/// The failure that an IQ of another type than `result` says; an absent one is none that came.
[[nodiscard]] ArchiveFailure archive_failure_of(const Stanza& iq);
/// The same as a clause for people: "its server did not answer".
[[nodiscard]] std::string to_string(const ArchiveFailure& failure);

/// One reading, from the first page to the end or to what prevents it. If the server has lost our place in the list, it
/// begins again from the first page, once.
class ArchiveList
{
  public:
    /// More would not be the accounts of a server.
    static constexpr std::size_t kMaxAccounts = 1'000'000;
    /// For each page.
    static constexpr std::chrono::milliseconds kDeadline{60'000};

    /// Who of a page is of the domain; others are counted. `next` reads on.
    using Page = std::function<void(ArchiveRead page)>;
    /// Called once: nothing, if the list was read to its end. The object may be destroyed from both.
    using End = std::function<void(const std::optional<ArchiveFailure>& failure)>;

    /// `iqs` and `refused`, which counts accounts, must outlive the object.
    ArchiveList(IqClient& iqs, RateLimitedWarning& refused, std::string domain, Page page, End end);

    /// Asks for the next page. Not while one is being asked for.
    void next();

  private:
    void received(const Stanza& iq);

    IqAsker asker_;
    RateLimitedWarning& refused_;
    const std::string domain_;
    const Page page_;
    const End end_;
    std::string last_;        // item of the page before, empty before the first
    std::size_t listed_ = 0;  // accounts, also those refused
    bool begun_again_ = false;
};

}  // namespace usher
