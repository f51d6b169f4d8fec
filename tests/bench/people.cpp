// What a search for people costs in a large domain, what the people take in memory, and how long it takes at the start until
// they are there.
#include <time.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "benchmark.h"
#include "plugin/people/directory.h"
#include "plugin/people/domain_refresh.h"
#include "plugin/store/people.h"
#include "row.h"
#include "temporary_directory.h"

namespace usher
{

namespace
{

constexpr std::size_t kPeople = 100'000;
constexpr std::size_t kLimit = 25;

/// Processor time of this thread, in milliseconds: nothing is waited for here.
double now()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// A name of some syllables, some of them with a diacritic; common ones come often.
std::string name(std::mt19937& random)
{
    static constexpr std::array<const char*, 16> kSyllables{"an", "na",   "ma", "ri",  "mü", "ller",
                                                            "lé", "on",   "ka", "tha", "øs", "ter",
                                                            "jo", "hann", "sø", "ren"};
    std::string text;
    const std::size_t syllables = 2 + random() % 3;
    for (std::size_t i = 0; i < syllables; ++i) {
        text += kSyllables.at(std::min(random() % kSyllables.size(), random() % kSyllables.size()));
    }
    return text;
}

DomainPeople people(std::mt19937& random)
{
    DomainPeople all;
    for (std::size_t i = 0; i < kPeople; ++i) {
        const std::string given = name(random);
        const std::string family = name(random);
        const std::string local = "user" + std::to_string(1'000'000 + i);
        all.put({Address::prepare(local + "@corp.example").value(),
                 given + " " + family,
                 given,
                 family,
                 {},
                 local + "@example.org"});
    }
    return all;
}

/// How long each of many searches takes, shortest first.
std::vector<double> searches(const Directory& directory, std::mt19937& random)
{
    constexpr int kSearches = 1'000;
    std::vector<double> each;
    for (int i = 0; i < kSearches; ++i) {
        // From two letters on, of one name or of both.
        std::string text = name(random).substr(0, 3 + random() % 5);
        if (i % 2 == 0) {
            text += " " + name(random);
        }
        const double begun = now();
        const auto words = SearchWords::read(text);
        if (words) {
            static_cast<void>(directory.find({"corp.example"}, *words, kLimit,
                                             [](std::string_view /*address*/) { return true; }));
        }
        each.push_back(now() - begun);
    }
    std::sort(each.begin(), each.end());
    return each;
}

/// How long it takes to have them from the store, in the portions of DomainRefresh.
double reading_from_store(const DomainPeople& all)
{
    const test::TemporaryDirectory folder;
    const auto database = Database::open("sqlite3://" + (folder.path() / "usher.db").string()).value();
    StoredPeople store(*database);
    std::vector<Person> portion;
    all.visit_addresses([&](std::string_view address) {
        portion.push_back(all.at(all.place_of(address).value()));
        if (portion.size() == DomainRefresh::kStoredPortion) {
            store.put(std::exchange(portion, {}), [](const auto& stored) {
                if (!stored) {
                    throw std::runtime_error(stored.error());
                }
            });
        }
    });
    const double begun = now();
    DomainPeople again;
    std::string last;
    for (bool more = true; more;) {
        store.read("corp.example", last, DomainRefresh::kStoredPortion, [&](const auto& people) {
            for (const Person& person : people.value()) {
                again.put(person);
                last = person.address.text();
            }
            more = !people->empty();
        });
    }
    if (again.size() != all.size()) {
        throw std::runtime_error("not all people are in the store");
    }
    return now() - begun;
}

void measure()
{
    constexpr double kMaxMilliseconds = 5;
    constexpr double kMaxMegabytes = 30;
    std::mt19937 random(1);
    const double begun = now();
    DomainPeople all = people(random);
    const double filled = now() - begun;
    const double megabytes = static_cast<double>(all.bytes()) / 1e6;
    const double read = reading_from_store(all);
    Directory directory;
    directory.replace("corp.example", std::move(all));
    const std::vector<double> each = searches(directory, random);
    const double p99 = each[each.size() * 99 / 100];
    std::cout << test::Row{"people",
                           "a search among 100000 people, median and 99th percentile",
                           test::fixed(each[each.size() / 2], 2) + " ms, " + test::fixed(p99, 2) + " ms",
                           std::nullopt,
                           "at most 5 ms",
                           p99 <= kMaxMilliseconds};
    std::cout << test::Row{"people",     "memory of 100000 people", test::fixed(megabytes, 1) + " MB",
                           std::nullopt, "at most 30 MB",           megabytes <= kMaxMegabytes};
    std::cout << test::Row{
        "people", "taking in 100000 people", test::fixed(filled, 0) + " ms", std::nullopt, "", std::nullopt};
    std::cout << test::Row{
        "people",    "reading 100000 people from the store", test::fixed(read, 0) + " ms", std::nullopt, "",
        std::nullopt};
}

}  // namespace

}  // namespace usher

int main()
{
    return usher::test::run_benchmark([] { usher::measure(); });
}
