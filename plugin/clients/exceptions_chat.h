// What users can send to Usher about their exceptions: `exceptions`, `always accept ADDRESS`.
#pragma once

#include <functional>
#include <string>

#include "plugin/core/operations.h"

namespace usher
{

class ExceptionsChat
{
  public:
    /// Sends the reply. To be called once, at once or later.
    using Say = std::function<void(const std::string& text)>;

    /// `operations` must outlive the object.
    explicit ExceptionsChat(Operations& operations) : operations_(operations) {}

    /// Returns false, and says nothing, if `text`, a message of that user, is no command about exceptions.
    bool run(const std::string& text, const Address& user, const Say& say);
    /// The lines of the help that this user can use; may be empty.
    [[nodiscard]] std::string help(const Address& user) const;

  private:
    void show(const Address& user, const Say& say);
    void change(const ExceptionChange& change, const Address& user, const Say& say);

    Operations& operations_;
};

}  // namespace usher
