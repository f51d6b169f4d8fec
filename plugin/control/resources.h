// The resources of openapi.yaml. Each function answers one method of one of them: it reads the request, calls
// Operations, and replies.
#pragma once

#include "plugin/control/request.h"

namespace usher::resources
{

void status(const ControlRequest& request);
void metrics(const ControlRequest& request);
void check(const ControlRequest& request);
void reload(const ControlRequest& request);
void explain(const ControlRequest& request);
void journal(const ControlRequest& request);
void decision(const ControlRequest& request);
void replay(const ControlRequest& request);
void federation(const ControlRequest& request);
void overview(const ControlRequest& request);
void approvals(const ControlRequest& request);
void revoke(const ControlRequest& request);
void option(const ControlRequest& request);
void exceptions(const ControlRequest& request);
void change_exceptions(const ControlRequest& request);
void choose(const ControlRequest& request);
void forget_choice(const ControlRequest& request);
void waiting(const ControlRequest& request);
void answer(const ControlRequest& request);
void review(const ControlRequest& request);
void apply(const ControlRequest& request);
void make_web_link(const ControlRequest& request);
void web_sessions(const ControlRequest& request);
void end_web_session(const ControlRequest& request);
void general(const ControlRequest& request);
void save_general(const ControlRequest& request);
void reset_general(const ControlRequest& request);
void preview(const ControlRequest& request);
void preview_waiting(const ControlRequest& request);
void try_change(const ControlRequest& request);
void archive(const ControlRequest& request);

}  // namespace usher::resources
