// Expat 2.6 and later looks at a tag that has not arrived whole again only when there is twice as much to read. In a
// stream that is fatal: a stanza with one long attribute, which anybody can send, holds up all that follow it, and
// with them everybody's requests. Expat has a switch for that, libstrophe does not use it, and only libstrophe knows
// its parsers. So their creation and their reset pass through here, on the way from libstrophe to Expat.
#pragma once

namespace usher
{

/// Called so that this file is linked: the linker looks for no functions that only shared libraries use. With an Expat
/// that has no switch nothing changes: it does not wait.
void read_tags_at_once();

}  // namespace usher
