// Text as it is compared in search: "Müller", "MULLER" and "Ｍｕｌｌｅｒ" are one word.
//
// By ICU: compatibility decomposition, case folding, no combining marks; and a few letters that Unicode does not decompose
// but people do, such as ø and ł.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/people/person.h"

namespace usher
{

/// What somebody searches for: words, of which the longest has at least two letters.
class SearchWords
{
  public:
    /// Of a longer text only so much is read.
    static constexpr std::size_t kMaxBytes = 256;

    /// Reads what somebody has typed. There are no wildcards: signs only separate words. A word with an @ is the beginning of
    /// an address. Empty if no word has two letters.
    [[nodiscard]] static std::optional<SearchWords> read(std::string_view text);

    /// Folded, the longest one first; at least one, none twice.
    [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

  private:
    explicit SearchWords(std::vector<std::string> words) : words_(std::move(words)) {}

    std::vector<std::string> words_;
};

/// The words of a text, folded: what stands between anything but letters and digits. Of what is not UTF-8 nothing is read.
[[nodiscard]] std::vector<std::string> folded_words(std::string_view text);

/// What a person can be found by: the words of their names, of the local parts of their address and email address, and both
/// addresses as a whole. None twice.
[[nodiscard]] std::vector<std::string> words_of(const Person& person);

/// The text as it may be shown to others: in one line, without control and bidirectional characters and what is not UTF-8,
/// cut to 256 bytes at a character's end.
[[nodiscard]] std::string shown_text(std::string_view text);

}  // namespace usher
