// Mutates XML by the attributes of its elements: what libFuzzer changes byte by byte is seldom an element any more.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace
{

constexpr std::array<std::string_view, 16> kNames = {
    "xml:lang",  "xmlns", "id",      "type", "from",         "to",  "node", "action",
    "sessionid", "var",   "contact", "jid",  "subscription", "ask", "user", "ask-back"};
constexpr std::array<std::string_view, 28> kValues = {"en",
                                                      "en-GB",
                                                      "de",
                                                      "execute",
                                                      "next",
                                                      "prev",
                                                      "complete",
                                                      "cancel",
                                                      "submit",
                                                      "form",
                                                      "get",
                                                      "set",
                                                      "result",
                                                      "error",
                                                      "subscribe",
                                                      "both",
                                                      "true",
                                                      "options",
                                                      "general-im",
                                                      "$session",
                                                      "$id",
                                                      "capulet.lit",
                                                      "usher.capulet.lit",
                                                      "juliet@capulet.lit/b",
                                                      "romeo@montague.lit",
                                                      "&#xfb01;&#x345;@&#xdf;",
                                                      "http://jabber.org/protocol/commands",
                                                      "jabber:x:data"};

struct Place {
    std::size_t begin;
    std::size_t end;
};

struct Element {
    std::size_t after_name;
    std::vector<Place> attributes;  ///< each with the space before it
};

Element read_element(std::string_view xml, std::size_t start)
{
    Element element{std::min(xml.find_first_of(" \n\t/>", start), xml.size()), {}};
    for (std::size_t at = element.after_name; at < xml.size() && xml[at] == ' ';) {
        const std::size_t quote = xml.find_first_of("'\">", at);
        if (quote == std::string_view::npos || xml[quote] == '>') {
            break;
        }
        const std::size_t close = xml.find(xml[quote], quote + 1);
        if (close == std::string_view::npos) {
            break;
        }
        element.attributes.push_back({at, close + 1});
        at = close + 1;
    }
    return element;
}

class Mutation
{
  public:
    Mutation(std::string xml, unsigned int seed) : xml_(std::move(xml)), random_(seed) {}

    /// False if there is no element.
    bool change()
    {
        std::vector<std::size_t> starts;
        for (std::size_t at = xml_.find('<'); at != std::string::npos; at = xml_.find('<', at + 1)) {
            if (at + 1 < xml_.size() && xml_[at + 1] != '/') {
                starts.push_back(at + 1);
            }
        }
        if (starts.empty()) {
            return false;
        }
        const Element element = read_element(xml_, starts[below(starts.size())]);
        const std::size_t which = below(element.attributes.size() + 1);
        if (which == element.attributes.size()) {
            xml_.insert(element.after_name, attribute());
            return true;
        }
        const Place place = element.attributes[which];
        switch (below(3)) {
            case 0:
                xml_.erase(place.begin, place.end - place.begin);
                break;
            case 1:
                xml_.replace(place.begin, place.end - place.begin, attribute());
                break;
            default: {
                const std::size_t value = xml_.find('=', place.begin) + 2;
                if (value < place.end) {
                    xml_.replace(value, place.end - 1 - value, this->value());
                }
            }
        }
        return true;
    }

    [[nodiscard]] const std::string& xml() const { return xml_; }

  private:
    std::size_t below(std::size_t count) { return random_() % count; }

    /// One that means something, or what it begins with: nothing at all, too.
    std::string value()
    {
        const std::string_view whole = kValues.at(below(kValues.size()));
        return std::string(below(2) == 0 ? whole : whole.substr(0, below(whole.size() + 1)));
    }

    std::string attribute()
    {
        return " " + std::string(kNames.at(below(kNames.size()))) + "='" + value() + "'";
    }

    std::string xml_;
    std::minstd_rand random_;
};

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed)
{
    Mutation mutation({reinterpret_cast<const char*>(data), size}, seed);
    if (seed % 2 == 0 || !mutation.change() || mutation.xml().size() > max_size) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    std::memcpy(data, mutation.xml().data(), mutation.xml().size());
    return mutation.xml().size();
}
