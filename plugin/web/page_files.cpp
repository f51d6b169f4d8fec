#include "plugin/web/page_files.h"

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "plugin/files/regular_file.h"

namespace usher
{

namespace
{

constexpr std::size_t kMaxBytes = 1024 * 1024;  // of one file
constexpr const char* kChart = "chart.js";

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes{{
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
}};

/// Empty if the page has no such files.
std::string type_of(const std::filesystem::path& file)
{
    for (const auto& [extension, type] : kTypes) {
        if (file.extension() == extension) {
            return std::string(type);
        }
    }
    return {};
}

}  // namespace

std::string installed_page_files()
{
    return USHER_PAGE_FILES;
}

tl::expected<PageFiles, std::string> read_page_files(const std::string& folder)
{
    PageFiles files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        std::string type = type_of(entry.path());
        if (type.empty()) {
            continue;
        }
        auto file = read_regular_file(entry.path(), kMaxBytes);
        if (!file || !file->whole) {
            return tl::unexpected(entry.path().string() + ": " + "found " +
                                  (file ? std::string("more than 1 MiB") : found_instead(file.error())));
        }
        files.emplace(entry.path().filename().string(), PageFile{std::move(type), std::move(file->text)});
    }
    if (error) {
        return tl::unexpected(folder + ": " + error.message());
    }
    if (!files.contains("index.html")) {
        return tl::unexpected(folder + ": found no index.html");
    }
    if (auto chart = read_regular_file(USHER_CHART_LIBRARY, kMaxBytes); chart && chart->whole) {
        files.emplace(kChart, PageFile{type_of(kChart), std::move(chart->text)});
    }
    return files;
}

}  // namespace usher
