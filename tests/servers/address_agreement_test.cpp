// Compares how Prosody's and ejabberd's own code and ours prepare the addresses of a generated corpus.
//
// Every address that we accept must have the form that each server gives it: otherwise two accounts of a
// server could be one for the policy. All other differences are listed here with their reasons. A difference
// that is not listed fails the test, and so does a listed one that no longer occurs.
#define BOOST_TEST_MODULE address_agreement
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <ostream>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "policy/address.h"
#include "temporary_directory.h"

using usher::Address;

namespace
{

// ---- the corpus ----------------------------------------------------------------------------------------

std::string utf8(UChar32 c)
{
    std::string bytes;
    return icu::UnicodeString(c).toUTF8String(bytes);
}

const std::string_view kSamples[] = {
    // case and normalisation
    "Amy@Corp.Example",
    "Stra\xc3\x9f"
    "e@corp.example",
    "\xef\xbc\xa1my@corp.example",
    "\xc4\xb0@corp.example",
    "i\xcc\x87@corp.example",
    "\xcf\x83\xcf\x82\xce\xa3@corp.example",
    "a\xcc\xa3\xcc\x87@corp.example",
    "a\xcc\x87\xcc\xa3@corp.example",
    "\xef\xac\x83@corp.example",
    "amy@B\xc3\x9c"
    "CHER.example",
    "amy@b\xc3\xbc"
    "cher.example",
    "amy@xn--bcher-kva.example",
    "amy@XN--BCHER-KVA.example",
    "amy@fa\xc3\x9f.example",
    "amy@corp\xe3\x80\x82"
    "example",
    "amy@corp\xef\xbc\x8e"
    "example",
    "\xe1\x84\x80\xe1\x85\xa1@corp.example",
    // separators, in the text and made by preparation
    "a@b@corp.example",
    "a/b@corp.example",
    "amy@corp.example/a@b/c",
    "a\xef\xbc\xa0"
    "b@corp.example",
    "a\xef\xbc\x8f"
    "b@corp.example",
    "amy@corp.example\xef\xbc\x8f"
    "x",
    "amy@corp\xef\xbc\xa0"
    "example",
    "amy@a\xe2\x84\x80.example",
    "amy@a\xe2\x84\x85.example",
    // parts that are empty, before or after preparation
    "",
    "@",
    "amy",
    "amy@",
    "@corp.example",
    "amy@/x",
    "amy@corp.example/",
    "/x",
    "\xc2\xad@corp.example",
    "amy@\xe2\x81\xa0",
    "amy@corp.example/\xc2\xad",
    "amy@.",
    "amy@..",
    "amy@corp..example",
    "amy@.corp.example",
    "amy@corp.example.",
    "amy@corp.example..",
    "amy@b\xc3\xbc"
    "cher.example.",
    "amy@corp.example\xef\xbc\x8e",
    "amy@x\xe2\x92\x89",
    "amy@corp.example./x",
    // prohibited
    "a my@corp.example",
    "a\"my@corp.example",
    "a&my@corp.example",
    "a'my@corp.example",
    "a:my@corp.example",
    "a<my@corp.example",
    "a>my@corp.example",
    "a\\20my@corp.example",
    "a\xc2\xa0"
    "b@corp.example",
    "amy@corp\xc2\xa0"
    "x.example",
    "amy@corp x.example",
    "amy@corp.example/\x01",
    "amy@[::1]",
    "amy@127.0.0.1",
    "\xd7\x90"
    "a@corp.example",
    "\xd7\x90\xd7\x91@corp.example",
    "1\xd7\x90@corp.example",
    // prepared differently by the two servers
    "\xe3\x8f\x86@corp.example",
    "amy@\xe3\x8f\x86.example",
    "a\xcd\x80\xcc\x95\xcc\xa8@corp.example",
    "a\xcc\xa8\xcc\x95\xcd\x80@corp.example",
    "amy@a\xcc\x88\xcc\x81\xd6\x9a.example",
    "\xe1\xbe\x82\xd6\x9a\xcc\xa8@corp.example",
    // not UTF-8
    "a\xff"
    "b@corp.example",
    "a\xc0\xaf"
    "b@corp.example",
    "a\xe0\x80\xaf@corp.example",
    "a\xed\xa0\x80@corp.example",
    "a\xf4\x90\x80\x80@corp.example",
    "a\xe2\x82@corp.example",
    "amy@corp.exampl\xc3",
    "amy@corp.\x80.example",
    "amy@corp.example/\xff",
};

/// Ranges of characters that preparation changes, and plain letters between.
constexpr std::pair<UChar32, UChar32> kRanges[] = {
    {0x01, 0x7f},       {0x80, 0x24f},      {0x300, 0x36f},     {0x370, 0x5ff},   {0x591, 0x5c4},
    {0x600, 0x6ff},     {0x64b, 0x655},     {0x900, 0x97f},     {0xe00, 0xe7f},   {0xf71, 0xf84},
    {0x1100, 0x11ff},   {0x1e00, 0x1fff},   {0x2000, 0x218f},   {0x20d0, 0x20e4}, {0x2460, 0x24ff},
    {0x3000, 0x33ff},   {0x4e00, 0x9fff},   {0xac00, 0xd7a3},   {0xf900, 0xffff}, {0x10400, 0x1044f},
    {0x1d15e, 0x1d1c0}, {0x1d400, 0x1d7ff}, {0x2f800, 0x2fa1d}, {0x61, 0x7a},     {0x300, 0x345},
};

std::string random_word(std::mt19937& random)
{
    std::string word;
    const bool plain = random() % 2 == 0;
    for (auto length = 1 + random() % 6; length > 0; --length) {
        if (plain && random() % 2 == 0) {
            word += "aBc.@/ "[random() % 7];
        } else {
            const auto [first, last] = kRanges[random() % std::size(kRanges)];
            word += utf8(first + static_cast<UChar32>(random() % static_cast<unsigned>(last - first + 1)));
        }
    }
    return word;
}

std::vector<std::string> generated_corpus()
{
    std::vector<std::string> corpus(std::begin(kSamples), std::end(kSamples));
    for (UChar32 c = 1; c <= 0xffff; ++c) {
        if (!U_IS_SURROGATE(c)) {
            corpus.push_back("a" + utf8(c) + "b@corp.example");
            corpus.push_back("amy@a" + utf8(c) + "b.example");
        }
    }
    for (const std::size_t length : {1022, 1023, 1024}) {
        for (const std::string letter :
             {"a", "\xc3\xa9", "\xc8\xba", "\xef\xac\x83"}) {  // the last two change length
            std::string part;
            while (part.size() + letter.size() <= length) {
                part += letter;
            }
            part.append(length - part.size(), 'x');
            corpus.push_back(part + "@corp.example");
            corpus.push_back("amy@" + part);
            corpus.push_back("amy@corp.example/" + part);
        }
    }
    std::mt19937 random(6122);
    for (int i = 0; i < 10'000; ++i) {
        corpus.push_back(random_word(random) + "@corp.example");
        corpus.push_back("amy@a" + random_word(random) + "b.example");
        corpus.push_back(random_word(random) + "@" + random_word(random) + "/" + random_word(random));
    }
    for (int i = 0; i < 5'000; ++i) {
        std::string bytes = "amy@corp.example";
        for (auto n = 1 + random() % 4; n > 0; --n) {
            bytes.insert(random() % bytes.size(), 1, static_cast<char>(1 + random() % 255));
        }
        corpus.push_back(bytes);
    }
    return corpus;
}

// ---- the three views -----------------------------------------------------------------------------------

using Prepared = std::optional<std::string>;

std::string hexadecimal(std::string_view bytes)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

std::string from_hexadecimal(const std::string& text)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

/// The output of `program` for each line of the corpus; it reads and writes hexadecimal.
std::vector<Prepared> prepared_by(const std::string& program, const std::vector<std::string>& corpus)
{
    const usher::test::TemporaryDirectory directory;
    const std::string in = directory.path() / "in";
    const std::string out = directory.path() / "out";
    std::ofstream file(in);
    for (const std::string& address : corpus) {
        file << hexadecimal(address) << '\n';
    }
    file.close();
    if (std::system((program + " < " + in + " > " + out).c_str()) != 0) {
        throw std::runtime_error(program + " failed");
    }
    std::vector<Prepared> all;
    std::ifstream results(out);
    for (std::string line; std::getline(results, line);) {
        all.push_back(line == "-" ? Prepared() : Prepared(from_hexadecimal(line)));
    }
    if (all.size() != corpus.size()) {
        throw std::runtime_error(program + " answered " + std::to_string(all.size()) + " of " +
                                 std::to_string(corpus.size()));
    }
    return all;
}

struct View {
    std::string address;
    Prepared ours;
    Prepared prosody;
    Prepared ejabberd;
};

std::ostream& operator<<(std::ostream& out, const Prepared& prepared)
{
    return prepared ? out << '"' << *prepared << "\" (" << hexadecimal(*prepared) << ')' : out << "refuses";
}

std::ostream& operator<<(std::ostream& out, const View& view)
{
    return out << '"' << view.address << "\" (" << hexadecimal(view.address) << "): ours " << view.ours
               << ", Prosody " << view.prosody << ", ejabberd " << view.ejabberd;
}

const std::vector<View>& views()
{
    static const std::vector<View> all = [] {
        const std::vector<std::string> corpus = generated_corpus();
        const auto prosody = prepared_by(USHER_PROSODY_ADDRESSES, corpus);
        const auto ejabberd = prepared_by(USHER_EJABBERD_ADDRESSES, corpus);
        std::vector<View> result;
        for (std::size_t i = 0; i < corpus.size(); ++i) {
            const auto ours = Address::prepare(corpus[i]);
            result.push_back(
                {corpus[i], ours ? Prepared(ours->text()) : Prepared(), prosody[i], ejabberd[i]});
        }
        return result;
    }();
    return all;
}

// ---- kinds of difference -------------------------------------------------------------------------------

std::string_view domain_of(std::string_view address)
{
    return address.substr(std::min(address.find('@'), address.size() - 1) + 1);
}

std::string_view domain_as_written(std::string_view address)
{
    return domain_of(address.substr(0, address.find('/')));
}

std::vector<UChar32> code_points(const icu::UnicodeString& text)
{
    std::vector<UChar32> all;
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        all.push_back(text.char32At(i));
    }
    return all;
}

icu::UnicodeString unicode(std::string_view text)
{
    return icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
}

/// True if a server accepts the address and `is` holds for its prepared form.
template <typename Predicate>
bool of_a_server(const View& view, Predicate is)
{
    return (view.prosody && is(*view.prosody)) || (view.ejabberd && is(*view.ejabberd));
}

bool space_or_control_in_domain(const View& view)
{
    return of_a_server(view, [](std::string_view text) {
        const std::string_view domain = domain_of(text);
        return std::any_of(domain.begin(), domain.end(),
                           [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
    });
}

bool separator_made_in_domain(const View& view)
{
    return of_a_server(view, [](std::string_view text) {
        return domain_of(text).find_first_of("@/") != std::string_view::npos;
    });
}

bool final_dot(const View& view)
{
    return domain_as_written(view.address).ends_with('.') ||
           of_a_server(view, [](std::string_view text) { return text.ends_with('.'); });
}

bool another_way_to_write_a_domain(const View& view)
{
    return of_a_server(view, [](std::string_view text) {
        const std::string labels = "." + std::string(domain_of(text));
        return labels.find(".xn--") != std::string::npos || labels.find("\xe3\x80\x82") != std::string::npos;
    });
}

bool u33c6(const View& view)
{
    return view.address.find("\xe3\x8f\x86") != std::string::npos;
}

bool heap_of_marks(const View& view)
{
    return of_a_server(view, [](std::string_view text) {
        UErrorCode error = U_ZERO_ERROR;
        const auto* nfd = icu::Normalizer2::getNFDInstance(error);
        std::vector<int> heap;
        for (const UChar32 c : code_points(nfd->normalize(unicode(text), error))) {
            const int combining = u_getCombiningClass(c);
            if (combining == 0) {
                heap.clear();
                continue;
            }
            heap.push_back(combining);
            if (heap.size() >= 3 && heap.front() != heap.back()) {
                return true;
            }
        }
        return false;
    });
}

/// The servers' results have no resource; we refuse a resource of which preparation leaves nothing.
bool ignored_resource(std::string_view address)
{
    const std::size_t slash = address.find('/');
    const std::string_view resource = address.substr(std::min(slash, address.size() - 1) + 1);
    const auto characters = code_points(unicode(resource));
    return !characters.empty() && std::all_of(characters.begin(), characters.end(), [](UChar32 c) {
        return u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
    });
}

bool nothing_left(const View& view)
{
    return ignored_resource(view.address) || of_a_server(view, [](std::string_view text) {
               return text.starts_with('@') || text.ends_with('@');
           });
}

bool unassigned_in_unicode_3_2(const View& view)
{
    const auto characters = code_points(unicode(view.address));
    return std::any_of(characters.begin(), characters.end(), [](UChar32 c) {
        UVersionInfo age{};
        u_charAge(c, age);
        return age[0] == 0 || age[0] > 3 || (age[0] == 3 && age[1] > 2);
    });
}

bool empty_label(const View& view)
{
    const std::string_view domain = domain_of(*view.ours);
    return domain.starts_with('.') || domain.find("..") != std::string_view::npos;
}

struct Kind {
    const char* reason;
    bool (*is)(const View&);
};

/// We refuse what a server accepts.
const Kind kRefused[] = {
    {"space or control character in a domain: Nameprep lets it pass; no host has one",
     space_or_control_in_domain},
    {"separator that Nameprep made of another character, such as U+2105 or U+FF0F", separator_made_in_domain},
    {"final dot: Prosody drops it, ejabberd keeps it as part of another domain", final_dot},
    {"U+33C6: ejabberd's tables lack its folding", u33c6},
    {"three marks of different classes on a letter: ejabberd orders them wrongly", heap_of_marks},
    {"part of which preparation leaves nothing: RFC 6122 section 2.1 wants one byte at least", nothing_left},
    {"A-label or U+3002: another way to write a domain that has a prepared form",
     another_way_to_write_a_domain},
};

/// We accept what a server refuses.
const Kind kAccepted[] = {
    {"unassigned in Unicode 3.2: Prosody lets it pass, ejabberd does not", unassigned_in_unicode_3_2},
    {"empty label: Prosody lets it pass, ejabberd does not", empty_label},
};

/// Both servers accept it and prepare it differently.
const Kind kServersDiffer[] = {kRefused[2], kRefused[3], kRefused[4]};

template <std::size_t size, typename Predicate>
void check_kinds(const Kind (&kinds)[size], Predicate differs)
{
    std::map<std::string_view, int> counts;
    int unexplained = 0;
    for (const View& view : views()) {
        if (!differs(view)) {
            continue;
        }
        const auto kind =
            std::find_if(std::begin(kinds), std::end(kinds), [&](const Kind& k) { return k.is(view); });
        if (kind != std::end(kinds)) {
            ++counts[kind->reason];
        } else if (++unexplained <= 20) {
            BOOST_ERROR(view);
        }
    }
    BOOST_TEST(unexplained == 0);
    for (const Kind& kind : kinds) {
        BOOST_TEST_MESSAGE(counts[kind.reason] << "  " << kind.reason);
        BOOST_TEST(counts[kind.reason] > 0, "does not occur any more: " << kind.reason);
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_accepted_has_the_form_that_each_server_gives_it)
{
    int accepted = 0;
    for (const View& view : views()) {
        if (view.ours) {
            ++accepted;
            BOOST_TEST((!view.prosody || *view.prosody == *view.ours), view);
            BOOST_TEST((!view.ejabberd || *view.ejabberd == *view.ours), view);
        }
    }
    BOOST_TEST_MESSAGE(accepted << " of " << views().size() << " accepted");
    BOOST_TEST(accepted > 50'000);
}

BOOST_AUTO_TEST_CASE(nothing_is_accepted_that_neither_server_accepts)
{
    for (const View& view : views()) {
        BOOST_TEST((!view.ours || view.prosody || view.ejabberd), view);
    }
}

BOOST_AUTO_TEST_CASE(what_a_server_accepts_is_refused_for_known_reasons_only)
{
    check_kinds(kRefused, [](const View& view) { return !view.ours && (view.prosody || view.ejabberd); });
}

BOOST_AUTO_TEST_CASE(what_a_server_refuses_is_accepted_for_known_reasons_only)
{
    check_kinds(kAccepted, [](const View& view) { return view.ours && !(view.prosody && view.ejabberd); });
}

BOOST_AUTO_TEST_CASE(servers_prepare_an_address_differently_in_known_cases_only)
{
    check_kinds(kServersDiffer, [](const View& view) {
        return view.prosody && view.ejabberd && *view.prosody != *view.ejabberd;
    });
}

BOOST_AUTO_TEST_CASE(preparing_again_changes_nothing)
{
    for (const View& view : views()) {
        if (view.ours) {
            const auto again = Address::prepare(*view.ours);
            BOOST_TEST((again && again->text() == *view.ours), view);
        }
    }
}
