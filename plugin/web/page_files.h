// The files that the administration page is made of, read once.
#pragma once

#include <map>
#include <string>

#include <tl/expected.hpp>

namespace usher
{

struct PageFile {
    std::string type;  ///< as Content-Type has it
    std::string text;
};

/// By name, such as `page.css`; `index.html` is among them.
using PageFiles = std::map<std::string, PageFile, std::less<>>;

/// Where they were installed to.
[[nodiscard]] std::string installed_page_files();

/// All files of the folder with an extension that the page uses, and the library that draws its charts, as `chart.js`, where
/// that is installed: without it the page shows numbers only. The error is for people.
[[nodiscard]] tl::expected<PageFiles, std::string> read_page_files(const std::string& folder);

}  // namespace usher
