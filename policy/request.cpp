#include "policy/request.h"

namespace usher
{

std::string_view name(Subscription subscription)
{
    switch (subscription) {
        case Subscription::none:
            return "none";
        case Subscription::to:
            return "to";
        case Subscription::from:
            return "from";
        case Subscription::both:
            return "both";
    }
    return "none";
}

std::optional<Subscription> subscription_named(std::string_view text)
{
    for (const Subscription subscription :
         {Subscription::none, Subscription::to, Subscription::from, Subscription::both}) {
        if (name(subscription) == text) {
            return subscription;
        }
    }
    return std::nullopt;
}

}  // namespace usher
