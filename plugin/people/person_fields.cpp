#include "plugin/people/person_fields.h"

namespace usher
{

Person with_fields(const Person& person, const std::vector<PersonField>& fields)
{
    Person known{person.address, {}, {}, {}, {}, {}};
    for (const PersonField field : fields) {
        switch (field) {
            case PersonField::full_name:
                known.full_name = person.full_name;
                break;
            case PersonField::given_name:
                known.given_name = person.given_name;
                break;
            case PersonField::family_name:
                known.family_name = person.family_name;
                break;
            case PersonField::nickname:
                known.nickname = person.nickname;
                break;
            case PersonField::email:
                known.email = person.email;
                break;
        }
    }
    return known;
}

std::string name_of(const Person& person)
{
    if (!person.full_name.empty()) {
        return person.full_name;
    }
    std::string name = person.given_name;
    if (!name.empty() && !person.family_name.empty()) {
        name += ' ';
    }
    name += person.family_name;
    return name.empty() ? person.nickname : name;
}

}  // namespace usher
