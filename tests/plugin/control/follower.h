// `usherctl journal --follow`, as a process of its own that the test looks at now and then.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "child.h"
#include "temporary_directory.h"

namespace usher::test
{

class Follower
{
  public:
    /// `arguments` are added to the command.
    Follower(const std::filesystem::path& socket, const std::vector<std::string>& arguments);

    /// The contacts of the records that it has printed so far.
    const std::vector<std::string>& contacts();
    /// As Ctrl-C.
    void interrupt();
    /// The exit status.
    int wait_for_end();
    [[nodiscard]] std::string errors() const;

  private:
    TemporaryDirectory directory_;
    Child child_;
    std::string unread_;
    std::vector<std::string> contacts_;
};

}  // namespace usher::test
