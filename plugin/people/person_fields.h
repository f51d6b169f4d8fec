// Which fields of a person an organisation lets be known.
#pragma once

#include <vector>

#include "plugin/people/person.h"
#include "policy/people_search.h"

namespace usher
{

/// The person with these fields, and no other.
[[nodiscard]] Person with_fields(const Person& person, const std::vector<PersonField>& fields);

}  // namespace usher
