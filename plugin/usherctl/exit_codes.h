// What usherctl's exit codes mean.
#pragma once

namespace usher
{

enum UsherctlExit : int {
    kDone = 0,
    kFailed = 1,  ///< refused, or the daemon cannot be reached
    kUsage = 2,   ///< the command line
};

}  // namespace usher
