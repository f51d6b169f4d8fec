// A received element, read-only. Nothing outside integration/ sees one.
#pragma once

#include <string>
#include <string_view>

struct _xmpp_stanza_t;

namespace usher
{

/// A view of an element that libstrophe owns; valid as long as the stanza it came with, that is, during the
/// call that hands it over. An absent element is a view too: every question gets an empty answer, so that a
/// chain of questions needs no check in between.
class Stanza
{
  public:
    Stanza() = default;
    explicit Stanza(_xmpp_stanza_t* element) : element_(element) {}

    explicit operator bool() const { return element_ != nullptr; }

    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] std::string_view ns() const;
    /// The attribute's value, empty if it is absent. `has` tells the two apart.
    [[nodiscard]] std::string_view attribute(const char* name) const;
    [[nodiscard]] bool has(const char* name) const;
    [[nodiscard]] bool is(std::string_view name, std::string_view ns) const;

    /// The first child element with this name and namespace.
    [[nodiscard]] Stanza child(std::string_view name, std::string_view ns) const;
    /// The first child element.
    [[nodiscard]] Stanza first() const;
    /// The next sibling element.
    [[nodiscard]] Stanza next() const;
    /// The character data directly inside.
    [[nodiscard]] std::string text() const;

  private:
    _xmpp_stanza_t* element_ = nullptr;
};

/// RFC 6120 section 8.3.3: the condition of a stanza of type `error`.
[[nodiscard]] std::string_view error_condition(const Stanza& stanza);

}  // namespace usher
