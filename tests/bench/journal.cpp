// Measures the journal alone, on SQLite and on PostgreSQL: records a second in batches of so many, what a million of them
// takes on the disk, what a search of all of them takes, and how fast a day of them is deleted. PostgreSQL waits for its disk
// at each commit, as it does by default; SQLite does not, as usherd has it.
#include "plugin/store/journal.h"

#include <event2/event.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "benchmark.h"
#include "deadline.h"
#include "plugin/store/journal_search.h"
#include "private_postgres.h"
#include "row.h"
#include "temporary_directory.h"

namespace usher::test
{

namespace
{

constexpr std::int64_t kRecords = 100'000;  // for each figure, unless the command line says otherwise
constexpr double kMegabyte = 1e6;

double seconds_since(Clock::time_point begun)
{
    return std::chrono::duration<double>(Clock::now() - begun).count();
}

class Store
{
  public:
    explicit Store(const std::string& url)
        : loop_(event_base_new(), event_base_free), database_(Database::open(url, loop_.get()).value())
    {
        (void)wait<StepRows>([this](auto then) {
            database_->run({.statements = {{"SELECT version FROM settings_version"}}}, then);
        });
    }

    /// What `call` gives to its callback. Throws where that is an error.
    template <typename Value, typename Call>
    Value wait(Call call)
    {
        std::optional<tl::expected<Value, std::string>> given;
        call(StoreCallback<Value>(
            [&given](tl::expected<Value, std::string> value) { given = std::move(value); }));
        while (!given) {
            event_base_loop(loop_.get(), EVLOOP_ONCE);
        }
        if (!*given) {
            throw std::runtime_error(given->error());
        }
        return **std::move(given);
    }
    /// Records so many, in batches, each when the one before is committed. Records a second.
    double record(std::int64_t count, std::int64_t batch)
    {
        const auto begun = Clock::now();
        for (std::int64_t done = 0; done < count; done += batch) {
            std::vector<JournalEntry> entries;
            for (std::int64_t i = 0; i < batch; ++i) {
                entries.push_back(entry());
            }
            (void)wait<std::vector<JournalEntry>>(
                [&](auto then) { journal_.record(std::move(entries), then); });
        }
        return static_cast<double>(count) / seconds_since(begun);
    }
    /// Looks at all records for those of one user. In seconds.
    double search()
    {
        const auto begun = Clock::now();
        JournalSearch search(*database_, {.user = Address::prepare("nobody@capulet.lit").value()});
        while (!wait<bool>([&](auto then) { search.search_portion(then); })) {
        }
        return seconds_since(begun);
    }
    /// Records deleted in a second.
    double forget()
    {
        const auto begun = Clock::now();
        std::size_t deleted = 0;
        for (std::size_t some = 1; some != 0; deleted += some) {
            some = wait<std::size_t>([this](auto then) {
                journal_.forget_before(std::chrono::system_clock::now() + std::chrono::hours(1), 1'000, then);
            });
        }
        return static_cast<double>(deleted) / seconds_since(begun);
    }

  private:
    JournalEntry entry()
    {
        const std::string number = std::to_string(++made_);
        const auto now = std::chrono::system_clock::now();
        JournalEntry made{
            {.id = journal_.next_id(now),
             .at = now,
             .organization = "Capulet",
             .request = {Address::prepare("user.name" + number + "@capulet.lit").value(),
                         Address::prepare("contact.name" + number + "@capulet.lit").value(), std::nullopt},
             .facts = {},
             .decision = {Answer::approve, Reason::in_organization},
             .generation = 1}};
        return made;
    }

    std::unique_ptr<event_base, decltype(&event_base_free)> loop_;
    std::unique_ptr<Database> database_;
    Journal journal_{*database_};
    std::int64_t made_ = 0;
};

/// `bytes` gives what all of the journal takes.
template <typename Bytes>
void measure(const std::string& name, const std::string& url, std::int64_t records, Bytes bytes)
{
    Store store(url);
    std::string rates;
    std::int64_t all = 0;
    for (const std::int64_t batch : {1, 16, 64}) {
        const std::int64_t count = batch == 1 ? records / 10 : records;
        all += count / batch * batch;
        rates += (rates.empty() ? "" : ", ") + std::string("in batches of ") + std::to_string(batch) + ": " +
                 fixed(store.record(count, batch), 0) + "/s";
    }
    std::cout << Row{"journal", name + ", records a second", rates, {}, {}, {}, {}}
              << Row{"journal",
                     name + ", a million records on the disk",
                     fixed(static_cast<double>(bytes()) / static_cast<double>(all), 0) + " MB",
                     {},
                     {},
                     {},
                     {}}
              << Row{"journal",
                     name + ", a search of a million records for one user",
                     fixed(store.search() * kMegabyte / static_cast<double>(all), 2) + " s",
                     {},
                     {},
                     {},
                     {}}
              << Row{"journal", name + ", records deleted in a second", fixed(store.forget(), 0), {}, {}, {},
                     {}}
              << std::flush;
}

}  // namespace

}  // namespace usher::test

int main(int argc, char** argv)
{
    using namespace usher::test;
    const std::int64_t records = argc > 1 ? std::atoll(argv[1]) * 1'000 : kRecords;
    return run_benchmark([&] {
        const TemporaryDirectory directory;
        const std::string file = (directory.path() / "usher.db").string();
        measure("SQLite", "sqlite3://" + file, records, [&file] {
            return std::filesystem::file_size(file) + std::filesystem::file_size(file + "-wal");
        });
        PrivatePostgres server({.waits_for_disk = true});
        const std::string database = server.create_database();
        measure("PostgreSQL by its socket", server.url(database), records, [&] {
            return std::stoull(server.execute(database, "SELECT pg_total_relation_size('journal')").at(0));
        });
    });
}
