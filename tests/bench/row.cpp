#include "row.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

namespace usher::test
{

std::ostream& operator<<(std::ostream& out, const Row& row)
{
    nlohmann::ordered_json line;
    line["benchmark"] = row.benchmark;
    line["what"] = row.what;
    line["figure"] = row.figure;
    line["ratio"] = row.ratio ? nlohmann::ordered_json(std::round(*row.ratio * 1000) / 1000) : nullptr;
    line["target"] = row.target;
    line["reached"] = row.reached ? nlohmann::ordered_json(*row.reached) : nullptr;
    line["note"] = row.note;
    return out << line << std::endl;  // flushed, because the next line may take a minute
}

std::string fixed(double value, int digits)
{
    std::ostringstream out;
    out << std::fixed << std::setprecision(digits) << value;
    return out.str();
}

double median(std::vector<double> values)
{
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace usher::test
