#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/plugin/module.hpp"
#include "core/plugin_host/control.hpp"
#include "core/plugin_host/sandbox.hpp"
#include "core/plugin_host/serve_channel.hpp"

// The process of one plugin. The agent starts it with its connection as descriptor 3; nobody else
// does. It ends when that connection does.
namespace evenkeel::plugin_host {
namespace {

constexpr int kControl = 3;

// The agent, whose value it has inherited, is spared when memory is short; a plugin is not.
void give_way_to_the_agent() {
    const Fd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (file) static_cast<void>(write_all(file.get(), "500"));
}

Result<const ek_module*> load(const plugin::Service& service, Control& control) {
    give_way_to_the_agent();
    {
        // The plugin's code is not to find it: it could answer its own refused calls.
        const Sandbox sandbox = EK_TRY(enter_sandbox(service, control.data_dir()));
        std::string notes;
        for (const std::string& note : sandbox.notes) notes += note + "\n";
        plugin::FrameWriter frame(plugin::FrameKind::sandboxed);
        frame.text(std::string_view(notes));
        control.send(std::move(frame), sandbox.refusals.get());
    }
    // Another user means that the kernel has forgotten it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return plugin::load_object(service.package);
}

int run() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    std::signal(SIGPIPE, SIG_IGN);
    // Not for programs that the plugin starts.
    ::fcntl(kControl, F_SETFD, FD_CLOEXEC);
    // One heap for all threads: few calls run at the same time.
    ::mallopt(M_ARENA_MAX, 1);
    // As long as the process, as is the plugin's code.
    auto& control = *new Control(Fd(kControl));
    plugin::Service service;
    if (!control.receive(service)) return 1;
    auto module = load(service, control);
    if (!module) {
        control.refuse(module.error().what);
        return 1;
    }
    auto& plugin = *new ServedPlugin(**module, *control.host(service));
    control.send(plugin::frame_of(**module));
    Fd socket, cancel;
    while (control.next_channel(socket, cancel)) {
        std::thread([&plugin, channel = socket.release(), event = cancel.release()] {
            serve_channel(plugin, Fd(channel), Fd(event));
        }).detach();
    }
    return 0;
}

}  // namespace
}  // namespace evenkeel::plugin_host

int main(int argc, char** argv) {
    if (argc != 2 || ::fcntl(3, F_GETFD) < 0) {
        const bool wants_version = argc == 2 && std::string_view(argv[1]) == "--version";
        std::puts(wants_version ? EVENKEEL_VERSION
                                : "evenkeel-plugin-host is started by evenkeel-agent");
        return wants_version ? 0 : 2;
    }
    // Threads of the plugin may be at work: no destructors.
    std::_Exit(evenkeel::plugin_host::run());
}
