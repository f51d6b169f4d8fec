#include "plugin/archive/account_states.h"

#include <algorithm>
#include <functional>

namespace usher
{

namespace
{

std::size_t hash_of(std::string_view address)
{
    return std::hash<std::string_view>()(address);
}

}  // namespace

AccountStates::Shard::const_iterator AccountStates::find(const Shard& shard, std::size_t hash)
{
    return std::lower_bound(shard.begin(), shard.end(), hash,
                            [](const Entry& entry, std::size_t wanted) { return entry.hash < wanted; });
}

void AccountStates::set(std::string_view address, ArchiveState state)
{
    const std::size_t hash = hash_of(address);
    Shard& shard = shards_[hash % kShards];
    const auto place = shard.begin() + (find(shard, hash) - shard.cbegin());
    if (place != shard.end() && place->hash == hash) {
        --count(place->state);
        *place = {hash, list_, state};
    } else {
        shard.insert(place, {hash, list_, state});
    }
    ++count(state);
}

void AccountStates::remove(std::string_view address)
{
    const std::size_t hash = hash_of(address);
    Shard& shard = shards_[hash % kShards];
    const auto place = find(shard, hash);
    if (place != shard.end() && place->hash == hash) {
        --count(place->state);
        shard.erase(place);
    }
}

void AccountStates::clear()
{
    shards_ = {};
    counts_ = {};
}

std::optional<ArchiveState> AccountStates::of(std::string_view address) const
{
    const std::size_t hash = hash_of(address);
    const Shard& shard = shards_[hash % kShards];
    const auto place = find(shard, hash);
    return place != shard.end() && place->hash == hash ? std::optional(place->state) : std::nullopt;
}

bool AccountStates::contains(std::string_view address) const
{
    return of(address).has_value();
}

void AccountStates::end_list()
{
    for (Shard& shard : shards_) {
        std::erase_if(shard, [this](const Entry& entry) {
            const bool gone = entry.list != list_;
            count(entry.state) -= gone ? 1U : 0U;
            return gone;
        });
    }
}

}  // namespace usher
