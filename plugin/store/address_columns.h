// Columns of the journal that have addresses, as SQL reads them.
#pragma once

#include <string>

#include "plugin/store/database.h"

namespace usher
{

/// The domain of the address in this column. An address that is a domain alone has no '@': all of it is taken.
[[nodiscard]] inline std::string domain_in(Dialect dialect, const std::string& column)
{
    const std::string position = dialect == Dialect::postgresql ? "strpos" : "instr";
    return "substr(" + column + ", " + position + "(" + column + ", '@') + 1)";
}

}  // namespace usher
