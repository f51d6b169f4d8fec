// Finds out of what a group names by `uid` (memberUid), and none of the people has, whether it is nobody.
//
// A search leaves out, without a word, whom the reader may not see. A reading of one entry does not: of what is not there the
// directory names the entry above it that is (matchedDN, RFC 4511 section 4.1.9), of what may not be seen it does not. So the
// entry with that uid is looked for at the places where people are named by theirs.
//
// Not to be known this way: somebody hidden who is named by something else.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "plugin/ldap/entry_people.h"
#include "plugin/ldap/ldap_session.h"

namespace usher
{

class MemberUids
{
  public:
    /// All must outlive the object.
    MemberUids(LdapSession& session, const PeopleOfEntries& people, const LdapLimits& limits)
        : session_(session), people_(people), limits_(limits)
    {
    }

    enum class Who {
        nobody,        ///< as far as the directory says
        other,         ///< who is there, and none of the people
        may_be_hidden  ///< one of the people may be missing
    };
    /// `uid`: in lower case, that of none of the people and of none who are left out.
    [[nodiscard]] tl::expected<Who, LdapFailure> who(const std::string& uid);

  private:
    using Found = tl::expected<Who, LdapFailure>;

    [[nodiscard]] Found look_for(const std::string& uid);
    /// Whether the uid of some of the people may not be read.
    [[nodiscard]] tl::expected<bool, LdapFailure> some_are_hidden();

    LdapSession& session_;
    const PeopleOfEntries& people_;
    const LdapLimits& limits_;
    std::map<std::string, Who> known_;  // groups have the same ones
    std::optional<bool> some_are_hidden_;
    std::size_t reads_ = 0;
};

}  // namespace usher
