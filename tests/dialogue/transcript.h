// What a client received, written so that two runs of one dialogue can be compared.
#pragma once

#include <string>
#include <vector>

#include "xml.h"

namespace usher::test
{

/// One stanza without what differs from run to run: ids, roster versions, times, the order of a roster's
/// items.
[[nodiscard]] std::string normalised(Element stanza);

/// One line for each stanza, in the order of their arrival.
[[nodiscard]] std::string transcript(const std::vector<Element>& received);

}  // namespace usher::test
