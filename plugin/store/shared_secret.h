// A secret that all processes at a store have, so that one knows what another has signed.
#pragma once

#include <string>

#include "plugin/store/database.h"

namespace usher
{

/// Gives 64 hexadecimal digits, of 256 random bits. Whoever asks first makes them; from then on they are the same for all.
///
/// The store may keep it, beside what is decided by it: who can read the store needs no forged session of a menu to know what
/// a user has chosen, and who can write it needs none to change that. It gives access to nothing else.
void read_shared_secret(Database& database, StoreCallback<std::string> then);

}  // namespace usher
