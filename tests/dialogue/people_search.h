// A client's search for people (XEP-0055), by the form.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "wire_client.h"

namespace usher::test
{

/// What `entity` shows the client for these words: the cells of each row by their columns. It must not refuse.
[[nodiscard]] std::vector<std::map<std::string, std::string>> rows_found(WireClient& client,
                                                                         const std::string& entity,
                                                                         const std::string& words);

}  // namespace usher::test
