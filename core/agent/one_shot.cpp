#include "core/agent/one_shot.hpp"

#include <csignal>
#include <optional>
#include <utility>

#include "core/agent/agent.hpp"
#include "core/agent/config/config.hpp"
#include "core/agent/config/options.hpp"
#include "core/agent/load_plugins.hpp"

namespace evenkeel::agent {

Result<wire::Reply> answer_in_process(const CommandLine& line, const Config& config,
                                      const wire::Request& request) {
    run::Loop loop;
    plugin::CallMark::note_ends();
    Agent::Options options;
    options.state_dir = config.state_dir;
    options.silence = config.call_silence;
    options.watches.watch = false;
    options.repairs.repairs = false;
    options.keeps_events = config.orchestrator.has_value();
    auto agent = EK_TRY(Agent::open(loop, options));
    loop.on_signals({SIGINT, SIGTERM}, [&agent](int) { agent->registry().interrupt(); });
    EK_CHECK(load_plugins(*agent, config, !line.plugin_dirs.empty()));
    std::optional<wire::Reply> reply;
    agent->start([&agent, &request, &reply] {
        agent->requests().answer_local(
            request, {[&reply](wire::Reply answer) { reply = std::move(answer); }});
    });
    loop.run_until([&reply] { return reply.has_value(); },
                   request.timeout + std::chrono::seconds(10));
    agent->stop();
    if (!reply) return fail(Errc::timeout, "no answer in time");
    return *reply;
}

}  // namespace evenkeel::agent
