// Where a dialogue is played: a server and people; without Usher, with a scripted entity, or with the daemon.
#pragma once

#include <boost/test/data/monomorphic.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scripted_entity.h"
#include "server.h"
#include "usherd.h"
#include "wire_client.h"

namespace usher::test
{

// The user and the contact of most dialogues.
inline const std::string kJuliet = "juliet@capulet.lit";
inline const std::string kRomeo = "romeo@montague.lit";

/// A component on every stage that has a connector; it is granted nothing.
inline const std::string kGossip = "gossip.capulet.lit";

/// For holds that something else has to end.
inline const HoldLimits kNoTimeout{.timeout = std::chrono::minutes(10), .max_held = {}};

/// For tests that hold for an account and for a component.
inline const auto kLogins = boost::unit_test::data::make({Login::account, Login::component});

/// A server on which people answer for themselves.
class Stage
{
  public:
    Stage();
    explicit Stage(ServerOptions options);
    virtual ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    [[nodiscard]] Server& server() { return *server_; }

    /// A client for a new account, not logged in.
    WireClient& person(const std::string& address);
    /// The same, online.
    WireClient& enter(const std::string& address);
    /// Another client of an existing account.
    WireClient& client(const std::string& address, const std::string& resource);

    /// Returns when everybody here has received what everybody's stanzas have caused; see round_trip().
    void round_trip();

    /// Waits until that server has acknowledged that the contact's request is left to the user, if it does
    /// so.
    void expect_acknowledgement(Client& contact, const std::string& user);
    /// `unavailable` for each of so many requests, or for none.
    [[nodiscard]] long acknowledgements_of(long requests) const
    {
        return server_->manners().acknowledges_requests ? requests : 0;
    }

    /// Returns when every request that the server has received so far is decided and the decision carried
    /// out.
    virtual void settle() {}

  protected:
    /// Others who take part in round_trip().
    [[nodiscard]] virtual std::vector<Client*> others() { return {}; }

    // Requests are asked and decided in the order of their arrival. So settle() sends one more, between these
    // two, and waits for its end. No dialogue's transcript mentions them.
    [[nodiscard]] WireClient& last_in_line();

  private:
    std::unique_ptr<Server> server_;
    std::deque<WireClient> people_;
    WireClient* last_in_line_ = nullptr;
};

/// A server with the connector and a daemon.
class UsherStage : public Stage
{
  public:
    /// The daemon is answering.
    UsherStage(Login login, UsherdOptions options, const HoldLimits& limits = {});

    [[nodiscard]] Usherd& usherd() { return *usherd_; }
    void settle() override;

  private:
    std::unique_ptr<Usherd> usherd_;
};

/// A server with the connector and an entity that answers when and what the test says.
class ScriptedStage : public Stage
{
  public:
    /// The entity has logged in.
    explicit ScriptedStage(Login login, const HoldLimits& limits = {});
    /// Several may answer; none has logged in.
    explicit ScriptedStage(const std::vector<std::string>& entities, const HoldLimits& limits = {});
    explicit ScriptedStage(ServerOptions options) : Stage(std::move(options)) {}

    /// With the connector, for these entities.
    [[nodiscard]] static ServerOptions options(const std::vector<std::string>& entities,
                                               const HoldLimits& limits = {});

    /// The first of several logs in and becomes entity().
    void admit_entity();

    [[nodiscard]] ScriptedEntity& entity() { return *entity_; }
    /// Nothing may be unanswered.
    void settle() override;
    /// What the entity was asked about, settle()'s own requests aside: "contact to user" for each.
    [[nodiscard]] std::vector<std::string> asked();

  protected:
    [[nodiscard]] std::vector<Client*> others() override;

  private:
    std::optional<ScriptedEntity> entity_;
};

/// A component and an account may both answer, and one of them has been asked about Romeo's request to Juliet. Both
/// people are online.
class TwoEntities
{
  public:
    /// In which order they log in is the test's choice.
    explicit TwoEntities(const std::vector<Login>& logins, const HoldLimits& limits = kNoTimeout);

    [[nodiscard]] ScriptedStage& stage() { return stage_; }
    [[nodiscard]] WireClient& juliet() { return juliet_; }
    [[nodiscard]] WireClient& romeo() { return romeo_; }
    [[nodiscard]] ScriptedEntity& asked() { return entities_[asked_]; }
    [[nodiscard]] ScriptedEntity& other() { return entities_[1 - asked_]; }
    /// Returns when both, and Romeo, have received what everybody's stanzas have caused.
    void round_trip();

  private:
    ScriptedStage stage_;
    WireClient& juliet_;
    WireClient& romeo_;
    std::vector<ScriptedEntity> entities_;
    std::size_t asked_ = 0;
};

/// `<presence type='…' to='…'/>`
[[nodiscard]] std::string to(const std::string& address, const std::string& type);

/// The subscription in the roster's item for that contact, with ` ask` if a request is out; empty if there is
/// no item.
[[nodiscard]] std::string item_in(const Element& roster, const std::string& contact);

/// How many of what the client received match.
[[nodiscard]] long count_received(const Client& client, const Matcher& wanted);

}  // namespace usher::test
