#include "integration/requests/judge.h"

namespace usher
{

std::string_view name(Source source)
{
    switch (source) {
        case Source::asked:
            return "asked";
        case Source::waiting:
            return "waiting";
        case Source::roster:
            return "roster";
    }
    return "asked";
}

std::string_view name(Outcome outcome)
{
    return outcome == Outcome::confirmed ? "confirmed" : "refused";
}

std::optional<Outcome> outcome_named(std::string_view text)
{
    for (const Outcome outcome : {Outcome::confirmed, Outcome::refused}) {
        if (name(outcome) == text) {
            return outcome;
        }
    }
    return std::nullopt;
}

}  // namespace usher
