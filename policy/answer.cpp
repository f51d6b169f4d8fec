#include "policy/answer.h"

#include <ostream>

namespace usher
{

std::string_view name(Answer answer)
{
    switch (answer) {
        case Answer::approve:
            return "approve";
        case Answer::deny:
            return "deny";
        case Answer::leave:
            return "leave";
    }
    return "leave";
}

std::optional<Answer> answer_named(std::string_view wanted)
{
    for (const Answer answer : {Answer::approve, Answer::deny, Answer::leave}) {
        if (name(answer) == wanted) {
            return answer;
        }
    }
    return std::nullopt;
}

std::ostream& operator<<(std::ostream& out, Answer answer)
{
    return out << name(answer);
}

}  // namespace usher
