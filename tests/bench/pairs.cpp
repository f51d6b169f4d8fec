#include "pairs.h"

#include <algorithm>
#include <cmath>

namespace usher::test
{

namespace
{

std::size_t requests(const std::vector<Pair>& pairs, Side side)
{
    std::size_t all = 0;
    for (const Pair& pair : pairs) {
        all += (pair.*side).requests;
    }
    return all;
}

double sum(const std::vector<Pair>& pairs, Side side, double Block::* figure)
{
    double all = 0;
    for (const Pair& pair : pairs) {
        all += pair.*side.*figure;
    }
    return all;
}

}  // namespace

double percentile(std::vector<double> values, double share)
{
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return values.at(std::max<std::size_t>(rank, 1) - 1);
}

double rate(const Block& block)
{
    return static_cast<double>(block.requests) / block.seconds;
}

double rate(const std::vector<Pair>& pairs, Side side)
{
    return static_cast<double>(requests(pairs, side)) / sum(pairs, side, &Block::seconds);
}

double cpu(const std::vector<Pair>& pairs, Side side, double Block::* of)
{
    return sum(pairs, side, of) / static_cast<double>(requests(pairs, side)) * 1e3;
}

std::vector<double> times(const std::vector<Pair>& pairs, Side side)
{
    std::vector<double> all;
    for (const Pair& pair : pairs) {
        const std::vector<double>& block = (pair.*side).milliseconds;
        all.insert(all.end(), block.begin(), block.end());
    }
    return all;
}

double rate_ratio(const std::vector<Pair>& pairs)
{
    return median_ratio(pairs, [](const Block& block) { return rate(block); });
}

}  // namespace usher::test
