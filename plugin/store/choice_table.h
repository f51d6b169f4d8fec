// Users' choices in memory, small and quick to look up however many there are.
//
// Not here: the store, and who may choose (choices.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/option.h"

namespace usher
{

/// A hash table in two arrays: all addresses, one after the other, and slots of eight bytes that lead to
/// them. A look-up reads one slot and one address, so it waits for memory twice; some 45 bytes for an address
/// of 25 characters.
///
/// What was forgotten keeps its place, for the user's next choice.
class ChoiceTable
{
  public:
    /// `characters`: of all addresses together.
    void reserve(std::size_t users, std::size_t characters);
    /// Nothing for `chosen` forgets. The address is of at most 65,535 characters.
    void set(std::string_view user, std::optional<Option> chosen);
    [[nodiscard]] std::optional<Option> of(std::string_view user) const;

    /// How many have chosen.
    [[nodiscard]] std::size_t size() const { return size_; }
    /// How many of this domain.
    [[nodiscard]] std::size_t of_domain(std::string_view domain) const;

  private:
    /// Above, the hash's upper bits; below, the entry's place, from 1. 0: free.
    using Slot = std::uint64_t;

    [[nodiscard]] std::string_view address(std::size_t place) const;
    /// The slot that has the user, or the free one that would.
    [[nodiscard]] std::size_t find(std::string_view user, std::uint64_t hash) const;
    void reserve_entries(std::size_t characters);
    void resize(std::size_t slots);

    std::vector<Slot> slots_;
    std::string entries_;     // each: option, length in two bytes, address
    std::size_t places_ = 0;  // that are taken
    std::size_t size_ = 0;
};

}  // namespace usher
