#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/commands/report.hpp"
#include "orchestrator/state/edit.hpp"

// The parts of take_event about descriptions that hosts hold: their own, and after a restore those
// that the backup does not know. `invalid`, before anything was changed, when the event does not
// read. [lane]
namespace evenkeel::commands {

// description.changed. A local one is shown read-only; a restored one is adopted, unless somebody
// has described the resource anew since the restore.
Result<void> take_described(state::Edit& edit, const ReportContext& context,
                            const std::string& host, const wire::Event& event);

// description.forgotten, alike.
Result<void> take_forgotten(state::Edit& edit, const ReportContext& context,
                            const std::string& host, const wire::Event& event);

}  // namespace evenkeel::commands
