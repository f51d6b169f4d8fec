#include "plugin/clients/words.h"

namespace usher
{

std::string describe(const Decision& decision)
{
    std::string words = std::string(name(decision.answer)) + ": " + std::string(to_string(decision.reason));
    if (decision.rule != 0) {
        words += " " + std::to_string(decision.rule);
    }
    return words;
}

std::string counted(std::size_t count, const std::string& what)
{
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string describe(const Review& review)
{
    if (review.requests.empty()) {
        return review.unlisted.empty() ? "No requests were waiting."
                                       : "No requests were waiting. Not listed: " + reasons(review.unlisted);
    }
    std::size_t approved = 0;
    std::size_t denied = 0;
    std::size_t failed = 0;
    for (const Reviewed& reviewed : review.requests) {
        if (reviewed.outcome == AnswerOutcome::refused || reviewed.outcome == AnswerOutcome::lost) {
            ++failed;
        } else if (reviewed.outcome == AnswerOutcome::answered) {
            ++(reviewed.decision.answer == Answer::approve ? approved : denied);
        }
    }
    std::string words = "Of " + counted(review.requests.size(), "waiting request") + " " +
                        std::to_string(approved) + " approved, " + std::to_string(denied) + " denied";
    if (failed > 0) {
        words += ", " + std::to_string(failed) + " not applied by the server";
    }
    return words + "; the others wait for your answer." + (review.more ? " There are more." : "") +
           (review.unlisted.empty() ? "" : " Not answered: " + reasons(review.unlisted));
}

}  // namespace usher
