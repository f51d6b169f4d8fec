#include "plugin/store/choice_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <stdexcept>
#include <utility>

namespace usher
{

namespace
{

constexpr int kPlaceBits = 40;
constexpr std::uint64_t kPlaceMask = (std::uint64_t{1} << kPlaceBits) - 1;
constexpr std::size_t kHead = 3;  // of an entry, before the address
constexpr char kForgotten = static_cast<char>(kOptions.size());

std::uint64_t hash_of(std::string_view user)
{
    return std::hash<std::string_view>()(user);
}

/// How many slots so many users need: at most three of four are taken.
std::size_t slots_for(std::size_t users)
{
    return std::bit_ceil(std::max<std::size_t>(users + users / 3 + 1, 16));
}

/// Asks for pages of 2 MB for memory that has not been used yet: a look-up then waits for its own two cache
/// lines only, not for the page table's as well.
void ask_for_large_pages(const void* memory, std::size_t size)
{
    constexpr std::uintptr_t kPage = std::uintptr_t{2} << 20U;
    const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + kPage - 1) / kPage * kPage;
    const auto end = (reinterpret_cast<std::uintptr_t>(memory) + size) / kPage * kPage;
    if (begin < end) {
        ::madvise(reinterpret_cast<void*>(begin), end - begin,
                  MADV_HUGEPAGE);  // a wish: without, it is slower
    }
}

}  // namespace

void ChoiceTable::reserve(std::size_t users, std::size_t characters)
{
    reserve_entries(users * kHead + characters);
    if (slots_for(users) > slots_.size()) {
        resize(slots_for(users));
    }
}

void ChoiceTable::set(std::string_view user, std::optional<Option> chosen)
{
    if (user.size() > std::numeric_limits<std::uint16_t>::max()) {
        throw std::length_error("an address of " + std::to_string(user.size()) + " characters");
    }
    if (slots_for(places_ + 1) > slots_.size()) {
        resize(slots_for(places_ + 1));
    }
    const std::uint64_t hash = hash_of(user);
    Slot& slot = slots_[find(user, hash)];
    if (slot == 0) {
        if (!chosen) {
            return;
        }
        const std::size_t wanted = entries_.size() + kHead + user.size();
        if (wanted > entries_.capacity()) {
            reserve_entries(wanted + wanted / 8);  // not twice as much: there may be many
        }
        slot = (hash & ~kPlaceMask) | (entries_.size() + 1);
        entries_ += {kForgotten, static_cast<char>(user.size() & 0xff), static_cast<char>(user.size() >> 8)};
        entries_ += user;
        ++places_;
    }
    char& option = entries_[(slot & kPlaceMask) - 1];
    size_ -= option == kForgotten ? 0U : 1U;
    option = chosen ? static_cast<char>(*chosen) : kForgotten;
    size_ += chosen ? 1U : 0U;
}

std::optional<Option> ChoiceTable::of(std::string_view user) const
{
    if (slots_.empty()) {
        return std::nullopt;
    }
    const Slot slot = slots_[find(user, hash_of(user))];
    if (slot == 0) {
        return std::nullopt;
    }
    const char option = entries_[(slot & kPlaceMask) - 1];
    return option == kForgotten ? std::nullopt : std::optional(static_cast<Option>(option));
}

std::size_t ChoiceTable::of_domain(std::string_view domain) const
{
    std::size_t count = 0;
    for (std::size_t place = 0; place < entries_.size(); place += kHead + address(place).size()) {
        const std::string_view user = address(place);
        count += entries_[place] != kForgotten && user.substr(user.find('@') + 1) == domain ? 1U : 0U;
    }
    return count;
}

std::string_view ChoiceTable::address(std::size_t place) const
{
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(entries_[place + at]); };
    return {entries_.data() + place + kHead, static_cast<std::size_t>(byte(1) | (byte(2) << 8))};
}

std::size_t ChoiceTable::find(std::string_view user, std::uint64_t hash) const
{
    const std::size_t last = slots_.size() - 1;
    for (std::size_t i = hash & last;; i = (i + 1) & last) {
        const Slot slot = slots_[i];
        if (slot == 0 || (((slot ^ hash) & ~kPlaceMask) == 0 && address((slot & kPlaceMask) - 1) == user)) {
            return i;
        }
    }
}

void ChoiceTable::reserve_entries(std::size_t characters)
{
    std::string larger;
    larger.reserve(characters);
    ask_for_large_pages(larger.data(), larger.capacity());
    larger += entries_;
    entries_ = std::move(larger);
}

void ChoiceTable::resize(std::size_t slots)
{
    std::vector<Slot> larger;
    larger.reserve(slots);
    ask_for_large_pages(larger.data(), slots * sizeof(Slot));
    larger.resize(slots);
    slots_ = std::move(larger);
    for (std::size_t place = 0; place < entries_.size(); place += kHead + address(place).size()) {
        const std::uint64_t hash = hash_of(address(place));
        slots_[find(address(place), hash)] = (hash & ~kPlaceMask) | (place + 1);
    }
}

}  // namespace usher
