#include "plugin/people/unsearched_people.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <optional>

namespace usher
{

void UnsearchedPeople::forget_all_but(const std::vector<std::string>& domains)
{
    callbacks_.forget();
    next_portion_.reset();
    searched_ = {domains.begin(), domains.end()};
    look_behind({});
}

void UnsearchedPeople::look_behind(const std::string& domain)
{
    store_.next_domain(domain, callbacks_.bind([this](const auto& next) {
        if (!next) {
            spdlog::warn("people who may not be searched for could not be taken out of the store: {}",
                         next.error());
        } else if (next->has_value()) {
            if (searched_.contains(**next)) {
                look_behind(**next);
            } else {
                forget(**next);
            }
        }
    }));
}

void UnsearchedPeople::forget(const std::string& domain)
{
    store_.forget(domain, kPortion, callbacks_.bind([this, domain](const auto& forgotten) {
        if (!forgotten) {
            spdlog::warn("{}: people could not be taken out of the store: {}", domain, forgotten.error());
            return;
        }
        next_portion_ = clock_.after(std::chrono::milliseconds(0), [this, domain, count = *forgotten] {
            if (count == kPortion) {
                forget(domain);
            } else {
                spdlog::info(
                    "{}: what its server said of its people is not searched any more, and is forgotten",
                    domain);
                look_behind(domain);
            }
        });
    }));
}

}  // namespace usher
