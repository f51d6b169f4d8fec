#include "plugin/people/search_words.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "plugin/text/utf8.h"

namespace usher
{

namespace
{

const icu::Normalizer2& normalizer(const icu::Normalizer2* (*get)(UErrorCode&))
{
    UErrorCode error = U_ZERO_ERROR;
    const icu::Normalizer2* found = get(error);
    if (U_FAILURE(error) != 0) {
        throw std::runtime_error(std::string("ICU: ") + u_errorName(error));
    }
    return *found;
}

/// What people write for letters that Unicode does not decompose.
std::string_view written_otherwise(UChar32 c)
{
    static constexpr std::array<std::pair<UChar32, std::string_view>, 10> kLetters{{
        {U'æ', "ae"},
        {U'ð', "d"},
        {U'ø', "o"},
        {U'þ', "th"},
        {U'đ', "d"},
        {U'ħ', "h"},
        {U'ı', "i"},
        {U'ł', "l"},
        {U'œ', "oe"},
        {U'ŧ', "t"},
    }};
    const auto* const found =
        std::find_if(kLetters.begin(), kLetters.end(), [c](const auto& letter) { return letter.first == c; });
    return found == kLetters.end() ? std::string_view() : found->second;
}

bool is_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string lower_ascii(std::string_view text)
{
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

/// The whole text folded, with whatever stands between its words. U+FFFD stands for what is not UTF-8.
std::string folded(std::string_view text)
{
    if (is_ascii(text)) {
        return lower_ascii(text);
    }
    static const icu::Normalizer2& case_fold = normalizer(icu::Normalizer2::getNFKCCasefoldInstance);
    static const icu::Normalizer2& decompose = normalizer(icu::Normalizer2::getNFKDInstance);
    UErrorCode error = U_ZERO_ERROR;
    const icu::UnicodeString letters = decompose.normalize(
        case_fold.normalize(
            icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), error),
        error);
    if (U_FAILURE(error) != 0) {
        throw std::runtime_error(std::string("ICU: ") + u_errorName(error));
    }
    std::string out;
    for (std::int32_t i = 0; i < letters.length(); i = letters.moveIndex32(i, 1)) {
        const UChar32 c = letters.char32At(i);
        if (u_charType(c) == U_NON_SPACING_MARK || u_charType(c) == U_ENCLOSING_MARK) {
            continue;
        }
        if (const std::string_view otherwise = written_otherwise(c); !otherwise.empty()) {
            out += otherwise;
        } else {
            icu::UnicodeString(c).toUTF8String(out);
        }
    }
    return out;
}

/// Combining marks that take space of their own are parts of words, as Indian vowels are.
bool is_of_word(UChar32 c)
{
    return u_isalnum(c) != 0 || u_charType(c) == U_COMBINING_SPACING_MARK;
}

void append_words(std::vector<std::string>& words, std::string_view folded_text)
{
    bool within = false;
    for (std::size_t at = 0; at < folded_text.size();) {
        const std::size_t begin = at;
        const UChar32 c = next_character(folded_text, at);
        if (c < 0 || !is_of_word(c)) {
            within = false;
            continue;
        }
        if (!within) {
            words.emplace_back();
        }
        words.back() += folded_text.substr(begin, at - begin);
        within = true;
    }
}

void remove_repeated(std::vector<std::string>& words)
{
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
}

/// An address, folded, without what separates people and words in the index.
std::string folded_address(std::string_view address)
{
    std::string one_word = folded(address);
    std::erase_if(one_word, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
    return one_word;
}

std::size_t letters_in(std::string_view word)
{
    return static_cast<std::size_t>(
        std::count_if(word.begin(), word.end(), [](char c) { return !is_continuation(c); }));
}

/// As many bytes as `most`, or fewer, so that no character is cut.
std::string_view cut(std::string_view text, std::size_t most)
{
    if (text.size() <= most) {
        return text;
    }
    while (most > 0 && is_continuation(text[most])) {
        --most;
    }
    return text.substr(0, most);
}

bool can_be_shown(UChar32 c)
{
    const auto type = u_charType(c);
    return c >= 0 && type != U_CONTROL_CHAR && type != U_LINE_SEPARATOR && type != U_PARAGRAPH_SEPARATOR &&
           u_hasBinaryProperty(c, UCHAR_BIDI_CONTROL) == 0;
}

}  // namespace

std::optional<SearchWords> SearchWords::read(std::string_view text)
{
    constexpr std::size_t kFewestLetters = 2;
    std::vector<std::string> words;
    std::string rest;
    const std::string all = folded(cut(text, kMaxBytes));
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = std::min(all.find_first_of(" \t\r\n", at), all.size());
        const std::string_view piece = std::string_view(all).substr(at, end - at);
        if (piece.find('@') != std::string_view::npos && piece.front() != '@') {
            words.push_back(folded_address(piece));
        } else {
            append_words(words, piece);
        }
        at = end + 1;
    }
    remove_repeated(words);
    std::stable_sort(words.begin(), words.end(), [](const std::string& a, const std::string& b) {
        return letters_in(a) > letters_in(b);
    });
    if (words.empty() || letters_in(words.front()) < kFewestLetters) {
        return std::nullopt;
    }
    return SearchWords(std::move(words));
}

std::vector<std::string> folded_words(std::string_view text)
{
    std::vector<std::string> words;
    append_words(words, folded(text));
    return words;
}

std::vector<std::string> words_of(const Person& person)
{
    std::vector<std::string> words;
    for (const std::string* name :
         {&person.full_name, &person.given_name, &person.family_name, &person.nickname}) {
        append_words(words, folded(*name));
    }
    for (const std::string* address : {&person.address.text(), &person.email}) {
        const std::string whole = folded_address(*address);
        if (whole.empty()) {
            continue;
        }
        append_words(words, std::string_view(whole).substr(0, whole.find('@')));
        words.push_back(whole);
    }
    remove_repeated(words);
    return words;
}

std::string shown_text(std::string_view text)
{
    std::string shown;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        if (can_be_shown(next_character(text, at))) {
            shown += text.substr(begin, at - begin);
        }
    }
    return std::string(cut(shown, Person::kMaxField));
}

}  // namespace usher
