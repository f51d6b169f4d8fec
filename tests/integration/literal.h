// Elements written as XML in a test, parsed by libstrophe as if received.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "integration/xmpp/stanza.h"

struct _xmpp_ctx_t;
struct _xmpp_stanza_t;

namespace usher::test
{

/// Owns the parsed element; views of it are valid as long as this exists.
class Literal
{
  public:
    /// Throws if `xml` is not one element.
    explicit Literal(const std::string& xml);

    [[nodiscard]] Stanza stanza() const { return Stanza(element_.get()); }

  private:
    struct Release {
        void operator()(_xmpp_ctx_t* context) const;
        void operator()(_xmpp_stanza_t* element) const;
    };

    std::unique_ptr<_xmpp_ctx_t, Release> context_;
    std::unique_ptr<_xmpp_stanza_t, Release> element_;
};

/// An attribute of the element `xml`; empty if it has none.
[[nodiscard]] std::string attribute(const std::string& xml, const char* name);

}  // namespace usher::test
