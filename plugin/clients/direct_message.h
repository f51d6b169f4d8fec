// Which messages of users count as said to Usher, now.
#pragma once

#include <string_view>

#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/stanza.h"

namespace usher
{

/// True unless the message is a copy (carbon), forwarded, delayed, or of another type than chat or normal.
[[nodiscard]] inline bool is_direct(const Stanza& message)
{
    const std::string_view type = message.attribute("type");
    if (!type.empty() && type != "chat" && type != "normal") {
        return false;
    }
    for (Stanza child = message.first(); child; child = child.next()) {
        if (child.ns() == ns::kDelay || child.ns() == ns::kCarbons || child.ns() == ns::kForward) {
            return false;
        }
    }
    return true;
}

}  // namespace usher
