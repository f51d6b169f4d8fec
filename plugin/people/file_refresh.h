// Keeps what is known of people who are in a file (`names = "file"`) as the file has them.
//
// It is read as soon as something of it is wanted, after each reload and in each night; after a failure every ten minutes.
// While it is not valid, or not there, what was read last stays in force.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "plugin/people/directory.h"
#include "plugin/people/people_file.h"
#include "plugin/people/people_status.h"

namespace usher
{

class FileRefresh
{
  public:
    static constexpr std::chrono::minutes kRetry{10};

    using Outcomes = std::vector<PeopleFileOutcome>;
    /// Starts reading the files, as read_people_file(), and calls `then` later, with an outcome for each.
    using Read = std::function<void(std::vector<PeopleFile> files, std::function<void(Outcomes)> then)>;

    /// `clock` and `directory` must outlive the object. `wall_clock` is for the time of day, `random` gives 0 to 1.
    FileRefresh(Clock& clock, Directory& directory,
                std::function<std::chrono::system_clock::time_point()> wall_clock,
                std::function<double()> random, Read read);

    /// What is wanted from now on. What is wanted as before is not read again.
    void want(std::vector<PeopleFile> files);
    /// Somebody says that the files may be others.
    void read_again();

    /// Nothing for a domain whose people are in no file.
    [[nodiscard]] std::optional<PeopleStatus> status(const std::string& domain) const;

  private:
    struct Known {
        PeopleFile file;
        std::optional<std::chrono::system_clock::time_point> read = {};  ///< the last good one
        std::string problem = {};                                        ///< of the last one; empty: none
    };

    void reading_ended(const std::vector<PeopleFile>& asked, Outcomes outcomes);
    void take(Known& known, PeopleOfFile people);
    void failed(Known& known, const std::vector<SettingError>& errors);
    void forget(const PeopleFile& file);
    void await_night();

    Clock& clock_;
    Directory& directory_;
    std::function<std::chrono::system_clock::time_point()> wall_clock_;
    std::function<double()> random_;
    Read read_;
    std::vector<Known> known_;
    bool reading_ = false;
    bool again_ = false;  ///< as soon as the reading under way has ended
    std::unique_ptr<Timer> retry_;
    std::unique_ptr<Timer> night_;
    CallbackScope callbacks_;
};

}  // namespace usher
