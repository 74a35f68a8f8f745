#include <cstdio>
#include <utility>

#include "core/agent/config/config.hpp"
#include "core/agent/config/options.hpp"
#include "core/agent/daemon.hpp"
#include "core/agent/enrol_command.hpp"
#include "core/agent/local/commands.hpp"
#include "core/agent/one_shot.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/base/core_dumps.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/run/end_process.hpp"

namespace {

using namespace evenkeel;

int check_store(const agent::Config& config) {
    const auto found = agent::AgentStore::check(config.state_dir);
    if (!found) {
        const bool is_held = found.error().code == Errc::busy;
        const char* advice = is_held ? ": an agent works there; stop it first "
                                       "(systemctl stop evenkeel-agent)"
                                     : "";
        std::fprintf(stderr, "evenkeel-agent: %s%s\n", printable(found.error().what).c_str(),
                     advice);
        return is_held ? kExitInUse : kExitFailed;
    }
    std::printf("%s\n", store::json_of(*found).c_str());
    return kExitDone;
}

int main_with(int argc, const char* const* argv) {
    agent::CommandLine line;
    if (const int code = agent::read_command_line(argc, argv, line); code >= 0) return code;
    auto config = agent::load_config(line.config_path, line.config_given);
    if (!config) {
        std::fprintf(stderr, "evenkeel-agent: %s\n", printable(config.error().what).c_str());
        return kExitUsage;
    }
    // The folders given here are looked at first.
    config->plugin_dirs.insert(config->plugin_dirs.begin(), line.plugin_dirs.begin(),
                               line.plugin_dirs.end());
    log::set_level(config->log_level);
    if (line.command == agent::Subcommand::run) return agent::run_daemon(line, std::move(*config));
    if (line.command == agent::Subcommand::check_store) return check_store(*config);
    if (line.command == agent::Subcommand::enrol) return agent::run_enrol(line, *config);
    log::set_level(log::Level::error);
    return agent::run_command(line, *config, [&](const wire::Request& request) {
        return agent::answer_in_process(line, *config, request);
    });
}

}  // namespace

int main(int argc, char** argv) {
    try {
        forbid_core_dumps();
        return evenkeel::run::end_process(main_with(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "evenkeel-agent: %s\n", error.what());
        return kExitFailed;
    }
}
