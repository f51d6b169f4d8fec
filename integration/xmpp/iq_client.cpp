#include "integration/xmpp/iq_client.h"

#include <utility>
#include <vector>

#include "integration/base/random_token.h"
#include "integration/xmpp/xml.h"

namespace usher
{

IqClient::IqClient(Clock& clock, Send send, std::string from)
    : clock_(clock), send_(std::move(send)), from_(std::move(from)), id_prefix_(random_token())
{
}

void IqClient::ask(std::string_view type, const std::string& to, std::string_view payload,
                   std::chrono::milliseconds deadline, Reply reply)
{
    std::string id = id_prefix_ + std::to_string(++last_id_);
    std::string xml = "<iq";
    append_attribute(xml, "type", type);
    append_attribute(xml, "id", id);
    append_attribute(xml, "to", to);
    if (!from_.empty()) {
        append_attribute(xml, "from", from_);
    }
    xml += '>';
    xml += payload;
    xml += "</iq>";
    auto timer = clock_.after(deadline, [this, id] {
        const auto silent = questions_.extract(id);
        silent.mapped().reply(Stanza());
    });
    questions_.emplace(std::move(id), Question{to, std::move(reply), std::move(timer)});
    send_(xml);
}

bool IqClient::received(const Stanza& iq)
{
    const auto found = questions_.find(std::string(iq.attribute("id")));
    if (found == questions_.end() || found->second.to != iq.attribute("from")) {
        return false;  // late, or not from whom we asked
    }
    const auto replied = questions_.extract(found);  // the reply may ask again
    replied.mapped().deadline.reset();
    replied.mapped().reply(iq);
    return true;
}

void IqClient::give_up()
{
    id_prefix_ = random_token();
    for (auto& [id, question] : std::exchange(questions_, {})) {
        question.reply(Stanza());
    }
}

void IqClient::give_up(std::string_view to)
{
    std::vector<Question> given_up;
    for (auto next = questions_.begin(); next != questions_.end();) {
        if (next->second.to == to) {
            given_up.push_back(std::move(next->second));
            next = questions_.erase(next);
        } else {
            ++next;
        }
    }
    for (const Question& question : given_up) {
        question.reply(Stanza());
    }
}

void IqAsker::ask(std::string_view type, const std::string& to, std::string_view payload,
                  std::chrono::milliseconds deadline, IqClient::Reply reply)
{
    iqs_.ask(type, to, payload, deadline, replies_.bind(std::move(reply)));
}

}  // namespace usher
