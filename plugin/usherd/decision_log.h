// Logs one line for each decision.
#pragma once

#include "plugin/store/journal.h"

namespace usher
{

/// Logs that the server has not applied a verdict, with fields as of the decision.
void log_refusal(const Settled& refused);

/// Logs at level `info`, with fields for systemd's journal. Contains the contact's domain, not the address.
void log_decision(const JournalRecord& record);

}  // namespace usher
