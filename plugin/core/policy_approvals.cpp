#include "plugin/core/policy_approvals.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

#include "integration/base/digest.h"
#include "integration/base/file_descriptor.h"
#include "plugin/core/replay_policies.h"
#include "plugin/store/address_columns.h"
#include "plugin/store/journal.h"
#include "plugin/store/lost_records.h"
#include "plugin/store/own_connection.h"
#include "plugin/store/stored_time.h"
#include "plugin/store/stored_value.h"
#include "plugin/text/lists.h"

namespace usher
{

namespace
{

using std::chrono::system_clock;

constexpr std::int64_t kPortion = 20'000;  // records, which are looked at in some milliseconds
/// The last of what is counted in a record is so much younger at most.
constexpr std::chrono::hours kRepeated{1};

/// What of a record matters here.
struct Row {
    std::int64_t id = 0;
    std::int64_t last_at = 0;  // milliseconds since 1970
    Source source = Source::asked;
    std::string organization;
    std::string user;
    std::string contact;
    bool subscribed = false;  // the user, to the contact, or they have asked
    bool approves = false;    // by policy
    bool leaves = false;      // to the user
    bool refused = false;     // the server has not applied it
    bool revokes = false;
    bool confirmed = false;
    Reason reason = Reason::by_hand;
    std::uint32_t rule = 0;
    std::uint64_t generation = 0;
    bool of_many = false;
    bool repeated = false;  // item, rule and generation are those of the first time
    Covers covers = Covers::request;
};

constexpr const char* kColumns =
    "id, COALESCE(last_at, at), source, organization, user_address, contact_address, item_subscription, item_ask, "
    "answer, reason, rule, generation, covers, outcome, repeats";

std::string text_or_none(const StoredValue& value)
{
    return is_null(value) ? std::string() : text(value);
}

Row row_of(const std::vector<StoredValue>& columns)
{
    Row row;
    row.id = number(columns.at(0));
    row.last_at = number(columns.at(1));
    const std::string& source = text(columns.at(2));
    row.source = source == name(Source::roster)    ? Source::roster
                 : source == name(Source::waiting) ? Source::waiting
                                                   : Source::asked;
    row.organization = text(columns.at(3));
    row.user = text(columns.at(4));
    row.contact = text(columns.at(5));
    const std::string item = text_or_none(columns.at(6));
    row.subscribed =
        item == name(Subscription::to) || item == name(Subscription::both) || number(columns.at(7)) != 0;
    const std::string& answer = text(columns.at(8));
    const auto reason = reason_named(text(columns.at(9)));  // of a newer usherd it may be unknown
    row.reason = reason.value_or(Reason::by_hand);
    row.approves = answer == name(Answer::approve) && is_policys(row.reason);
    row.leaves = answer == name(Answer::leave);
    row.rule = static_cast<std::uint32_t>(number(columns.at(10)));
    row.generation = static_cast<std::uint64_t>(number(columns.at(11)));
    row.of_many = !is_null(columns.at(12));
    row.covers = covers_named(text_or_none(columns.at(12))).value_or(Covers::organization);
    const std::string outcome = text_or_none(columns.at(13));
    row.refused = outcome == name(Outcome::refused);
    row.confirmed = outcome == name(Outcome::confirmed);
    row.revokes = row.reason == Reason::revoked;
    row.repeated = number(columns.at(14)) != 0;
    return row;
}

/// SHA-256, so that nobody can choose addresses that hide another pair.
std::uint64_t key_of(const Row& row)
{
    const std::string digest = sha256(row.user + "\n" + row.contact);
    std::uint64_t key = 0;
    std::from_chars(digest.data(), digest.data() + 16, key, 16);
    return key;
}

std::string_view domain_part(std::string_view address)
{
    const std::size_t at = address.find('@');
    return at == std::string_view::npos ? address : address.substr(at + 1);
}

const Organization* organization_with(const Settings& settings, std::string_view domain)
{
    for (const OrganizationSettings& one : settings.organizations) {
        if (std::find(one.domains.begin(), one.domains.end(), domain) != one.domains.end()) {
            return &one;
        }
    }
    return nullptr;
}

/// For how long the rule approves that has given it; 0: without end.
std::chrono::seconds length_of(const PolicyApproval& approval, const Organization& then)
{
    const bool has_rule =
        approval.reason == Reason::rule && approval.rule >= 1 && approval.rule <= then.rules.size();
    return has_rule ? then.rules[approval.rule - 1].approved_for : std::chrono::seconds(0);
}

/// One search, from the newest record to the oldest.
class Searching
{
  public:
    Searching(OwnConnection& store, const ApprovalOrder& order) : store_(store), order_(order)
    {
        for (std::size_t i = 0; i < order_.domains.size(); ++i) {
            for (const std::string& domain : order_.domains[i]) {
                organizations_.emplace(domain, i);
            }
        }
    }

    tl::expected<PolicyApprovals, std::string> run(int stop)
    {
        const auto lost = store_.read(LostRecords::query());
        if (!lost) {
            return tl::unexpected(lost.error());
        }
        for (const auto& row : lost->front().rows) {
            before_loss_ = number(row.at(0));
        }
        const std::int64_t first =
            order_.filter.since ? first_decision_id(*order_.filter.since - kRepeated) : 0;
        std::int64_t last = std::numeric_limits<std::int64_t>::max();
        for (bool more = true; more;) {
            if (is_readable(stop)) {
                return tl::unexpected(std::string("usherd is stopping"));
            }
            const auto portion = look_at(first, last);
            if (!portion) {
                return tl::unexpected(portion.error());
            }
            more = portion->more;
            last = portion->edge - 1;
        }
        doubt_where_requests_are_only_counted();
        if (const auto added = add_what_policy_did(stop); !added) {
            return tl::unexpected(added.error());
        }
        if (const auto& by = order_.filter.ended_by) {
            std::erase_if(found_.approvals,
                          [by](const PolicyApproval& one) { return !one.ends || *one.ends > *by; });
        }
        return std::move(found_);
    }

  private:
    struct Portion {
        std::int64_t edge = 0;  // the oldest record of it
        bool more = false;
    };
    /// The newest that was seen of a pair.
    struct Seen {
        std::int64_t last_at = 0;
        std::ptrdiff_t place = -1;  // in what was found; -1: it is not to be given
    };
    /// What stands for requests that have no record: the newest of it, by its time and by its id.
    struct Counted {
        std::int64_t last_at = std::numeric_limits<std::int64_t>::min();
        std::int64_t id = std::numeric_limits<std::int64_t>::min();
    };

    tl::expected<Portion, std::string> look_at(std::int64_t first, std::int64_t last)
    {
        const auto edge = store_.read(
            {"SELECT COUNT(*), COALESCE(MIN(id), 0), COALESCE(MAX(id), 0) FROM (SELECT id FROM journal WHERE id >= $1 "
             "AND id <= $2 ORDER BY id DESC LIMIT $3) AS portion",
             {first, last, kPortion}});
        if (!edge) {
            return tl::unexpected(edge.error());
        }
        const auto& counted = edge->front().rows.at(0);
        if (number(counted.at(0)) == 0) {
            return Portion{};
        }
        const Portion portion{number(counted.at(1)), number(counted.at(0)) == kPortion};
        found_.newest = std::max(found_.newest, number(counted.at(2)));
        const auto rows = store_.read(query(portion.edge, last));
        if (!rows) {
            return tl::unexpected(rows.error());
        }
        for (const auto& row : rows->front().rows) {
            take(row_of(row));
        }
        return portion;
    }

    /// Those of the pairs that are asked for, and those of many, whichever request they name.
    [[nodiscard]] Statement query(std::int64_t first, std::int64_t last) const
    {
        Statement statement{{}, {first, last}};
        const auto place = [&statement](StoredValue value) {
            statement.values.push_back(std::move(value));
            return "$" + std::to_string(statement.values.size());
        };
        std::vector<std::string> domains;
        for (const auto& [domain, organization] : organizations_) {
            domains.push_back(domain);
        }
        const ApprovalFilter& filter = order_.filter;
        std::string wanted = domain_in(store_.database().dialect(), "user_address") + " IN (" +
                             joined(domains, ", ", place) + ")";
        if (filter.user) {
            wanted += " AND user_address = " + place(filter.user->text());
        }
        if (filter.contact) {
            wanted += " AND contact_address = " + place(filter.contact->text());
        }
        statement.sql = std::string("SELECT ") + kColumns +
                        " FROM journal WHERE id >= $1 AND id <= $2 AND (covers IS NOT NULL OR (" + wanted +
                        ")) ORDER BY id DESC";
        return statement;
    }

    void take(const Row& row)
    {
        if (row.of_many && row.leaves) {
            count(row);
        }
        // What the server has not applied says nothing of the pair, nor does a revocation of which that is not known.
        if (row.refused || (row.revokes && !row.confirmed)) {
            return;
        }
        const auto [seen, is_newest] = seen_.try_emplace(key_of(row), Seen{row.last_at});
        if (is_newest) {
            seen->second.place = place_of(row);
        } else if (row.last_at > seen->second.last_at && !row.approves && seen->second.place >= 0) {
            // An older record was repeated later, or a clock was changed.
            found_.approvals[static_cast<std::size_t>(seen->second.place)].last_word = false;
        }
    }

    void count(const Row& row)
    {
        Counted& counted = row.covers == Covers::domain ? of_domain_[std::string(domain_part(row.contact))]
                                                        : of_organization_[organization(row)];
        counted.last_at = std::max(counted.last_at, row.last_at);
        counted.id = std::max(counted.id, row.id);
    }

    /// Where its approval is given; -1 if it is not to be.
    [[nodiscard]] std::ptrdiff_t place_of(const Row& row)
    {
        const ApprovalFilter& filter = order_.filter;
        const auto user = prepared_address(row.user);
        const auto contact = Party::as_written(row.contact);
        if (!row.approves || !user || !contact.is_prepared() || !organizations_.contains(user->domain()) ||
            (filter.rule && (row.rule != *filter.rule || row.reason != Reason::rule || row.repeated)) ||
            (filter.records && !filter.records->contains(row.id)) ||
            (filter.before && row.id >= *filter.before) || (filter.reason && row.reason != *filter.reason) ||
            (filter.since && row.last_at < since_1970(*filter.since))) {
            return -1;
        }
        if (found_.approvals.size() == PolicyApprovals::kMax) {
            found_.more_before = rows_.back().id;
            return -1;
        }
        rows_.push_back({row.id, row.last_at, row.generation, row.subscribed, row.repeated, row.source});
        found_.approvals.push_back(
            {.pair = {*user, *contact.prepared()},
             .record = row.id,
             .at = time_since_1970(row.last_at),
             .organization = row.organization,
             .reason = row.reason,
             .rule = row.rule,
             // A later answer of which it is not known whether the server has applied it: the
             // request may have waited still, and the user have answered it.
             .last_word = row.id > before_loss_ && (row.source != Source::waiting || row.confirmed)});
        return static_cast<std::ptrdiff_t>(found_.approvals.size() - 1);
    }

    /// An organisation by what its users' domains are today: its name may have been another's.
    [[nodiscard]] std::string organization(const Row& row) const
    {
        const auto today = organizations_.find(domain_part(row.user));
        return today == organizations_.end() ? "\n" + row.organization : std::to_string(today->second);
    }

    void doubt_where_requests_are_only_counted()
    {
        for (std::size_t i = 0; i < found_.approvals.size(); ++i) {
            PolicyApproval& approval = found_.approvals[i];
            const auto is_newer = [&](const auto& counted, const auto& key) {
                const auto one = counted.find(key);
                return one != counted.end() &&
                       (one->second.last_at >= rows_[i].last_at || one->second.id > rows_[i].id);
            };
            const auto today = organizations_.find(approval.pair.user.domain());
            if (is_newer(of_domain_, std::string(approval.pair.contact.domain())) ||
                is_newer(of_organization_, std::to_string(today->second)) ||
                is_newer(of_organization_, "\n" + approval.organization)) {
                approval.last_word = false;
            }
        }
    }

    tl::expected<void, std::string> add_what_policy_did(int stop)
    {
        RecordedPolicies policies(store_);
        for (std::size_t i = 0; i < found_.approvals.size(); ++i) {
            if (is_readable(stop)) {
                return tl::unexpected(std::string("usherd is stopping"));
            }
            PolicyApproval& approval = found_.approvals[i];
            const RecordedPolicies::Policy& policy = policies.of(rows_[i].generation);
            const Organization* organization =
                policy ? organization_with(**policy, approval.pair.user.domain()) : nullptr;
            if (organization == nullptr) {
                continue;
            }
            if (const auto length = length_of(approval, *organization); length != std::chrono::seconds(0)) {
                approval.ends = approval.at + length;
            }
            // Without a connector, nobody is asked back or named.
            if (rows_[i].repeated || rows_[i].source == Source::roster) {
                continue;
            }
            approval.asked_back = organization->ask_back && !rows_[i].subscribed;
            if (organization->name_contacts) {
                approval.named = true;
                approval.group = organization->contact_group;
            }
        }
        return {};
    }

    /// Of the record of what was found.
    struct Found {
        std::int64_t id;
        std::int64_t last_at;
        std::uint64_t generation;
        bool subscribed;
        bool repeated;
        Source source;
    };

    OwnConnection& store_;
    const ApprovalOrder& order_;
    std::map<std::string, std::size_t, std::less<>> organizations_;  // by domain
    std::unordered_map<std::uint64_t, Seen> seen_;                   // by key_of()
    std::map<std::string, Counted> of_domain_;                       // by the contact's
    std::map<std::string, Counted> of_organization_;
    std::vector<Found> rows_;  // as many as are found
    std::int64_t before_loss_ = 0;
    PolicyApprovals found_;
};

}  // namespace

bool is_policys(Reason reason)
{
    switch (reason) {
        case Reason::rule:
        case Reason::asked_for:
        case Reason::all_contacts:
        case Reason::in_organization:
            return true;
        case Reason::always_accept:  // the user has said so
        case Reason::never_accept:
        case Reason::always_ask:
        case Reason::foreign_user:
        case Reason::own_address:
        case Reason::group_unknown:
        case Reason::federation_closed:
        case Reason::federation_not_listed:
        case Reason::unprepared:
        case Reason::contact_limit:
        case Reason::domain_limit:
        case Reason::user_limit:
        case Reason::limits_unknown:
        case Reason::outside_organization:
        case Reason::prompt:
        case Reason::by_hand:
        case Reason::revoked:
            return false;
    }
    return false;
}

tl::expected<PolicyApprovals, std::string> policy_approvals(const std::string& store_url,
                                                            const ApprovalOrder& order, int stop)
{
    auto store = OwnConnection::open(store_url);
    if (!store) {
        return tl::unexpected(store.error());
    }
    return Searching(*store, order).run(stop);
}

}  // namespace usher
