#include "core/agent/daemon.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "core/agent/agent.hpp"
#include "core/agent/load_plugins.hpp"
#include "core/agent/local/socket_server.hpp"
#include "core/agent/plugin_reloader.hpp"
#include "core/agent/uplink/uplink.hpp"
#include "core/agent/uplink/uplink_supervisor.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/run/service_manager.hpp"
#include "core/store/damage.hpp"

namespace evenkeel::agent {
namespace {

// The line that `evenkeel-agent watch` prints of an event.
std::string line_of(std::uint64_t seq, const std::string& time, const EventDraft& draft) {
    return json::write(json::Object{{"seq", seq},
                                    {"kind", to_string(draft.kind)},
                                    {"time", time},
                                    {"data", draft.data}}) +
           "\n";
}

// After an enrolment: the configuration's orchestrator is read again.
wire::Reply reload(UplinkSupervisor& connection, const CommandLine& line) {
    const auto config = load_config(line.config_path, line.config_given);
    if (!config) return {config.error(), json::Object{}};
    connection.begin(config->orchestrator);
    return {std::nullopt, connection.status()};
}

int end(Agent& agent) {
    const bool has_failed = store::damage() || store::is_restart_needed();
    const int code = has_failed ? kExitFailed : kExitDone;
    // Else a lane hangs in a plugin: destructors must not run while its thread does. Everything is
    // committed.
    if (!agent.stop()) std::_Exit(code);
    return code;
}

Agent::Options options_of(const Config& config) {
    Agent::Options options;
    options.state_dir = config.state_dir;
    options.silence = config.call_silence;
    options.keeps_events = config.orchestrator.has_value();
    options.sweep_interval = config.sweep_interval;
    return options;
}

int fail_start(const Error& error) {
    log::error("the agent cannot start", {{"why", error.what}});
    return error.code == Errc::busy ? kExitInUse : kExitFailed;
}

// In the same process, with the same arguments and without what hangs.
int begin_again(const Error& why) {
    if (why.code != Errc::timeout) std::_Exit(fail_start(why));
    log::error("the agent begins anew", {{"why", why.what}});
    const auto arguments = read_file("/proc/self/cmdline");
    if (!arguments) return fail_start(arguments.error());
    std::vector<std::string> words = split(*arguments, '\0');
    words.pop_back();  // behind the last end
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv("/proc/self/exe", argv.data());
    const Error error = system_error(errno, "cannot begin anew");
    log::error(error.what);
    // The destructors of what the thread uses that hangs must not run.
    std::_Exit(kExitFailed);
}

// Who is told of what is written into the journal; all of them outlive it.
Journal::Events events_of(Agent& agent, const std::unique_ptr<SocketServer>& socket,
                          UplinkSupervisor& connection) {
    Journal::Events events;
    events.on_event = [&socket, &connection](std::uint64_t seq, const std::string& time,
                                             const EventDraft& draft) {
        if (socket && socket->is_watched()) socket->broadcast(line_of(seq, time, draft));
        if (seq == 0 && connection.uplink()) connection.uplink()->send_live(time, draft);
    };
    events.on_more = [&connection] {
        if (connection.uplink()) connection.uplink()->pump();
    };
    events.on_outcome_taken = [&agent](const std::string& command) {
        agent.admission().on_outcome_taken(command);
    };
    return events;
}

}  // namespace

int run_daemon(const CommandLine& line, Config config) {
    MemoryKeeper::set_up_allocator();
    run::Loop loop;
    plugin::CallMark::note_ends();
    auto opened = Agent::open(loop, options_of(config));
    if (!opened) return fail_start(opened.error());
    Agent& agent = **opened;
    // Before plugins: what is not there yet cannot be hidden from them.
    if (auto made = make_folder(parent_of(config.socket), 0755); !made)
        return fail_start(made.error());
    PluginLoader loader(agent, config, !line.plugin_dirs.empty());
    if (auto loaded = loader.load_all(); !loaded) return begin_again(loaded.error());
    PluginReloader reloader(agent, loader, loop);
    UplinkSupervisor connection(agent.uplink_parts(), loop, config.state_dir);

    auto socket = SocketServer::open(
        loop, config.socket,
        [&agent, &connection, &line](const wire::Request& request, const LocalAnswer& to) {
            if (request.verb == wire::RequestVerb::reload)
                return to.reply(reload(connection, line));
            if (request.verb != wire::RequestVerb::status)
                return agent.requests().answer_local(request, to);
            agent.requests().answer_local(
                request, {[answer = to.reply, &connection](wire::Reply reply) {
                    if (reply.result.is_object()) {
                        reply.result.as_object().set("orchestrator", connection.status());
                    }
                    answer(std::move(reply));
                }});
        });
    if (!socket) return fail_start(socket.error());
    agent.journal().set_events(events_of(agent, *socket, connection));

    const run::Watchdog watchdog(loop);
    // Nothing can be stored any more, so the host shall be seen as offline and not as it last was.
    // The next start refuses the store, or takes it up where it is LMDB alone that refuses.
    store::on_unusable([post = loop.poster(), &loop] { post([&loop] { loop.stop(); }); });
    loop.on_signals({SIGTERM, SIGINT}, [&loop](int) { loop.stop(); });
    std::signal(SIGPIPE, SIG_IGN);
    // What the host serves is in the hello, with which each connection begins.
    agent.on_collections = [&connection] { connection.begin_again(); };
    agent.start([&line, &connection, &config] {
        connection.begin(config.orchestrator);
        run::notify_ready();
        if (line.ready_fd >= 0) {
            if (auto written = run::write_ready(line.ready_fd, R"({"ready":true})"); !written) {
                log::warning("cannot tell that the agent is ready",
                             {{"why", written.error().what}});
            }
        }
        log::info("the agent is ready");
    });
    loop.run();

    run::notify_stopping();
    log::info("the agent ends");
    connection.begin(std::nullopt);
    socket->reset();
    return end(agent);
}

}  // namespace evenkeel::agent
