// How it is with each account of a domain, in little memory: 16 bytes for each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "plugin/archive/archive_step.h"

namespace usher
{

/// Accounts are known by hashes of their addresses: of two with the same one, one is not counted.
class AccountStates
{
  public:
    /// By state, in the order of `kArchiveStates`.
    using Counts = std::array<std::size_t, kArchiveStates.size()>;

    void set(std::string_view address, ArchiveState state);
    void remove(std::string_view address);
    void clear();
    [[nodiscard]] bool contains(std::string_view address) const;
    [[nodiscard]] std::optional<ArchiveState> of(std::string_view address) const;

    /// A list begins: whoever is not `set` until it ends is gone.
    void begin_list() { ++list_; }
    void end_list();

    [[nodiscard]] const Counts& counts() const { return counts_; }

  private:
    /// Sorted, each a thousand entries with a million accounts: inserting moves little.
    static constexpr std::size_t kShards = 1'024;

    struct Entry {
        std::size_t hash = 0;
        std::uint32_t list = 0;
        ArchiveState state = ArchiveState::unknown;
    };
    using Shard = std::vector<Entry>;

    [[nodiscard]] static Shard::const_iterator find(const Shard& shard, std::size_t hash);
    [[nodiscard]] std::size_t& count(ArchiveState state) { return counts_[static_cast<std::size_t>(state)]; }

    std::array<Shard, kShards> shards_;
    Counts counts_{};
    std::uint32_t list_ = 0;
};

}  // namespace usher
