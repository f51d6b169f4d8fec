#include "report.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace usher::test
{

namespace
{

constexpr double kLocalRatio = 2;    // p50, of the approval inside the server
constexpr double kRemoteTime = 1.0;  // p50, milliseconds

/// The smallest value that is not below `share` of all.
double percentile(std::vector<double> values, double share)
{
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return values.at(std::max<std::size_t>(rank, 1) - 1);
}

double median(const std::vector<double>& values)
{
    return percentile(values, 0.5);
}

double rate(const Block& block)
{
    return static_cast<double>(block.milliseconds.size()) / block.seconds;
}

struct Summary {
    double p50;
    double p99;
    double per_second;
};

Summary summary(const std::vector<Pair>& pairs, Block Pair::*side)
{
    Block all;
    for (const Pair& pair : pairs) {
        const Block& block = pair.*side;
        all.milliseconds.insert(all.milliseconds.end(), block.milliseconds.begin(), block.milliseconds.end());
        all.seconds += block.seconds;
    }
    return {median(all.milliseconds), percentile(all.milliseconds, 0.99), rate(all)};
}

template <typename Figure>
double median_ratio(const std::vector<Pair>& pairs, Figure figure)
{
    std::vector<double> ratios;
    for (const Pair& pair : pairs) {
        ratios.push_back(figure(pair.usher) / figure(pair.in_server));
    }
    return median(ratios);
}

std::string fixed(double value, int digits)
{
    std::ostringstream out;
    out << std::fixed << std::setprecision(digits) << value;
    return out.str();
}

}  // namespace

void print(std::ostream& out, const std::vector<Row>& rows)
{
    out << "| Usher's login | contact | user | in Prosody: p50, p99, rate | Usher: p50, p99, rate "
           "| p50 ratio | rate ratio | target | reached |\n"
           "|---|---|---|---|---|---|---|---|---|\n";
    for (const Row& row : rows) {
        out << "| " << row.login << " | " << row.contact << " | " << row.user << " | ";
        for (const auto side : {&Pair::in_server, &Pair::usher}) {
            const Summary figures = summary(row.pairs, side);
            out << fixed(figures.p50, 2) << " ms, " << fixed(figures.p99, 2) << " ms, "
                << fixed(figures.per_second, 0) << "/s | ";
        }
        const double ratio = median_ratio(row.pairs, [](const Block& b) { return median(b.milliseconds); });
        const bool reached =
            row.local ? ratio <= kLocalRatio : summary(row.pairs, &Pair::usher).p50 < kRemoteTime;
        out << fixed(ratio, 2) << " | " << fixed(median_ratio(row.pairs, rate), 2) << " | "
            << (row.local ? "p50 ratio at most " + fixed(kLocalRatio, 0)
                          : "p50 below " + fixed(kRemoteTime, 0) + " ms")
            << " | " << (reached ? "yes" : "no") << " |\n";
    }
}

}  // namespace usher::test
