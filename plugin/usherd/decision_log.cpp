#include "plugin/usherd/decision_log.h"

#include "plugin/text/terminal.h"
#include "plugin/usherd/logging.h"

namespace usher
{

void log_decision(const JournalRecord& record)
{
    std::string why(to_string(record.decision.reason));
    if (record.decision.rule != 0) {
        why += " " + std::to_string(record.decision.rule);
    } else if (!record.answered_by.empty()) {
        why += " of " + record.answered_by;
    }
    const std::string id = std::to_string(record.id);
    const std::string answer(name(record.decision.answer));
    const std::string user = printable(record.request.user.text());  // a server's text may be anything
    const std::string domain(record.request.contact.domain());
    log_info(id + ": " + answer + " for " + user + ", contact of " + domain + ": " + why,
             {{"USHER_DECISION", id},
              {"USHER_USER", user},
              {"USHER_CONTACT_DOMAIN", domain},
              {"USHER_ANSWER", answer},
              {"USHER_REASON", why}});
}

void log_refusal(const Settled& refused)
{
    const std::string id = std::to_string(refused.judged.record);
    const std::string answer(name(refused.judged.decision.answer));
    const std::string user = printable(refused.request.user.text());
    log_info(id + ": " + answer + " for " + user + " was not applied by the server" +
                 (refused.condition.empty() ? "" : ": " + printable(refused.condition)),
             {{"USHER_DECISION", id}, {"USHER_USER", user}, {"USHER_REFUSED", answer}});
}

}  // namespace usher
