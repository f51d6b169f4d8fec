// The policies under which recorded decisions are made again: each with what was known of groups when it was decided.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "plugin/settings/settings.h"
#include "plugin/store/journal.h"
#include "plugin/store/own_connection.h"

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
/// A group has the members from outside (policy/groups.h) that were recorded, where it was then what it is in `settings`: the
/// same name for the same people of the directory. Else it has those that `settings` has.
class ReplayPolicies
{
  public:
    explicit ReplayPolicies(std::shared_ptr<const Settings> settings);

    [[nodiscard]] bool has_outside_groups() const { return has_outside_groups_; }
    /// Makes the decision again, which was made under `then`; that may be null, and does not matter, without
    /// has_outside_groups(). Nothing if it depends on such groups that were not recorded.
    [[nodiscard]] std::optional<Decision> decide(const JournalRecord& record, const Settings* then);

  private:
    /// What decides which policy it is, and that policy: decisions of one time have one.
    struct Form {
        std::uint64_t generation = 0;
        std::string domain = {};
        std::vector<std::string> unknown = {};
        std::set<std::string> recorded = {};  // the groups of which it was recorded who is in them
        const usher::Policy* policy = nullptr;
    };

    [[nodiscard]] const Form& form_of(const JournalRecord& record, const Settings& then, std::size_t place);
    [[nodiscard]] const usher::Policy& with_recorded(const Form& form, std::size_t place);

    std::shared_ptr<const Settings> settings_;
    std::map<std::string, std::size_t, std::less<>> places_;  // of organisations, by their domains
    const usher::Policy policy_;
    const bool has_outside_groups_;
    std::map<std::string, std::unique_ptr<const usher::Policy>> with_groups_;  // by what differs from policy_
    Form last_;
};

}  // namespace usher
