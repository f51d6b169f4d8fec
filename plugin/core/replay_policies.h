// The policies under which recorded decisions are made again: each with what was known of groups when it was decided.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/core/own_connection.h"
#include "plugin/settings/settings.h"
#include "plugin/store/journal.h"

namespace usher
{

/// The policies that decisions were made under, as the store keeps their texts.
class RecordedPolicies
{
  public:
    /// Must outlive the object.
    explicit RecordedPolicies(OwnConnection& store) : store_(store) {}

    using Policy = tl::expected<std::shared_ptr<const Settings>, std::string>;
    /// Organisations and limits. The error says why it cannot be had: the text is not kept, or not understood any more.
    [[nodiscard]] const Policy& of(std::uint64_t generation);

  private:
    [[nodiscard]] Policy read(std::uint64_t generation);

    OwnConnection& store_;
    std::map<std::uint64_t, Policy> known_;
};

/// One policy, in the forms that it takes for decisions of different times.
///
/// A group has the members from outside (policy/groups.h) that were recorded, where there was such a group then; else those
/// that `settings` has.
class ReplayPolicies
{
  public:
    explicit ReplayPolicies(std::shared_ptr<const Settings> settings);

    /// For a decision that was made under `then`; null if that is not known. Not to be kept.
    [[nodiscard]] const usher::Policy& of(const JournalRecord& record, const Settings* then);

  private:
    struct Last {
        std::uint64_t generation = 0;
        std::size_t place = 0;
        std::vector<std::string> unknown = {};
        const usher::Policy* policy = nullptr;
    };

    [[nodiscard]] const usher::Policy& with_recorded(const Last& wanted, const Settings& then);

    std::shared_ptr<const Settings> settings_;
    std::map<std::string, std::size_t, std::less<>> places_;  // of organisations, by their domains
    const usher::Policy policy_;
    std::map<std::string, std::unique_ptr<const usher::Policy>> with_groups_;  // by what differs from policy_
    Last last_;
};

}  // namespace usher
