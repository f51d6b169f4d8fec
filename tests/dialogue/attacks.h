// What the suite `abuse` sends: whatever does harm, or might.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "stage.h"

namespace usher::test
{

inline const std::string kStranger = "mallory@montague.lit";
inline const std::string kColleague = "mallory@capulet.lit";
inline const std::vector<std::string> kAnybody = {kStranger, kColleague, kGossip};

/// In every text of an attack: it must not get into the log.
inline const std::string kTrace = "mallory-was-here";

struct Attack {
    std::string what;
    /// By whom: addresses of clients, or of the component, which speaks for all at its domain.
    std::vector<std::string> senders;
    /// `from` is an attribute, or empty; usher is the address that it is sent to.
    std::function<std::string(const std::string& from, const std::string& usher)> stanzas;
};

/// `times` is for what does harm by its number.
[[nodiscard]] std::vector<Attack> attacks(int times);

[[nodiscard]] std::string repeated(std::string_view part, int times);

// `from` is an attribute, or empty.
[[nodiscard]] std::string iq(const std::string& from, const std::string& to, const std::string& type,
                             const std::string& id, const std::string& inside);
/// A request. Not to the user whom the colleague asks: servers store what a request says in the user's roster, and
/// write it again with every change.
[[nodiscard]] std::string subscribe(const std::string& from, const std::string& inside);

}  // namespace usher::test
