#include "integration/requests/account_check.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

std::vector<NamedAccount> read_accounts(const Stanza& parent)
{
    std::vector<NamedAccount> accounts;
    for (Stanza element = parent.first(); element; element = element.next()) {
        if (element.is("account", ns::kRequests)) {
            accounts.push_back(
                {std::string(element.attribute("jid")), std::string(element.attribute("created"))});
        }
    }
    return accounts;
}

std::string accounts_query(std::span<const KeptSetting> asked)
{
    std::string xml = "<accounts";
    append_attribute(xml, "xmlns", ns::kRequests);
    xml += '>';
    for (const KeptSetting& setting : asked) {
        xml += "<account";
        append_attribute(xml, "jid", setting.account);
        xml += "/>";
    }
    xml += "</accounts>";
    return xml;
}

AccountCheck::AccountCheck(Clock& clock, IqClient& iqs, AccountSettings& settings, std::string domain,
                           std::chrono::milliseconds deadline)
    : clock_(clock), asker_(iqs), settings_(settings), domain_(std::move(domain)), deadline_(deadline)
{
    begin();
}

void AccountCheck::begin()
{
    last_.clear();
    warned_ = false;
    ask_next();
}

void AccountCheck::ask_next()
{
    settings_.kept(domain_, last_, kPage, reading_.bind([this](auto kept) {
        if (!kept) {
            spdlog::warn("{}: it was not checked which accounts have been deleted: {}", domain_,
                         kept.error());
        }
        if (!kept || kept->empty()) {
            end();
        } else {
            ask_about(*std::move(kept));
        }
    }));
}

void AccountCheck::ask_about(std::vector<KeptSetting> kept)
{
    last_ = kept.back().account;
    const std::string query = accounts_query(kept);
    asker_.ask("get", domain_, query, deadline_,
               [this, asked = std::move(kept)](const Stanza& iq) { received(asked, iq); });
}

void AccountCheck::received(const std::vector<KeptSetting>& asked, const Stanza& iq)
{
    // Whatever is not understood forgets nothing.
    const auto not_checked = [this](std::string_view why) {
        if (std::exchange(warned_, true)) {
            return;
        }
        spdlog::warn(
            "{}: the server did not say which accounts exist ({}): what deleted accounts have chosen is kept",
            domain_, why);
    };
    if (!iq) {
        not_checked("no reply");
        end();
        return;
    }
    if (iq.attribute("type") == "error") {
        const std::string_view condition = error_condition(iq);
        not_checked(condition);
        // Of one account the server cannot tell, or it does not take one for an address of its own: that of others may
        // be known. Everything else holds for them too.
        if (condition == "internal-server-error" || condition == "jid-malformed") {
            ask_next();
        } else {
            end();
        }
        return;
    }
    const auto existing = read_accounts(iq.first());
    const auto was_asked = [&asked](const NamedAccount& account) {
        return std::any_of(asked.begin(), asked.end(),
                           [&](const KeptSetting& one) { return one.account == account.address; });
    };
    // An account that was not asked for may be one of them under another name, which would seem to be missing.
    if (!iq.first().is("accounts", ns::kRequests) ||
        !std::all_of(existing.begin(), existing.end(), was_asked)) {
        not_checked("a reply that cannot be understood");
        end();
        return;
    }
    settings_.checked(asked, existing);
    ask_next();
}

void AccountCheck::end()
{
    next_ = clock_.after(kInterval, [this] { begin(); });
}

}  // namespace usher
