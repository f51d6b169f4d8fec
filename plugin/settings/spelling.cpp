#include "plugin/settings/spelling.h"

#include <algorithm>
#include <cstddef>

namespace usher
{

namespace
{

/// How many letters to insert, delete, replace or swap with their neighbour to make `b` of `a`.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            const std::size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::string_view nearest(std::string_view written, const std::vector<std::string_view>& names)
{
    constexpr std::size_t kLongest = 64;
    std::string_view best;
    std::size_t least = std::min<std::size_t>(written.size() / 3, 3) + 1;
    for (const std::string_view name : names) {
        if (written.size() > kLongest) {
            break;
        }
        if (const std::size_t d = distance(written, name); d < least) {
            least = d;
            best = name;
        }
    }
    return best;
}

}  // namespace usher
