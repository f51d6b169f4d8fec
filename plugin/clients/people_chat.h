// What users can send to Usher about people: `find anna`, `ask 3`, and whether others find them.
//
// `ask` sends nothing to anybody: Usher may not act for a user. It gives the link by which the user's client adds the contact
// and asks; not XEP-0144, because the clients whose users need the chat for this do not read it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "plugin/core/operations.h"

namespace usher
{

class PeopleChat
{
  public:
    /// Of so many users it is known whom they found last, so that they can name them by number. Of one more, all are forgotten.
    static constexpr std::size_t kMaxRemembered = 1'000;

    struct Command {
        std::string verb;  ///< in lower case
        std::string rest;  ///< of the message; may be empty
        Address user;
        std::string from;  ///< the full address
    };
    /// Sends the reply. To be called once, at once or later.
    using Say = std::function<void(const std::string& text)>;

    /// `operations` must outlive the object.
    explicit PeopleChat(Operations& operations) : operations_(operations) {}

    /// Returns false, and says nothing, if it is no command about people, or none that the user can use.
    bool run(const Command& command, const Say& say);
    /// The lines of the help that this user can use; may be empty.
    [[nodiscard]] std::string help(const Address& user) const;

  private:
    void find(const Command& command, const Say& say);
    void found(const Address& user, const PeopleFound& people, const Say& say);
    void ask(const Command& command, const Say& say) const;
    void listed(const Command& command, const Say& say);

    Operations& operations_;
    std::unordered_map<Address, std::vector<Person>> found_last_;
};

}  // namespace usher
