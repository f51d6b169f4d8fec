// What nobody can guess who does not read our stream.
#pragma once

#include <string>

namespace usher
{

/// 128 random bits as text, for the ids of our IQs: whoever knew one could answer it (PROTOCOL.md E20).
[[nodiscard]] std::string random_token();

}  // namespace usher
