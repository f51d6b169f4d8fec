// What of a folder is served.
#include "plugin/web/page_files.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "temporary_directory.h"

namespace usher
{

BOOST_AUTO_TEST_SUITE(page_files)

BOOST_AUTO_TEST_CASE(files_with_a_known_extension_are_read_and_no_others)
{
    const test::TemporaryDirectory directory;
    std::ofstream(directory.path() / "index.html") << "<!doctype html>";
    std::ofstream(directory.path() / "page.css") << "body {}";
    std::ofstream(directory.path() / "secret.toml") << "password";
    std::ofstream(directory.path() / "page.js~") << "old";
    const PageFiles files = read_page_files(directory.path()).value();
    BOOST_TEST(files.at("index.html").text == "<!doctype html>");
    BOOST_TEST(files.at("index.html").type == "text/html; charset=utf-8");
    BOOST_TEST(files.at("page.css").type == "text/css; charset=utf-8");
    BOOST_TEST(!files.contains("secret.toml"));
    BOOST_TEST(!files.contains("page.js~"));
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named)
{
    const test::TemporaryDirectory directory;
    const std::string folder = directory.path();
    BOOST_TEST(read_page_files(folder).error() == folder + ": found no index.html");
    BOOST_TEST(read_page_files(folder + "/none").error() == folder + "/none: No such file or directory");
    std::filesystem::create_directory(directory.path() / "page.css");
    BOOST_TEST(read_page_files(folder).error() == folder + "/page.css: found a directory");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
