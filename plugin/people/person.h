// The person that the index, the store and the search have in common.
#pragma once

#include "integration/people/person.h"  // IWYU pragma: export: below, because it is what the connector's list is read into
