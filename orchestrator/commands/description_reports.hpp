#pragma once

#include <string>

#include "core/base/result.hpp"

namespace evenkeel::state {
class Edit;
}
namespace evenkeel::wire {
struct Event;
}

// The parts of take_event about descriptions that hosts store: local ones and, after a restore,
// those that are missing in the backup. `invalid`, before anything is changed, when the event does
// not decode. [lane]
namespace evenkeel::commands {

struct ReportContext;

// description.changed. A local description is shown read-only; a restored one is adopted, unless
// the resource has a newer description, made after the restore.
Result<void> take_described(state::Edit& edit, const ReportContext& context,
                            const std::string& host, const wire::Event& event);

// description.forgotten, by the same rules.
Result<void> take_forgotten(state::Edit& edit, const ReportContext& context,
                            const std::string& host, const wire::Event& event);

}  // namespace evenkeel::commands
