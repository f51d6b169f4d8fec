// The people of one domain, in little memory: 100,000 take about 20 MB.
//
// In blocks of some hundred people, sorted by address. The words of a block's people are one text, which is searched as a
// whole; so are the fields that are shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/people/person.h"
#include "plugin/people/search_words.h"

namespace usher
{

class DomainPeople
{
  public:
    /// Adds the person, or has what is known of them now in place of what was. Fields are kept without what cannot be
    /// shown (`shown_text`). Quickest in the order of addresses. All people are to be of one domain.
    void put(const Person& person);
    void remove(const Address& user);

    [[nodiscard]] std::size_t size() const;
    /// Calls `visit` with everybody's address, in their order. The people must not change meanwhile.
    void visit_addresses(const std::function<void(std::string_view address)>& visit) const;
    /// Bytes of memory in use, about.
    [[nodiscard]] std::size_t bytes() const;

    /// Where somebody is found. Valid until the people change.
    struct Place {
        std::size_t block = 0;
        std::size_t index = 0;
    };
    /// Who is still looked for.
    enum class Wanted {
        all,
        whole,  ///< those in whom all are whole words; others may come, too
        nobody,
    };
    /// Calls `visit` with whoever has words that begin with all of `words`, in the order of addresses, as long as it returns
    /// that somebody is wanted. `whole`: all of them are whole words.
    using Visit = std::function<Wanted(const Place& place, std::string_view address, bool whole)>;
    void search(const SearchWords& words, const Visit& visit) const;
    /// Nothing if nobody has that address.
    [[nodiscard]] std::optional<Place> place_of(std::string_view address) const;
    [[nodiscard]] Person at(const Place& place) const;

  private:
    struct Ends {
        std::uint32_t folded = 0;
        std::uint32_t shown = 0;
    };
    struct Block {
        std::string folded;      // of each person, in one text: " word word word \n"
        std::string shown;       // the same: "address\nfull name\n...\n"
        std::vector<Ends> ends;  // where what is of a person ends

        [[nodiscard]] Ends begin_of(std::size_t index) const { return index == 0 ? Ends{} : ends[index - 1]; }
        [[nodiscard]] std::string_view address_of(std::size_t index) const;
        [[nodiscard]] std::string_view folded_of(std::size_t index) const;
        /// The first whose address is not before this one.
        [[nodiscard]] std::size_t lower_bound(std::string_view address) const;
        void insert(std::size_t index, std::string_view folded_text, std::string_view shown_text);
        void erase(std::size_t index);
        /// Moves the people from `index` on to a block of their own.
        [[nodiscard]] Block split(std::size_t index);
        void release_spare_memory();
    };

    /// The block that has, or is to have, this address. There must be a block.
    [[nodiscard]] std::size_t block_for(std::string_view address) const;
    /// Returns what `visit` did last, or `wanted`. A needle is a space and the beginning of a word, or all of it and a space.
    Wanted search_block(std::size_t number, const std::vector<std::string>& needles, Wanted wanted,
                        const Visit& visit) const;

    std::vector<Block> blocks_;  // sorted by address; none is empty
};

}  // namespace usher
