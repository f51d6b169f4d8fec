#include "integration/requests/pending_list.h"

#include <utility>

#include "integration/requests/wire_format.h"

namespace usher
{

namespace
{

PendingList::Failure failure_of(const Stanza& iq, bool first_page)
{
    using Problem = PendingList::Problem;
    const std::string_view condition = iq ? error_condition(iq) : std::string_view();
    Problem problem = Problem::refused;
    if (!iq) {
        problem = Problem::no_reply;
    } else if (condition == "item-not-found" && !first_page) {
        problem = Problem::place_lost;
    } else if (condition == "forbidden" || condition == "not-allowed") {
        problem = Problem::not_granted;
    } else if (condition == "service-unavailable" || condition == "feature-not-implemented") {
        problem = Problem::no_connector;
    }
    return {problem, std::string(condition)};
}

}  // namespace

PendingList::PendingList(IqClient& iqs, RateLimitedWarning& malformed, std::string domain,
                         std::optional<Address> user, std::chrono::milliseconds deadline, Page page, End end)
    : asker_(iqs),
      malformed_(malformed),
      domain_(std::move(domain)),
      user_(std::move(user)),
      deadline_(deadline),
      page_(std::move(page)),
      end_(std::move(end))
{
}

void PendingList::next()
{
    asker_.ask("get", domain_, pending_query(last_, kPage, user_), deadline_,
               [this](const Stanza& iq) { received(iq); });
}

void PendingList::received(const Stanza& iq)
{
    const Page page = page_;  // copies: both may destroy this
    const End end = end_;
    if (iq.attribute("type") != "result") {
        end(failure_of(iq, last_.empty()));
        return;
    }
    auto read = read_pending(iq.first());
    // A page that ends where the one before it ended would come for ever.
    if (!read || (!read->requests.empty() && read->last == last_)) {
        malformed_.count();
        end(Failure{Problem::unreadable, {}});
        return;
    }
    if (read->requests.empty()) {  // XEP-0059: behind the last item
        end(std::nullopt);
        return;
    }
    last_ = std::move(read->last);
    std::vector<SubscriptionRequest> requests;
    requests.reserve(read->requests.size());
    for (AskedRequest& waiting : read->requests) {
        if (waiting.request && waiting.request->user.domain() == domain_) {
            requests.push_back(*std::move(waiting.request));
        } else {
            malformed_.count();
        }
    }
    page(std::move(requests));
}

}  // namespace usher
