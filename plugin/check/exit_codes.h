// What usherd's exit codes mean. A service manager need not restart it after `kUsage` and `kSettings`
// (packaging/systemd/usher.service.in); those that follow are for `--check --online`, because the daemon itself goes on
// trying.
#pragma once

namespace usher
{

enum ExitCode : int {
    kStopped = 0,      ///< as asked
    kFailed = 1,       ///< starting again may help: the store, the event loop
    kUsage = 2,        ///< the command line
    kSettings = 3,     ///< the settings file, or the password or secret file it names
    kCredentials = 4,  ///< the server refused the password or secret
    kCertificate = 5,  ///< the server's certificate was refused, or there is no TLS where it is required
    kUnknownHost = 6,  ///< the server does not serve the domain we log in to
};

}  // namespace usher
