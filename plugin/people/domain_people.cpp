#include "plugin/people/domain_people.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace usher
{

namespace
{

constexpr std::size_t kMaxInBlock = 256;

std::string folded_record(const Person& person)
{
    std::string record;
    for (const std::string& word : words_of(person)) {
        record += ' ' + word;
    }
    return record + " \n";
}

std::string shown_record(const Person& person)
{
    std::string record = person.address.text() + '\n';
    for (const std::string* field :
         {&person.full_name, &person.given_name, &person.family_name, &person.nickname, &person.email}) {
        record += *field + '\n';
    }
    return record;
}

Person with_shown_fields(const Person& person)
{
    return {person.address,
            shown_text(person.full_name),
            shown_text(person.given_name),
            shown_text(person.family_name),
            shown_text(person.nickname),
            shown_text(person.email)};
}

/// How a word is found in a record.
enum class Match { none, begins, whole };

/// How `needle` (search_block()) is found in a record.
Match match(std::string_view record, std::string_view needle)
{
    Match best = Match::none;
    for (auto at = record.find(needle); at != std::string_view::npos; at = record.find(needle, at + 1)) {
        if (needle.back() == ' ' || record[at + needle.size()] == ' ') {
            return Match::whole;
        }
        best = Match::begins;
    }
    return best;
}

/// The worst of all words'.
Match match_all(std::string_view record, const std::vector<std::string>& needles)
{
    Match worst = Match::whole;
    for (const std::string& needle : needles) {
        worst = std::min(worst, match(record, needle));
        if (worst == Match::none) {
            break;
        }
    }
    return worst;
}

/// Where `needle` stands in `text`, from `at` on. glibc's is several times as fast as the standard library's, which tries
/// every space.
std::size_t find_in(const std::string& text, std::string_view needle, std::size_t at)
{
    const void* found = memmem(text.data() + at, text.size() - at, needle.data(), needle.size());
    return found == nullptr ? std::string::npos
                            : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::vector<std::string> needles_for(const SearchWords& words, std::string_view end)
{
    std::vector<std::string> needles;
    for (const std::string& word : words.words()) {
        needles.push_back(' ' + word);
        needles.back() += end;
    }
    return needles;
}

}  // namespace

// --- One block

std::string_view DomainPeople::Block::address_of(std::size_t index) const
{
    const std::string_view record = std::string_view(shown).substr(begin_of(index).shown);
    return record.substr(0, record.find('\n'));
}

std::string_view DomainPeople::Block::folded_of(std::size_t index) const
{
    const std::uint32_t begin = begin_of(index).folded;
    return std::string_view(folded).substr(begin, ends[index].folded - begin);
}

std::size_t DomainPeople::Block::lower_bound(std::string_view address) const
{
    std::size_t first = 0;
    std::size_t count = ends.size();
    while (count > 0) {
        const std::size_t half = count / 2;
        if (address_of(first + half) < address) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return first;
}

void DomainPeople::Block::insert(std::size_t index, std::string_view folded_text, std::string_view shown_text)
{
    Ends end = begin_of(index);
    folded.insert(end.folded, folded_text);
    shown.insert(end.shown, shown_text);
    const auto folded_size = static_cast<std::uint32_t>(folded_text.size());
    const auto shown_size = static_cast<std::uint32_t>(shown_text.size());
    end.folded += folded_size;
    end.shown += shown_size;
    ends.insert(ends.begin() + static_cast<std::ptrdiff_t>(index), end);
    for (std::size_t i = index + 1; i < ends.size(); ++i) {
        ends[i].folded += folded_size;
        ends[i].shown += shown_size;
    }
}

void DomainPeople::Block::erase(std::size_t index)
{
    const Ends begin = begin_of(index);
    const Ends size{ends[index].folded - begin.folded, ends[index].shown - begin.shown};
    folded.erase(begin.folded, size.folded);
    shown.erase(begin.shown, size.shown);
    ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(index));
    for (std::size_t i = index; i < ends.size(); ++i) {
        ends[i].folded -= size.folded;
        ends[i].shown -= size.shown;
    }
}

DomainPeople::Block DomainPeople::Block::split(std::size_t index)
{
    const Ends begin = begin_of(index);
    Block rest{folded.substr(begin.folded), shown.substr(begin.shown), {}};
    for (std::size_t i = index; i < ends.size(); ++i) {
        rest.ends.push_back({ends[i].folded - begin.folded, ends[i].shown - begin.shown});
    }
    folded.resize(begin.folded);
    shown.resize(begin.shown);
    ends.resize(index);
    release_spare_memory();
    return rest;
}

void DomainPeople::Block::release_spare_memory()
{
    folded.shrink_to_fit();
    shown.shrink_to_fit();
    ends.shrink_to_fit();
}

// --- All of them

std::size_t DomainPeople::block_for(std::string_view address) const
{
    const auto behind =
        std::upper_bound(blocks_.begin(), blocks_.end(), address,
                         [](std::string_view one, const Block& block) { return one < block.address_of(0); });
    return behind == blocks_.begin() ? 0 : static_cast<std::size_t>(behind - blocks_.begin() - 1);
}

void DomainPeople::put(const Person& person)
{
    const Person shown = with_shown_fields(person);
    const std::string_view address = shown.address.text();
    if (blocks_.empty()) {
        blocks_.emplace_back();
    }
    std::size_t number = blocks_.size() == 1 && blocks_[0].ends.empty() ? 0 : block_for(address);
    std::size_t index = blocks_[number].lower_bound(address);
    if (index < blocks_[number].ends.size() && blocks_[number].address_of(index) == address) {
        blocks_[number].erase(index);
    } else if (blocks_[number].ends.size() == kMaxInBlock) {
        // Where people come in order, blocks are filled to the end; otherwise two halves have room for more.
        const std::size_t at = index == kMaxInBlock ? index : kMaxInBlock / 2;
        Block rest = blocks_[number].split(at);
        blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(number) + 1, std::move(rest));
        if (index >= at) {
            ++number;
            index -= at;
        }
    }
    blocks_[number].insert(index, folded_record(shown), shown_record(shown));
}

void DomainPeople::remove(const Address& user)
{
    const auto place = place_of(user.text());
    if (!place) {
        return;
    }
    Block& block = blocks_[place->block];
    block.erase(place->index);
    if (block.ends.empty()) {
        blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(place->block));
    }
}

std::optional<DomainPeople::Place> DomainPeople::place_of(std::string_view address) const
{
    if (blocks_.empty()) {
        return std::nullopt;
    }
    const std::size_t number = block_for(address);
    const Block& block = blocks_[number];
    const std::size_t index = block.lower_bound(address);
    if (index == block.ends.size() || block.address_of(index) != address) {
        return std::nullopt;
    }
    return Place{number, index};
}

std::size_t DomainPeople::size() const
{
    std::size_t count = 0;
    for (const Block& block : blocks_) {
        count += block.ends.size();
    }
    return count;
}

void DomainPeople::visit_addresses(const std::function<void(std::string_view address)>& visit) const
{
    for (const Block& block : blocks_) {
        for (std::size_t index = 0; index < block.ends.size(); ++index) {
            visit(block.address_of(index));
        }
    }
}

std::size_t DomainPeople::bytes() const
{
    std::size_t bytes = blocks_.capacity() * sizeof(Block);
    for (const Block& block : blocks_) {
        bytes += block.folded.capacity() + block.shown.capacity() + block.ends.capacity() * sizeof(Ends);
    }
    return bytes;
}

void DomainPeople::search(const SearchWords& words, const Visit& visit) const
{
    const std::vector<std::string> beginnings = needles_for(words, "");
    const std::vector<std::string> whole_words = needles_for(words, " ");
    Wanted wanted = Wanted::all;
    for (std::size_t number = 0; number < blocks_.size() && wanted != Wanted::nobody; ++number) {
        wanted = search_block(number, wanted == Wanted::all ? beginnings : whole_words, wanted, visit);
    }
}

DomainPeople::Wanted DomainPeople::search_block(std::size_t number, const std::vector<std::string>& needles,
                                                Wanted wanted, const Visit& visit) const
{
    const Block& block = blocks_[number];
    std::size_t at = find_in(block.folded, needles.front(), 0);
    while (at != std::string::npos) {
        const auto of = std::upper_bound(block.ends.begin(), block.ends.end(), at,
                                         [](std::size_t one, const Ends& ends) { return one < ends.folded; });
        const auto index = static_cast<std::size_t>(of - block.ends.begin());
        const Match found = match_all(block.folded_of(index), needles);
        if (found != Match::none) {
            wanted = visit({number, index}, block.address_of(index), found == Match::whole);
            if (wanted == Wanted::nobody) {
                break;
            }
        }
        at = find_in(block.folded, needles.front(), of->folded);
    }
    return wanted;
}

Person DomainPeople::at(const Place& place) const
{
    const Block& block = blocks_[place.block];
    std::string_view rest = std::string_view(block.shown).substr(block.begin_of(place.index).shown);
    std::array<std::string, 6> fields;
    for (std::string& field : fields) {
        const std::size_t end = rest.find('\n');
        field = rest.substr(0, end);
        rest.remove_prefix(end + 1);
    }
    // It was prepared when it came here.
    return {Address::prepare(fields[0]).value(), fields[1], fields[2], fields[3], fields[4], fields[5]};
}

}  // namespace usher
