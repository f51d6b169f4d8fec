// Input of the stream: stanzas of the server, of users and of strangers in any order, one per line.
//
// An empty line means that a minute passes. `$id` and `$session` stand for random values: the id and the
// session of what the entity sent last.
#include <spdlog/spdlog.h>

#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "input.h"
#include "inside.h"
#include "integration/requests/wire_format.h"
#include "integration/xmpp/namespaces.h"
#include "literal.h"
#include "plugin/clients/client_service.h"
#include "plugin/store/journal_search.h"

using namespace usher;

namespace
{

std::string replaced(std::string text, std::string_view what, const std::string& by)
{
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

bool is_request(const Stanza& stanza)
{
    return stanza.name() == "iq" && (stanza.attribute("type") == "get" || stanza.attribute("type") == "set");
}

class Server
{
  public:
    Server()
    {
        inside_.entity.set_stock({"montague.lit"});
        inside_.entity.start();
        log_in();
    }

    void send(const std::string& line)
    {
        if (line.empty()) {
            inside_.clock.advance(std::chrono::minutes(1));
            inside_.channels.turn();
            log_in();
            return;
        }
        const std::string xml =
            replaced(replaced(replaced(line, "$id", id_), "$before", before_), "$session", session_);
        const test::Literal literal(xml);
        if (inside_.entity.connection_state() != Connection::State::online) {
            return;
        }
        const Stanza stanza = literal.stanza();
        const std::string id(stanza.attribute("id"));
        unanswered_[id] += is_request(stanza) ? 1 : 0;
        inside_.channels.received(xml);
        look_at_sent(stanza);
    }

  private:
    void log_in()
    {
        if (inside_.entity.connection_state() == Connection::State::opening) {
            inside_.channels.opened(std::string(inside_.entity.address()));
        }
        look_at_sent({});
    }

    void look_at_sent(const Stanza& received)
    {
        for (const std::string& xml : inside_.channels.take_sent()) {
            try {
                const test::Literal literal(xml);
                const Stanza stanza = literal.stanza();
                const std::string id(stanza.attribute("id"));
                if (is_request(stanza)) {
                    before_ = std::exchange(id_, id);
                } else if (stanza.name() == "iq") {
                    test::require(unanswered_[id]-- > 0, "a request is answered once");
                }
                const std::string_view session = stanza.first().attribute("sessionid");
                session_ = session.empty() ? session_ : session;
                look_at_answers(stanza, received);
            } catch (const std::invalid_argument&) {
                test::require(false, "what is sent is XML");
            }
        }
    }

    /// Never approves a request that was not asked about, is for another domain's user, or is not recorded.
    void look_at_answers(const Stanza& reply, const Stanza& ask)
    {
        const Stanza answers = reply.child("answers", ns::kRequests);
        for (Stanza answer = answers.first(); answer; answer = answer.next()) {
            if (answer.attribute("type") == "none") {
                continue;
            }
            bool asked = false;
            const auto requests = read_requests(ask.first());
            for (const AskedRequest& request : requests.value()) {
                if (request.id == answer.attribute("id") && request.request &&
                    request.request->user.domain() == ask.attribute("from")) {
                    asked = in_the_journal(*request.request);
                }
            }
            test::require(asked, "what is answered was asked, by that domain, and is in the journal");
        }
    }

    bool in_the_journal(const SubscriptionRequest& request)
    {
        JournalSearch search(*inside_.database, {.contact = request.contact});
        return test::search_now(search).value() && !search.take_found().empty();
    }

    test::Inside inside_;
    ClientService client_service_{inside_.entity, inside_.operations, inside_.clock, true};
    std::string id_;
    std::string before_;
    std::string session_;
    std::map<std::string, int> unanswered_;
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***)
{
    spdlog::set_level(spdlog::level::off);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    try {
        Server server;
        std::istringstream lines(test::text_of(data, size));
        for (std::string line; std::getline(lines, line);) {
            server.send(line);
        }
    } catch (const std::invalid_argument&) {  // not an element
    }
    return 0;
}
