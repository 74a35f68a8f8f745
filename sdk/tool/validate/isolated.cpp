#include "sdk/tool/validate/isolated.hpp"

#include <filesystem>

#include <unistd.h>

#include "core/plugin/remote/remote_plugin.hpp"

namespace evenkeel::validate {
namespace {

namespace fs = std::filesystem;

plugin::Package package_of(const std::string& file) {
    plugin::Trust trust;
    trust.accept_own_user = true;
    const auto inspection = plugin::inspect_package(fs::path(file).replace_extension(), trust);
    if (!inspection.refusals.empty())
        skip("its package cannot be loaded: " + inspection.refusals.front().what);
    return inspection.package;
}

}  // namespace

std::string plugin_host_program() {
    std::error_code error;
    const fs::path own = fs::read_symlink("/proc/self/exe", error).parent_path();
    for (const fs::path& path :
         {own / "evenkeel-plugin-host", own / "../lib/evenkeel/evenkeel-plugin-host",
          own / "../../core/agent/evenkeel-plugin-host",
          own / "../../core/plugin_host/evenkeel-plugin-host"})
        if (::access(path.c_str(), X_OK) == 0) return fs::canonical(path, error);
    return {};
}

Isolated::Isolated(Bench& bench) {
    plugin::Isolation isolation;
    isolation.program = plugin_host_program();
    if (isolation.program.empty()) skip("there is no evenkeel-plugin-host here");
    // Beside what it declares: ids and configuration lead there.
    isolation.more_paths = {bench.scratch()};
    auto started =
        plugin::RemotePlugin::start(package_of(bench.file()), *bench.host(), isolation, true);
    if (!started) broken("in a process of its own it does not start: " + started.error().what);
    plugin_ = std::move(*started);
    bench.use(*plugin_->module());
}

Isolated::~Isolated() = default;

pid_t Isolated::pid() const {
    return static_cast<pid_t>(plugin_->describe().integer_or("pid"));
}

const ek_module* Isolated::module() const {
    return plugin_->module();
}

}  // namespace evenkeel::validate
