// One line of a benchmark's result, as read by tests/bench/table.py.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace usher::test
{

struct Row {
    std::string benchmark;
    std::string what;
    std::string figure;           ///< with its unit
    std::optional<double> ratio;  ///< to the figure it is compared with
    std::string target;           ///< empty: none
    std::optional<bool> reached;
    std::string note = {};
};

/// As a line of JSON.
std::ostream& operator<<(std::ostream& out, const Row& row);

/// `value` with this many decimals.
[[nodiscard]] std::string fixed(double value, int digits);

[[nodiscard]] double median(std::vector<double> values);

}  // namespace usher::test
