#include "plugin/people/file_refresh.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "plugin/people/night.h"
#include "plugin/text/terminal.h"

namespace usher
{

namespace
{

std::string problem_text(const std::vector<SettingError>& errors)
{
    const std::string first = printable(to_string(errors.front()));
    return errors.size() == 1
               ? first
               : first + " (`usherd --check` names " + std::to_string(errors.size()) + " errors)";
}

}  // namespace

FileRefresh::FileRefresh(Clock& clock, Directory& directory,
                         std::function<std::chrono::system_clock::time_point()> wall_clock,
                         std::function<double()> random, Read read)
    : clock_(clock),
      directory_(directory),
      wall_clock_(std::move(wall_clock)),
      random_(std::move(random)),
      read_(std::move(read))
{
}

void FileRefresh::want(std::vector<PeopleFile> files)
{
    std::vector<Known> before = std::exchange(known_, {});
    bool fresh = false;
    for (PeopleFile& file : files) {
        const auto same = std::find_if(before.begin(), before.end(),
                                       [&file](const Known& known) { return known.file == file; });
        if (same != before.end()) {
            known_.push_back(std::move(*same));
            before.erase(same);
        } else {
            known_.push_back({std::move(file)});
            fresh = true;
        }
    }
    for (const Known& known : before) {
        forget(known.file);
    }
    if (known_.empty()) {
        night_.reset();
        retry_.reset();
    } else if (fresh) {
        await_night();
        read_again();
    }
}

void FileRefresh::read_again()
{
    if (known_.empty()) {
        return;
    }
    again_ = std::exchange(reading_, true);
    if (again_) {
        return;
    }
    retry_.reset();
    std::vector<PeopleFile> files;
    std::transform(known_.begin(), known_.end(), std::back_inserter(files),
                   [](const Known& known) { return known.file; });
    read_(files,
          callbacks_.bind([this, files](Outcomes outcomes) { reading_ended(files, std::move(outcomes)); }));
}

std::optional<PeopleStatus> FileRefresh::status(const std::string& domain) const
{
    for (const Known& known : known_) {
        const auto& domains = known.file.domains;
        if (std::find(domains.begin(), domains.end(), domain) != domains.end()) {
            return PeopleStatus{directory_.size(domain), known.read, known.problem};
        }
    }
    return std::nullopt;
}

/// Of files that are not wanted any more, nothing is taken.
void FileRefresh::reading_ended(const std::vector<PeopleFile>& asked, Outcomes outcomes)
{
    reading_ = false;
    for (Known& known : known_) {
        const auto place = std::find(asked.begin(), asked.end(), known.file);
        if (place == asked.end()) {
            continue;
        }
        PeopleFileOutcome& outcome = outcomes.at(static_cast<std::size_t>(place - asked.begin()));
        if (outcome) {
            take(known, *std::move(outcome));
        } else {
            failed(known, outcome.error());
        }
    }
    if (std::exchange(again_, false)) {
        read_again();
    }
}

void FileRefresh::take(Known& known, PeopleOfFile people)
{
    std::size_t before = 0;
    std::size_t count = 0;
    for (auto& [domain, of_domain] : people) {
        before += directory_.size(domain);
        count += of_domain.size();
        directory_.replace(domain, std::move(of_domain));
    }
    if (!known.read || !known.problem.empty() || count != before) {
        spdlog::info("{} was read: {} people", known.file.path, count);
    }
    known.read = wall_clock_();
    known.problem.clear();
}

void FileRefresh::failed(Known& known, const std::vector<SettingError>& errors)
{
    retry_ = clock_.after(kRetry, [this] { read_again(); });
    const std::string text = problem_text(errors);
    if (std::exchange(known.problem, text) != text) {  // else it has been said
        spdlog::warn("the file of people cannot be used, and {}: {}",
                     known.read ? "what was read last stays in force" : "searches find none of its people",
                     text);
    }
}

void FileRefresh::forget(const PeopleFile& file)
{
    for (const std::string& domain : file.domains) {
        directory_.forget(domain);
    }
}

void FileRefresh::await_night()
{
    night_ = clock_.after(until_night(wall_clock_(), random_()), [this] {
        await_night();
        read_again();
    });
}

}  // namespace usher
