#include "integration/requests/later_answers.h"

#include <utility>

#include "integration/requests/wire_format.h"

namespace usher
{

LaterReply::LaterReply(const Stanza& iq)
{
    if (!iq) {
        return;
    }
    if (iq.attribute("type") != "error") {
        outcome = AnswerOutcome::answered;
        return;
    }
    condition = error_condition(iq);
    outcome = condition == "item-not-found" ? AnswerOutcome::nothing_waits : AnswerOutcome::refused;
}

std::optional<Settled> LaterReply::settled(SubscriptionRequest request, Judged judged) const
{
    if (outcome == AnswerOutcome::lost) {
        return std::nullopt;
    }
    return Settled{std::move(request), judged,
                   outcome == AnswerOutcome::answered ? Outcome::confirmed : Outcome::refused, condition};
}

LaterAnswers::LaterAnswers(IqClient& iqs, Judge& judge, RateLimitedWarning& refused,
                           std::chrono::milliseconds deadline, Reachable reachable)
    : asker_(iqs), judge_(judge), refused_(refused), deadline_(deadline), reachable_(std::move(reachable))
{
}

void LaterAnswers::answer(std::vector<SubscriptionRequest> requests, Then then)
{
    then_ = std::move(then);
    requests_ = std::move(requests);
    judge_.judge(requests_, Source::waiting, judging_.bind([this](auto judged) {
        if (judged) {
            send(*std::move(judged));
        } else {
            const Then failed = std::move(then_);  // may destroy this
            failed(tl::unexpected(std::move(judged.error())));
        }
    }));
}

void LaterAnswers::send(std::vector<Judged> judged)
{
    judged_ = std::move(judged);
    answered_.clear();
    for (const Judged& one : judged_) {
        answered_.push_back({one.decision, std::nullopt});
    }
    under_way_ = 1;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        if (judged_[i].decision.answer == Answer::leave) {
            continue;
        }
        const std::string domain(requests_[i].user.domain());
        if (!reachable_(domain)) {  // since the judge was asked
            answered_[i].outcome = AnswerOutcome::lost;
            continue;
        }
        ++under_way_;
        asker_.ask("set", domain, later_answer(requests_[i], judged_[i].decision, judged_[i].label),
                   deadline_, [this, i](const Stanza& iq) { received(i, iq); });
    }
    one_less();  // may destroy this
}

void LaterAnswers::received(std::size_t request, const Stanza& iq)
{
    const LaterReply reply(iq);
    answered_[request].outcome = reply.outcome;
    if (reply.outcome == AnswerOutcome::refused) {
        refused_.count();
    }
    if (auto settled = reply.settled(requests_[request], judged_[request])) {
        settled_.push_back(*std::move(settled));
    }
    one_less();
}

void LaterAnswers::one_less()
{
    if (--under_way_ == 0) {
        settle();
        const Then then = std::move(then_);
        then(std::move(answered_));
    }
}

void LaterAnswers::forget()
{
    judging_.forget();
    asker_.forget();
    under_way_ = 0;
    settle();
}

void LaterAnswers::settle()
{
    if (!settled_.empty()) {
        judge_.settle(std::exchange(settled_, {}));
    }
}

}  // namespace usher
