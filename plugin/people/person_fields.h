// Which fields of a person an organisation lets be known, and what others call them.
#pragma once

#include <string>
#include <vector>

#include "plugin/people/person.h"
#include "policy/people_search.h"

namespace usher
{

/// The person with these fields, and no other.
[[nodiscard]] Person with_fields(const Person& person, const std::vector<PersonField>& fields);

/// What to call the person: the full name, or else given and family name, or else the nickname. Empty if none is known.
/// With names from vCards they have chosen it themselves.
[[nodiscard]] std::string name_of(const Person& person);

}  // namespace usher
