#include "orchestrator/state/protected_hosts.hpp"

#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/model_objects.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::state {

Result<std::string> protecting_environment(const View& view, std::string_view id) {
    const auto host = EK_TRY(view.hosts().find(id));
    if (!host) return std::string();
    for (std::size_t end = 0; end != std::string::npos;) {
        end = host->environment.find('/', end == 0 ? 0 : end + 1);
        std::string name = host->environment.substr(0, end);
        const auto kept = EK_TRY(view.model_objects().find(ModelKind::environment, name));
        if (kept && kept->body.bool_or("protected")) return name;
    }
    return std::string();
}

}  // namespace evenkeel::state
