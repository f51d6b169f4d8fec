#include "plugin/archive/archive_step.h"

namespace usher
{

namespace
{

/// Whether the account has what usherd has set, or may have set.
bool from_usherd(const ArchivePreference& is, const ArchiveRecord* record)
{
    return record != nullptr && is.preference &&
           (is.preference == record->set || is.preference == record->setting);
}

/// The lock of an account whose organisation wants none any more.
ArchiveStep release(const ArchivePreference& is, const ArchiveRecord* record)
{
    if (record == nullptr || !record->locked) {
        return {ArchiveState::own, std::nullopt, record != nullptr && !is.preference};
    }
    if (!is.preference && !is.locked) {
        return {ArchiveState::own, std::nullopt, true};
    }
    // Of a lock whose preference cannot be read: what usherd has set.
    const auto preference = is.preference ? is.preference : record->setting ? record->setting : record->set;
    if (!preference) {
        return {ArchiveState::unknown, std::nullopt};
    }
    return {ArchiveState::waiting, ArchiveOrder{*preference, false, !is.locked}};
}

}  // namespace

std::string_view name(ArchiveState state)
{
    switch (state) {
        case ArchiveState::set:
            return "set";
        case ArchiveState::own:
            return "own";
        case ArchiveState::waiting:
            return "waiting";
        case ArchiveState::unknown:
            return "unknown";
        case ArchiveState::impossible:
            break;
    }
    return "impossible";
}

ArchiveStep next_archive_step(const ArchivePreference& is, const ArchiveRecord* record,
                              const ArchiveWish& wish, std::chrono::system_clock::time_point now)
{
    if (!wish.preference) {
        return release(is, record);
    }
    const ArchiveOrder order{*wish.preference, wish.lock};
    const bool ours = from_usherd(is, record);
    if (is.preference == wish.preference && is.locked == wish.lock) {
        if (ours) {
            const bool known =
                record->set == wish.preference && !record->setting && record->locked == wish.lock;
            return {ArchiveState::set,
                    known ? std::nullopt : std::optional(ArchiveOrder{order.preference, order.lock, true})};
        }
        if (!wish.lock) {
            // The user wants the same.
            return {ArchiveState::own, std::nullopt, record != nullptr && record->at < now - kArchiveRecent};
        }
        return {ArchiveState::waiting, order};  // so that the lock is ours, and can be taken away
    }
    const bool locked_by_others = is.locked && (record == nullptr || !record->locked);
    if (wish.lock || (!locked_by_others && (ours || !is.preference))) {
        return {ArchiveState::waiting, order};
    }
    return {ArchiveState::own, std::nullopt, record != nullptr && record->at < now - kArchiveRecent};
}

}  // namespace usher
