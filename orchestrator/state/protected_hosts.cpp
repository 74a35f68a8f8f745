#include "orchestrator/state/protected_hosts.hpp"

#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/model_objects.hpp"
#include "orchestrator/state/token.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::state {

Result<std::string> protecting_host(const View& view, std::string_view id) {
    const auto host = EK_TRY(view.hosts().find(id));
    return host ? protecting(view, host->environment) : std::string();
}

Result<std::string> protecting(const View& view, const EnrolmentToken& token) {
    if (!token.replaces.empty()) return protecting_host(view, token.replaces);
    const auto there = EK_TRY(view.model_objects().find(ModelKind::environment, token.environment));
    return protecting(view, there ? std::string_view(token.environment) : kDefaultEnvironment);
}

Result<std::string> protecting(const View& view, std::string_view environment) {
    for (std::size_t end = 0; end != std::string::npos;) {
        end = environment.find('/', end == 0 ? 0 : end + 1);
        std::string name(environment.substr(0, end));
        const auto kept = EK_TRY(view.model_objects().find(ModelKind::environment, name));
        if (kept && kept->body.bool_or("protected")) return name;
    }
    return std::string();
}

}  // namespace evenkeel::state
