// A settings file that is read by a process of its own: the same values and errors, and nothing worse.
#include "plugin/settings/reading_process.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "named_file.h"
#include "plugin/settings/documents.h"
#include "plugin/settings/transfer.h"
#include "settings_files.h"

namespace bdata = boost::unit_test::data;
using namespace usher;
using namespace usher::test;

namespace
{

ReadSettings read_apart(const std::string& path)
{
    return read_settings_apart(path, {.program = SETTINGS_READER});
}

std::string all_errors(const ReadSettings& read)
{
    std::string all;
    if (!read) {
        for (const SettingError& error : read.error()) {
            all += to_string(error) + "\n";
        }
    }
    return all;
}

const std::string kAccepted =
    "; accepted: TOML in which each name is one thing: a value, a list or a table\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(reading_process)

const std::string kValid[] = {kStart, kComponent + kOrganization, kEverything, sample_settings()};

BOOST_DATA_TEST_CASE(all_settings_arrive_with_their_lines, bdata::make(kValid), toml)
{
    const NamedFile files;
    const std::string path = files.file(toml);
    const Settings here = read_settings(path).value();
    const Settings apart = read_apart(path).value();
    check_same(here, apart);
    BOOST_TEST((here.lines == apart.lines));
    BOOST_TEST(here.file == apart.file);
    BOOST_TEST(here.metrics_port == apart.metrics_port);
    BOOST_TEST(here.connection.stock_reads_per_second == apart.connection.stock_reads_per_second);
}

const std::string kInvalid[] = {
    "",
    kStart + "option = \"everyone\"\n[log]\nlevel = \"loud\"\n",
    kStart + "option = \n",
    kStart + "# caf\xe9\n",
    kStart + std::string("# \0\n", 4),
    kStart + "x = " + std::string(100'000, '['),
    kStart + "[limits]\napprovals_per_user_per_hour = " + std::string(100'000, '9') + "\n",
    kStart + "[limits]\napprovals_per_user_per_hour = 1e400\n",
    kStart + "x = 0x" + std::string(40, 'f') + "\n",
};

BOOST_DATA_TEST_CASE(all_errors_arrive, bdata::make(kInvalid), toml)
{
    const NamedFile files;
    const std::string path = files.file(toml);
    const auto here = read_settings(path);
    BOOST_REQUIRE(!here);
    BOOST_TEST(all_errors(read_apart(path)) == all_errors(here));
}

/// Of these toml11 3.7 or 4 dies, or may.
const std::string kDeadly[] = {
    "a = []\n[a.b]\n",
    kStart + "rule = []\n[organization.rule.spam]\nfrom = [\"*\"]\n",
    kStart + "rule = []\n[[organization.rule.spam]]\nfrom = [\"*\"]\n",
    "a = [1]\n[a.b]\n",
    "a = []\n[[a]]\nb = 1\n",
    "a = []\na.b = 1\n",
};

BOOST_DATA_TEST_CASE(what_ends_the_parser_is_an_error, bdata::make(kDeadly), toml)
{
    const NamedFile files;
    BOOST_TEST(all_errors(read_apart(files.file(toml))) != "");
}

BOOST_FIXTURE_TEST_CASE(what_is_no_file_does_not_block, NamedFile)
{
    const std::string fifo = (path / "fifo").string();
    BOOST_REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    for (const std::string& name :
         {fifo, path.string(), (path / "none").string(), std::string("/dev/zero")}) {
        BOOST_TEST(all_errors(read_apart(name)) == all_errors(read_settings(name)));
        BOOST_TEST(!read_apart(name).has_value());
    }
}

BOOST_FIXTURE_TEST_CASE(a_process_that_never_ends_is_ended, NamedFile)
{
    const std::string fifo = (path / "fifo").string();
    BOOST_REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    const auto read = read_settings_apart(
        fifo, {.program = "/bin/cat", .patience = std::chrono::milliseconds(20)});  // waits for a writer
    BOOST_TEST(all_errors(read) == fifo + ": found a file that took longer than 0 s to read" + kAccepted);
}

BOOST_FIXTURE_TEST_CASE(reading_can_be_stopped, NamedFile)
{
    const std::string fifo = (path / "fifo").string();
    BOOST_REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    std::array<int, 2> ends{};
    BOOST_REQUIRE(::pipe(ends.data()) == 0);
    ::close(ends[1]);
    const auto read = read_settings_apart(fifo, {.program = "/bin/cat", .stop = ends[0]});
    ::close(ends[0]);
    BOOST_TEST(all_errors(read) == fifo + ": found a file whose reading was stopped" + kAccepted);
}

BOOST_FIXTURE_TEST_CASE(what_a_process_says_is_not_believed_unless_it_is_whole, NamedFile)
{
    const std::string whole = to_lines(ReadSettings(valid(kEverything)));
    BOOST_TEST(read_lines(whole, "usher.toml").has_value());
    for (std::size_t size = 0; size + 1 < whole.size(); size += 7) {
        BOOST_TEST(!read_lines(whole.substr(0, size), "usher.toml").has_value(), size);
    }
    for (const char* const text : {"[]\n", "{}\n", "1\n", "{\"section\":1}\n", "{\"section\":\"rule\"}\n",
                                   "{\"section\":\"log\",\"values\":{\"level\":\"loud\"},\"lines\":{}}\n",
                                   "{\"section\":\"log\",\"values\":{},\"lines\":{\"level\":\"x\"}}\n",
                                   "{\"section\":\"log\",\"values\":{},\"lines\":{\"level\":3e53}}\n",
                                   "{\"section\":\"log\",\"values\":{},\"lines\":{},\"line\":4294967296}\n",
                                   "{\"accepted\":\"\",\"found\":\"\",\"key\":\"\",\"line\":-1}\n"}) {
        BOOST_TEST(!read_lines(text + std::string("{\"end\":true}\n"), "usher.toml").has_value(), text);
    }
    const std::string name = file(kStart);
    BOOST_TEST(all_errors(read_settings_apart(name, {.program = "/bin/cat"})) ==
               name + ": found something that the TOML parser does not finish (exit status 0)" + kAccepted);
    BOOST_TEST(all_errors(read_settings_apart(name, {.program = "/does/not/exist"})) ==
               name + ": found a file that no process could be started to read: No such file or directory" +
                   kAccepted);
}

BOOST_AUTO_TEST_SUITE_END()
