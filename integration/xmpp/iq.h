// Replies to IQs that are worked out later than in the call that hands the IQ over.
#pragma once

#include <string>
#include <string_view>

#include "integration/xmpp/stanza.h"

namespace usher
{

/// What an error reply says (RFC 6120 section 8.3).
struct StanzaError {
    std::string type;       ///< `cancel`, `modify`, `auth`, `wait`
    std::string condition;  ///< of RFC 6120 section 8.3.3
    std::string text;       ///< for people; may be empty
    /// An application-specific condition with its namespace; may be empty.
    std::string specific;
    std::string specific_ns;
};

/// What a reply has to repeat of the IQ it answers (RFC 6120 section 8.2.3).
class IqReply
{
  public:
    /// From the address that the IQ was sent to.
    explicit IqReply(const Stanza& iq) : IqReply(iq, iq.attribute("to")) {}
    /// `from` empty: the server knows who we are.
    IqReply(const Stanza& iq, std::string_view from);

    [[nodiscard]] std::string result(std::string_view payload = {}) const;
    /// `payload` is what is repeated of the request's own; may be empty.
    [[nodiscard]] std::string error(const StanzaError& error, std::string_view payload = {}) const;

  private:
    [[nodiscard]] std::string begin(std::string_view type) const;

    std::string id_;
    std::string requester_;  ///< empty where the IQ names nobody
    std::string responder_;
};

}  // namespace usher
