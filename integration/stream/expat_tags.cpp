#include "integration/stream/expat_tags.h"

#include <dlfcn.h>

namespace usher
{

namespace
{

// As in <expat.h>, whose older versions do not have the last one.
using CreateParser = void* (*)(const char* encoding, const void* allocator, const char* separator);
using ResetParser = unsigned char (*)(void* parser, const char* encoding);
using SwitchWaiting = unsigned char (*)(void* parser, unsigned char on);

template <typename Function>
Function expats(const char* name)
{
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

void switch_waiting_off(void* parser)
{
    static const auto switch_waiting = expats<SwitchWaiting>("XML_SetReparseDeferralEnabled");
    if (parser != nullptr && switch_waiting != nullptr) {
        switch_waiting(parser, 0);
    }
}

}  // namespace

void read_tags_at_once() {}

}  // namespace usher

extern "C" {

__attribute__((visibility("default"))) void* XML_ParserCreate_MM(const char* encoding, const void* allocator,
                                                                 const char* separator)
{
    static const auto create = usher::expats<usher::CreateParser>("XML_ParserCreate_MM");
    void* const parser = create(encoding, allocator, separator);
    usher::switch_waiting_off(parser);
    return parser;
}

/// A reset also puts the switch back.
__attribute__((visibility("default"))) unsigned char XML_ParserReset(void* parser, const char* encoding)
{
    static const auto reset = usher::expats<usher::ResetParser>("XML_ParserReset");
    const unsigned char done = reset(parser, encoding);
    usher::switch_waiting_off(parser);
    return done;
}
}
