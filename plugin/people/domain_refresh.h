// Keeps what is known of one domain's people as its server has it.
//
// What the store has is there from the start. The list is read to its end when the server offers it, after each login, and
// in each night; who was not in it is gone. In between single people are read again when the server says so.
// The list goes page by page into the directory and the store, and the next page waits for the store: there is never more
// of it in memory than a page, and requests come in between.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "integration/people/people_source.h"
#include "plugin/people/directory.h"
#include "plugin/people/people_status.h"
#include "plugin/store/people.h"

namespace usher
{

class DomainRefresh
{
  public:
    /// What is read of the store at a time, and who is taken out of it.
    static constexpr std::size_t kStoredPortion = 500;
    static constexpr std::size_t kGonePortion = 100;
    /// Beyond so many hints the whole list is read.
    static constexpr std::size_t kMaxHints = 1'000;
    /// When a server that did not answer, or that could not for the time being, is asked again.
    static constexpr std::chrono::minutes kRetry{10};

    /// What all domains share. All of it must outlive them.
    struct Surroundings {
        Clock& clock;
        PeopleSource& source;
        StoredPeople& store;
        Directory& directory;
        std::function<std::chrono::system_clock::time_point()> wall_clock;
        std::function<double()> random;  ///< 0 to 1
    };

    /// Begins with what the store has.
    DomainRefresh(std::string domain, Surroundings& surroundings);
    DomainRefresh(const DomainRefresh&) = delete;
    DomainRefresh& operator=(const DomainRefresh&) = delete;

    /// Reads the list, if the domain offers it: now, or as soon as what is being done is done.
    void read_list();
    /// These people of the domain have changed; see PeopleEvents.
    void changed(std::vector<Address> people);
    void stream_lost();

    [[nodiscard]] PeopleStatus status() const;

  private:
    enum class Doing {
        reading_store,
        nothing,
        listing,         ///< page by page
        removing_gone,   ///< who was not in the list
        reading_people,  ///< those of hints
    };

    // The store
    void read_store(const std::string& after);
    void stored_read(const tl::expected<std::vector<Person>, std::string>& people);
    [[nodiscard]] StoreCallback<void> reporting();

    // The list
    void page_listed(std::vector<Person> people);
    void list_ended(const std::optional<PeopleFailure>& failure);
    void remove_gone();
    void list_done();
    void failed(const PeopleFailure& failure);

    // Hints
    void read_hinted();
    void hinted_read(const std::vector<Address>& asked,
                     tl::expected<std::vector<Person>, PeopleFailure> people);

    void hinted_not_read(const PeopleFailure& failure);

    /// Nothing is being done any more: what is next?
    void go_on();
    void await_night();

    const std::string domain_;
    Surroundings& with_;
    Doing doing_ = Doing::reading_store;
    CallbackScope reading_store_;
    CallbackScope asking_;  // the server, on this stream, and what follows
    std::unique_ptr<PeopleList> list_;
    std::vector<std::size_t> seen_;  // hashes of the addresses in the list
    std::vector<Address> gone_;      // still to be removed
    std::vector<Address> hinted_;    // still to be read again
    bool list_wanted_ = false;
    std::unique_ptr<Timer> soon_;
    std::unique_ptr<Timer> retry_;
    std::unique_ptr<Timer> night_;
    std::optional<std::chrono::system_clock::time_point> listed_;
    std::string problem_;
    std::shared_ptr<std::string> store_problem_ = std::make_shared<std::string>();  // said last; empty: none
};

}  // namespace usher
