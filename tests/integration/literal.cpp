#include "literal.h"

#include <strophe.h>

#include <stdexcept>

namespace usher::test
{

void Literal::Release::operator()(_xmpp_ctx_t* context) const
{
    xmpp_ctx_free(context);
}

void Literal::Release::operator()(_xmpp_stanza_t* element) const
{
    xmpp_stanza_release(element);
}

Literal::Literal(const std::string& xml)
    : context_(xmpp_ctx_new(nullptr, nullptr)),
      element_(xmpp_stanza_new_from_string(context_.get(), xml.c_str()))
{
    if (!element_) {
        throw std::invalid_argument("not an element: " + xml);
    }
}

std::string attribute(const std::string& xml, const char* name)
{
    return std::string(Literal(xml).stanza().attribute(name));
}

}  // namespace usher::test
