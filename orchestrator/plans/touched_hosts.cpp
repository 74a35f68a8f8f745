#include "orchestrator/plans/touched_hosts.hpp"

#include <algorithm>

#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::plans {

Result<void> each_touched(const state::View& view, const TouchedHosts& touched,
                          const std::atomic<bool>& stops,
                          const std::function<Result<void>(const state::Host&)>& visit) {
    Result<void> done;
    const auto see = [&](const state::Host& host) {
        if (stops) {
            done = fail(Errc::cancelled, "it ends");
            return false;
        }
        if (host.retired() || !touched.contains(compiled_host(host))) return true;
        done = visit(host);
        return done.has_value();
    };
    const HostLookUp where = touched.look_up();
    if (where.is_all) EK_CHECK(view.hosts().each_in("", see));
    for (const std::string& environment : where.environments) {
        if (done) EK_CHECK(view.hosts().each_in(environment, see));
    }
    for (const std::string& id : where.hosts) {
        if (!done) break;
        const auto host = EK_TRY(view.hosts().find(id));
        const auto is_below = [&](const std::string& environment) {
            return host->environment == environment ||
                   host->environment.starts_with(environment + "/");
        };
        if (host && std::none_of(where.environments.begin(), where.environments.end(), is_below)) {
            see(*host);
        }
    }
    return done;
}

}  // namespace evenkeel::plans
