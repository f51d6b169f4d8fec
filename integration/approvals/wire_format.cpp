#include "integration/approvals/wire_format.h"

#include <algorithm>
#include <string_view>

#include "integration/people/person.h"
#include "integration/requests/wire_format.h"
#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

std::string begin(std::string_view element)
{
    std::string xml = "<";
    xml += element;
    append_attribute(xml, "xmlns", ns::kApprovals);
    return xml += '>';
}

void append_pair(std::string& xml, const ApprovedPair& pair)
{
    xml += "<approval";
    append_attribute(xml, "user", pair.user.text());
    append_attribute(xml, "contact", pair.contact.text());
}

/// Both addresses were prepared when they were asked about, so that another spelling is another address.
bool is_about(const Stanza& approval, const ApprovedPair& pair)
{
    return approval.attribute("user") == pair.user.text() &&
           approval.attribute("contact") == pair.contact.text();
}

std::vector<Stanza> approvals_in(const Stanza& parent)
{
    std::vector<Stanza> approvals;
    for (Stanza child = parent.first(); child; child = child.next()) {
        if (child.is("approval", ns::kApprovals)) {
            approvals.push_back(child);
        }
    }
    return approvals;
}

std::vector<std::string> read_groups(const Stanza& approval)
{
    std::vector<std::string> groups;
    for (Stanza child = approval.first(); child && groups.size() < kMaxApprovalGroups; child = child.next()) {
        if (!child.is("group", ns::kApprovals)) {
            continue;
        }
        if (std::string group = person_field(child.text()); !group.empty()) {
            groups.push_back(std::move(group));
        }
    }
    return groups;
}

std::optional<StandingApproval> read_approval(const Stanza& approval, const ApprovedPair& pair)
{
    const auto item = read_roster_item(approval);
    const std::string_view mark = approval.attribute("mark");
    if (!item || (item->subscription != Subscription::from && item->subscription != Subscription::both) ||
        mark.empty() || mark.size() > kMaxMark) {
        return std::nullopt;
    }
    return StandingApproval{pair,
                            item->subscription,
                            item->ask,
                            person_field(approval.attribute("name")),
                            read_groups(approval),
                            std::string(mark)};
}

std::optional<Revoked> read_outcome(std::string_view result)
{
    if (result == "revoked") {
        return Revoked::revoked;
    }
    if (result == "changed") {
        return Revoked::changed;
    }
    if (result == "failed") {
        return Revoked::failed;
    }
    return std::nullopt;
}

}  // namespace

std::string approvals_query(std::span<const ApprovedPair> pairs)
{
    std::string xml = begin("approvals");
    for (const ApprovedPair& pair : pairs) {
        append_pair(xml, pair);
        xml += "/>";
    }
    return xml += "</approvals>";
}

std::optional<std::vector<StandingApproval>> read_approvals(const Stanza& approvals,
                                                            std::span<const ApprovedPair> asked)
{
    if (!approvals.is("approvals", ns::kApprovals)) {
        return std::nullopt;
    }
    std::vector<StandingApproval> standing;
    auto pair = asked.begin();
    for (const Stanza& approval : approvals_in(approvals)) {
        pair = std::find_if(pair, asked.end(),
                            [&approval](const ApprovedPair& one) { return is_about(approval, one); });
        if (pair == asked.end()) {
            return std::nullopt;
        }
        auto read = read_approval(approval, *pair++);
        if (!read) {
            return std::nullopt;
        }
        standing.push_back(*std::move(read));
    }
    return standing;
}

std::string revoke_query(std::span<const StandingApproval> approvals)
{
    std::string xml = begin("revoke");
    for (const StandingApproval& approval : approvals) {
        append_pair(xml, approval.pair);
        append_attribute(xml, "mark", approval.mark);
        xml += "/>";
    }
    return xml += "</revoke>";
}

std::optional<std::vector<Revoked>> read_revoked(const Stanza& revoke,
                                                 std::span<const StandingApproval> asked)
{
    const std::vector<Stanza> approvals = approvals_in(revoke);
    if (!revoke.is("revoke", ns::kApprovals) || approvals.size() != asked.size()) {
        return std::nullopt;
    }
    std::vector<Revoked> outcomes;
    for (std::size_t i = 0; i < approvals.size(); ++i) {
        const auto outcome = read_outcome(approvals[i].attribute("result"));
        if (!outcome || !is_about(approvals[i], asked[i].pair)) {
            return std::nullopt;
        }
        outcomes.push_back(*outcome);
    }
    return outcomes;
}

}  // namespace usher
