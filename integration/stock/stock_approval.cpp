#include "integration/stock/stock_approval.h"

#include <algorithm>

#include "integration/xmpp/namespaces.h"
#include "integration/xmpp/xml.h"

namespace usher
{

namespace
{

std::string_view bare(std::string_view address)
{
    return address.substr(0, address.find('/'));
}

const RosterEntry* find(const std::vector<RosterEntry>& roster, const Address& contact)
{
    const auto found = std::find_if(roster.begin(), roster.end(),
                                    [&](const RosterEntry& entry) { return entry.contact == contact; });
    return found == roster.end() ? nullptr : &*found;
}

bool contact_is_subscribed(const RosterEntry& entry)  // the user's entry
{
    return entry.item.subscription == Subscription::from || entry.item.subscription == Subscription::both;
}

bool user_is_subscribed_to(const RosterEntry& entry)  // the contact's entry
{
    return entry.item.subscription == Subscription::to || entry.item.subscription == Subscription::both;
}

/// `<privileged_iq/>` with a query for the user's blocklist, which the server answers as if the user had asked.
std::string blocklist_query()
{
    std::string xml = "<privileged_iq";
    append_attribute(xml, "xmlns", ns::kPrivilege2);
    xml += "><iq";
    append_attribute(xml, "xmlns", ns::kClient);
    xml += " type='get' id='blocklist'><blocklist";
    append_attribute(xml, "xmlns", ns::kBlocking);
    xml += "/></iq></privileged_iq>";
    return xml;
}

}  // namespace

StockApproval::StockApproval(Clock& clock, Judge& judge, IqClient& iqs, Refused refused)
    : clock_(clock),
      judge_(judge),
      asker_(iqs),
      refused_(std::move(refused)),
      next_read_(clock.now()),
      unanswered_(clock, "times the server did not answer about a roster (stock approval)"),
      failed_(clock, "stock approvals not carried out"),
      not_denied_(clock,
                  "requests left to their users that policy denies: without a connector Usher cannot deny")
{
}

void StockApproval::set_pace(std::uint32_t reads_per_second)
{
    pace_ = std::chrono::nanoseconds(std::chrono::seconds(1)) / std::max(reads_per_second, 1U);
}

void StockApproval::start(const std::string& domain, const Advertisement& granted)
{
    const bool fresh = !served_.contains(domain);
    Served& served = served_[domain];
    served.pushes = granted.roster_pushes;
    if (!fresh) {
        return;
    }
    for (const auto& [user, resources] : online_) {
        if (user.ends_with("@" + domain)) {
            schedule(user, clock_.now());
        }
    }
    turn();
}

void StockApproval::stop(const std::string& domain)
{
    served_.erase(domain);  // what is scheduled or under way for it ends when it is looked at
}

void StockApproval::stream_lost()
{
    served_.clear();
    online_.clear();
    due_.clear();
    in_order_.clear();
    found_.clear();
    not_before_.clear();
    approval_.reset();
    asker_.forget();
    judging_.forget();
    asking_ = false;
    timer_.reset();
}

void StockApproval::policy_changed()
{
    not_before_.clear();
    for (const auto& [user, resources] : online_) {
        schedule(user, clock_.now());
    }
    turn();
}

StockApproval::Served* StockApproval::served(std::string_view domain)
{
    const auto found = served_.find(domain);
    return found == served_.end() ? nullptr : &found->second;
}

// --- Whose rosters are read, and when

void StockApproval::received_presence(std::string_view from, bool available)
{
    const auto user = prepared_address(bare(from));
    if (!user || from.size() == bare(from).size()) {
        return;
    }
    const std::string resource(from.substr(user->text().size() + 1));
    const auto known = online_.find(user->text());
    if (available) {
        const bool comes = known == online_.end();
        online_[user->text()].insert(resource);
        if (!comes) {
            return;
        }
    } else {
        if (known == online_.end()) {
            return;
        }
        known->second.erase(resource);
        if (!known->second.empty()) {
            return;
        }
        online_.erase(known);  // the last requests may not have been seen: one more reading
    }
    schedule(user->text(), clock_.now());
    turn();
}

void StockApproval::received_push(std::string_view user)
{
    if (const auto address = prepared_address(user); address && served(address->domain()) != nullptr) {
        schedule(address->text(), clock_.now());
        turn();
    }
}

void StockApproval::schedule(const std::string& user, Clock::Time when)
{
    if (const auto known = due_.find(user); known != due_.end()) {
        when = std::min(when, known->second);
        unschedule(user);
    }
    due_.emplace(user, when);
    in_order_.emplace(when, user);
}

void StockApproval::unschedule(const std::string& user)
{
    const auto known = due_.find(user);
    in_order_.erase({known->second, user});
    due_.erase(known);
}

/// Does what is to be done next, unless an answer is being waited for.
void StockApproval::turn()
{
    if (asking_) {
        return;
    }
    while (!found_.empty()) {
        if (approve_next()) {
            return;
        }
    }
    timer_.reset();
    while (!served_.empty() && !in_order_.empty()) {
        const auto now = clock_.now();
        const auto [due, user] = *in_order_.begin();
        if (const auto when = std::max(due, next_read_); when > now) {
            timer_ =
                clock_.after(std::chrono::ceil<std::chrono::milliseconds>(when - now), [this] { turn(); });
            return;
        }
        unschedule(user);
        if (served(std::string_view(user).substr(user.find('@') + 1)) != nullptr) {
            next_read_ = now + std::chrono::duration_cast<Clock::Time::duration>(pace_);
            read_contact(user);
            return;
        }
    }
}

// --- Queries

void StockApproval::query(std::string_view type, const std::string& to, std::string_view payload,
                          IqClient::Reply reply)
{
    asking_ = true;
    asker_.ask(type, to, payload, kReplyDeadline, [this, reply = std::move(reply)](const Stanza& iq) {
        asking_ = false;
        if (!iq) {
            unanswered_.count();
        }
        reply(iq);
        turn();
    });
}

void StockApproval::read(const Address& owner, std::function<void(std::vector<RosterEntry>)> reply)
{
    query("get", owner.text(), roster_query(), [this, reply = std::move(reply)](const Stanza& iq) {
        if (iq.attribute("type") == "result") {
            reply(read_roster(iq.child("query", ns::kRoster)));
        } else {
            give_up();
        }
    });
}

void StockApproval::set(const Address& owner, const RosterEntry& entry, Subscription subscription,
                        std::function<void()> then)
{
    query("set", owner.text(), roster_set(entry, subscription),
          [this, owner, contact = entry.contact, subscription, then = std::move(then)](const Stanza& iq) {
              if (iq.attribute("type") != "result") {
                  if (iq && !approval_->changed) {
                      settle(Outcome::refused);
                  }
                  give_up();
                  Served* domain = served(owner.domain());
                  if (domain != nullptr && !domain->effective && ++domain->errors == kMaxErrors) {
                      refuse(std::string(owner.domain()), Refusal::ineffective);
                  }
                  return;
              }
              read(owner, [this, owner, contact, subscription, then](const std::vector<RosterEntry>& roster) {
                  const RosterEntry* now = find(roster, contact);
                  Served* domain = served(owner.domain());
                  if (now != nullptr && now->item.subscription == subscription) {
                      if (domain != nullptr) {
                          domain->effective = true;
                      }
                      then();
                  } else if (domain != nullptr && !domain->effective) {
                      settle(Outcome::refused);
                      give_up();
                      refuse(std::string(owner.domain()), Refusal::ineffective);
                  } else {
                      give_up();  // somebody else has changed it meanwhile
                  }
              });
          });
}

// --- Finding requests

void StockApproval::read_contact(const std::string& contact)
{
    const auto address = Address::prepare(contact);
    query("get", contact, roster_query(), [this, address = *address](const Stanza& iq) {
        Served* domain = served(address.domain());
        if (domain == nullptr) {
            return;
        }
        if (iq.attribute("type") == "result") {
            look_for_requests(address, iq.child("query", ns::kRoster));
        } else if (error_condition(iq) == "forbidden") {
            refuse(std::string(address.domain()), Refusal::forbidden);
            return;
        }
        if (!domain->pushes && online_.contains(address.text())) {
            schedule(address.text(), clock_.now() + kReadAgain);
        }
    });
}

void StockApproval::look_for_requests(const Address& contact, const Stanza& query)
{
    const auto now = clock_.now();
    std::erase_if(not_before_, [now](const auto& entry) { return entry.second <= now; });
    for (const RosterEntry& entry : read_roster(query)) {
        Pair pair{contact.text(), entry.contact.text()};
        if (entry.item.ask && !user_is_subscribed_to(entry) && entry.contact != contact &&
            served(entry.contact.domain()) != nullptr && !not_before_.contains(pair)) {
            found_.push_back(std::move(pair));
        }
    }
}

// --- Approving one

/// Whether it was begun: its domains may be served no longer.
bool StockApproval::approve_next()
{
    const Pair pair = std::move(found_.front());
    found_.pop_front();
    const auto contact = Address::prepare(pair.first);
    const auto user = Address::prepare(pair.second);
    if (served(contact->domain()) == nullptr || served(user->domain()) == nullptr) {
        return false;
    }
    not_before_[pair] = clock_.now() + kJudgeAgain;
    approval_.emplace(Approval{*contact, *user, std::nullopt, false});
    read(*user, [this](const std::vector<RosterEntry>& roster) {
        if (const RosterEntry* entry = find(roster, approval_->contact)) {
            approval_->before = *entry;
        }
        if (approval_->before && contact_is_subscribed(*approval_->before)) {
            complete_contact();  // approved before, and interrupted, or by the user
        } else {
            read_blocklist();
        }
    });
    return true;
}

void StockApproval::read_blocklist()
{
    query("get", approval_->user.text(), blocklist_query(), [this](const Stanza& iq) {
        const Stanza answer =
            iq.child("privilege", ns::kPrivilege2).child("forwarded", ns::kForward).child("iq", ns::kClient);
        const Stanza blocklist = answer.child("blocklist", ns::kBlocking);
        const bool nobody_can_block = error_condition(answer) == "service-unavailable" ||
                                      error_condition(answer) == "feature-not-implemented";
        if (!nobody_can_block && (answer.attribute("type") != "result" || !blocklist)) {
            give_up();
            return;
        }
        for (Stanza item = blocklist.first(); item; item = item.next()) {
            const std::string_view blocked = item.attribute("jid");
            if (blocked == approval_->contact.text() || blocked == approval_->contact.domain()) {
                approval_.reset();  // as if the request had not come
                return;
            }
        }
        decide_request();
    });
}

void StockApproval::decide_request()
{
    if (!still_served()) {
        approval_.reset();
        return;
    }
    SubscriptionRequest request{approval_->user, approval_->contact, std::nullopt};
    if (approval_->before) {
        request.item = approval_->before->item;
    }
    asking_ = true;
    judge_.judge({request}, Source::roster, judging_.bind([this](const auto& judged) {
        asking_ = false;
        decided(judged);
        turn();
    }));
}

void StockApproval::decided(const tl::expected<std::vector<Judged>, std::string>& judged)
{
    if (!still_served()) {
        approval_.reset();
        return;
    }
    if (judged && judged->front().decision.answer == Answer::approve) {
        approval_->judged = judged->front();
        approve_for_user();
        return;
    }
    if (judged && judged->front().decision.answer == Answer::deny) {
        not_denied_.count();
    }
    approval_.reset();
}

bool StockApproval::still_served()
{
    return served(approval_->contact.domain()) != nullptr && served(approval_->user.domain()) != nullptr;
}

void StockApproval::approve_for_user()
{
    const auto& before = approval_->before;
    const bool mutual = before && before->item.subscription == Subscription::to;
    set(approval_->user, before.value_or(RosterEntry{approval_->contact, {}, {}, {}}),
        mutual ? Subscription::both : Subscription::from, [this] {
            approval_->changed = true;
            complete_contact();
        });
}

void StockApproval::complete_contact()
{
    read(approval_->contact, [this](const std::vector<RosterEntry>& roster) {
        const RosterEntry* entry = find(roster, approval_->user);
        if (entry != nullptr && user_is_subscribed_to(*entry)) {
            end(Outcome::confirmed);  // the server has done it by itself
        } else if (entry == nullptr || !entry->item.ask) {
            take_back();
        } else {
            const bool mutual = entry->item.subscription == Subscription::from;
            set(approval_->contact, *entry, mutual ? Subscription::both : Subscription::to,
                [this] { end(Outcome::confirmed); });
        }
    });
}

/// The contact has withdrawn the request meanwhile.
void StockApproval::take_back()
{
    if (!approval_->changed) {
        end(Outcome::refused);
        return;
    }
    const auto& before = approval_->before;
    query("set", approval_->user.text(),
          before ? roster_set(*before, before->item.subscription) : roster_removal(approval_->contact),
          [this](const Stanza& iq) {
              if (iq.attribute("type") == "result") {
                  end(Outcome::refused);
              } else {
                  give_up();
              }
          });
}

void StockApproval::settle(Outcome outcome)
{
    if (approval_ && approval_->judged.record != 0) {
        const Settled settled{
            {approval_->user, approval_->contact, std::nullopt}, approval_->judged, outcome, std::string()};
        judge_.settle({&settled, 1});
    }
}

void StockApproval::end(Outcome outcome)
{
    settle(outcome);
    approval_.reset();
}

void StockApproval::give_up()
{
    if (approval_) {
        failed_.count("for " + approval_->user.text() + ", contact of " +
                      std::string(approval_->contact.domain()) + "; tried again in a minute");
        approval_.reset();
    }
}

void StockApproval::refuse(const std::string& domain, Refusal refusal)
{
    stop(domain);
    std::erase_if(found_, [&](const Pair& pair) { return pair.second.ends_with("@" + domain); });
    refused_(domain, refusal);
}

}  // namespace usher
