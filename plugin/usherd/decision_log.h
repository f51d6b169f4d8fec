// The log's line for each decision.
#pragma once

#include "plugin/store/journal.h"

namespace usher
{

/// One line at level `info`, with fields for systemd's journal. Of the contact it names the domain only.
void log_decision(const JournalRecord& record);

}  // namespace usher
