// Measurements, and the comparison of the two ways of answering requests.
#pragma once

#include <cstddef>
#include <vector>

#include "row.h"

namespace usher::test
{

/// One uninterrupted measurement.
struct Block {
    std::vector<double> milliseconds;  ///< one per request, if each was waited for
    std::size_t requests = 0;
    double seconds = 0;     ///< from the first request to the last answer
    double server_cpu = 0;  ///< seconds of CPU time
    double usherd_cpu = 0;
};

/// Two blocks of the same requests, one after the other on the same machine.
struct Pair {
    Block in_server;
    Block usher;
};

using Side = Block Pair::*;

/// The smallest value that at least `share` of all values do not exceed.
[[nodiscard]] double percentile(std::vector<double> values, double share);

/// Requests per second, of one block and of all blocks of a side.
[[nodiscard]] double rate(const Block& block);
[[nodiscard]] double rate(const std::vector<Pair>& pairs, Side side);
/// Milliseconds of CPU time for a request.
[[nodiscard]] double cpu(const std::vector<Pair>& pairs, Side side, double Block::* of);
/// The times of all blocks of a side.
[[nodiscard]] std::vector<double> times(const std::vector<Pair>& pairs, Side side);

/// The median of the pairs' ratios, so that noise in a single block does not count.
template <typename Figure>
[[nodiscard]] double median_ratio(const std::vector<Pair>& pairs, Figure figure)
{
    std::vector<double> ratios;
    for (const Pair& pair : pairs) {
        ratios.push_back(figure(pair.usher) / figure(pair.in_server));
    }
    return median(ratios);
}

/// Usher's rate, as a fraction of the server's own.
[[nodiscard]] double rate_ratio(const std::vector<Pair>& pairs);

}  // namespace usher::test
