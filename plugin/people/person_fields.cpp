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

}  // namespace usher
