// Makes the decisions of the journal again, under another policy, with the facts of that time.
//
// Changes nothing. Reads the journal by a connection of its own, so that no request waits for it, and waits for that: to be
// called on a thread that may. Not here: who may ask (operations.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/settings/settings.h"
#include "plugin/store/journal_search.h"

namespace usher
{

/// What somebody asks for (operations.h).
struct ReplayRequest {
    JournalFilter filter;       ///< see ReplayOrder
    bool own_policies = false;  ///< each decision under the policy that it was made under
    /// The settings file under which they are to be made: its text, and what errors call it.
    std::optional<std::string> toml = {};
    std::string path = {};
    /// Makes the organisations and limits that are compared with the policy in force, on the thread that replays. Null, and no
    /// file: the policy in force decides.
    std::function<Settings()> changed = {};
};

/// What is to be done.
struct ReplayOrder {
    /// Which decisions. Those with ids greater than `after`, from the oldest on, at most `most`.
    JournalFilter filter;
    /// The policy that decides; null: for each decision the one that it was made under.
    std::shared_ptr<const Settings> settings;
    /// The policy with whose decisions its own are compared; null: with those that were recorded.
    std::shared_ptr<const Settings> compared_with = {};
};

/// Decisions that would be other ones, in the same way.
struct ReplayDifference {
    static constexpr std::size_t kMaxExamples = 3;

    Decision was;  ///< as it was recorded, or under the policy that is compared with
    Decision now;
    std::uint64_t count = 0;
    std::vector<JournalRecord> examples;  ///< the first of them
};

struct Replay {
    std::uint64_t decided = 0;
    std::uint64_t by_hand = 0;  ///< that a person has answered or revoked: no policy has decided them
    /// Of which something is missing that matters: their own policy, or what the directory said then. Where two policies are
    /// compared, to either of them.
    std::uint64_t not_decided = 0;
    std::string why_not;  ///< of the first of these
    /// Where the answer is another one; under a decision's own policy, also where the reason is. The most frequent first.
    std::vector<ReplayDifference> differences;
    std::int64_t last = 0;  ///< the id of the last one that was looked at; `after`, or 0, if there was none
    bool more = false;      ///< there may be further ones
};

/// `stop` is a descriptor: when it is readable, what is there so far is given. The error is for people: why the journal cannot
/// be read.
[[nodiscard]] tl::expected<Replay, std::string> replay(const std::string& store_url, const ReplayOrder& order,
                                                       int stop = -1);

}  // namespace usher
