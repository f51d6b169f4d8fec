// What users have chosen about being found, in memory, as new as the store has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "plugin/people/people_choices.h"

namespace usher
{

class KnownChoices : public PeopleChoices
{
  public:
    /// How many are read at a time; some milliseconds, requests come in between.
    static constexpr std::size_t kPortion = 1'000;

    /// Knows nothing before the first `update`. Both must outlive the object.
    KnownChoices(Database& database, Clock& clock) : stored_(database), clock_(clock) {}

    void update(StoreCallback<void> then) override;
    [[nodiscard]] PersonChoice of(std::string_view user) const override;
    void set(const Address& user, const PersonChoice& change, StoreCallback<void> then) override;

  private:
    void begin_reading();
    void read_portion();
    void portion_read(const tl::expected<std::vector<StoredPersonChoices::Change>, std::string>& changes);
    void apply(const std::vector<StoredPersonChoices::Change>& changes);

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };

    StoredPersonChoices stored_;
    Clock& clock_;
    std::unordered_map<std::string, PersonChoice, Hash, std::equal_to<>> chosen_;  // who has chosen anything
    std::int64_t newest_ = 0;                                                      // change that is known
    bool reading_ = false;
    std::vector<StoreCallback<void>> served_;   // by what is being read
    std::vector<StoreCallback<void>> waiting_;  // for what is read next: they have asked since
    std::unique_ptr<Timer> next_portion_;
    CallbackScope callbacks_;
};

}  // namespace usher
