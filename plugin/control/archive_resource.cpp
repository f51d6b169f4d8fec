// The resource /v1/archive: what organisations want for their users' archives, and who has it.
#include "plugin/control/reply.h"
#include "plugin/control/resources.h"

namespace usher::resources
{

void archive(const ControlRequest& request)
{
    const auto user = request.address_query("user");
    if (!user) {
        refuse(*request.exchange, user.error());
    } else if (*user && request.query("organization") != nullptr) {
        refuse(*request.exchange, 400, "found both organization and user; accepted: one of them");
    } else if (*user) {
        request.operations.archive_of(request.actor, **user, replying<UserArchive>(request.exchange));
    } else {
        reply(*request.exchange, request.operations.archives(request.actor, request.organization_query()));
    }
}

}  // namespace usher::resources
