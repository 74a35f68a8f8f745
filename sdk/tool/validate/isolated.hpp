#pragma once

#include <memory>
#include <string>

#include <sys/types.h>

#include "sdk/tool/validate/bench.hpp"

namespace evenkeel::plugin {
class RemotePlugin;
}

namespace evenkeel::validate {

// The bench's plugin in a process of its own, as the agent runs it: from here on the bench calls
// that process. For as long as the bench lives.
class Isolated {
  public:
    // Throws Skipped when there is no evenkeel-plugin-host or the package cannot be loaded; throws
    // Broken when the plugin does not start.
    explicit Isolated(Bench& bench);
    ~Isolated();
    Isolated(const Isolated&) = delete;
    Isolated& operator=(const Isolated&) = delete;

    pid_t pid() const;
    const ek_module* module() const;

  private:
    std::shared_ptr<plugin::RemotePlugin> plugin_;
};

// Where evenkeel-plugin-host is: where it is installed, or in the build tree of this program.
// Empty: nowhere.
std::string plugin_host_program();

}  // namespace evenkeel::validate
