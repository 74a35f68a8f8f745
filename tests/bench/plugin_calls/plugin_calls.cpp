// What a call to a plugin costs in the host's process, in a process of its own, and what the same
// bytes cost that go over a socket and back, with nothing else done.
//   plugin_calls FOLDER PLUGIN_HOST [CALLS]
// FOLDER has the test plugin `memory`. Calls go through the ABI's tables, as the agent's do, to
// `read` one resource with a state of 1 KiB. Prints medians in ns, and of the idle process its PSS
// and its context switches in two seconds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "core/base/time.hpp"
#include "core/json/json.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/load.hpp"
#include "core/plugin/remote/remote_plugin.hpp"

namespace {

using namespace evenkeel;
using namespace evenkeel::plugin;

constexpr const char* kIds = R"(["one"])";

void must(bool good, const std::string& what) {
    if (good) return;
    std::cerr << what << "\n";
    std::exit(1);
}

std::uint64_t median(std::vector<std::uint64_t> all) {
    std::nth_element(all.begin(), all.begin() + static_cast<long>(all.size() / 2), all.end());
    return all[all.size() / 2];
}

template <typename Work>
std::uint64_t median_of(std::size_t count, const Work& work) {
    for (std::size_t i = 0; i < count / 10; ++i) work();
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t begin = now_monotonic_ns();
        work();
        all.push_back(now_monotonic_ns() - begin);
    }
    return median(std::move(all));
}

// Counts what comes and looks at nothing.
struct Sink {
    Sink() {
        out = {sizeof(ek_out),
               0,
               this,
               [](void* ctx, const ek_item* item) {
                   static_cast<Sink*>(ctx)->bytes += item->id.len + item->json.len;
                   return ek_status{EK_OK};
               },
               [](void*, const ek_state*) { return ek_status{EK_OK}; },
               [](void*, const ek_change*) { return ek_status{EK_OK}; },
               [](void*, const ek_diag*) { return ek_status{EK_OK}; },
               [](void*, const ek_progress*) { return ek_status{EK_OK}; },
               [](void*, const ek_output*) { return ek_status{EK_OK}; },
               [](void*, const ek_subject*) { return ek_status{EK_OK}; }};
        call.size = sizeof(call);
        call.cancel_fd = -1;
        call.out = &out;
        call.cancelled = [](const ek_call*) { return std::int32_t{0}; };
    }
    ek_out out{};
    ek_call call{};
    std::size_t bytes = 0;
};

std::uint64_t time_calls(const ek_module& module, const ek_host& host, std::size_t count,
                         std::size_t& bytes) {
    Sink sink;
    sink.call.deadline_ns = now_monotonic_ns() + 600'000'000'000;
    const ek_collection& table = *module.collections[0];
    ek_instance* instance = nullptr;
    must(module.open(&host, &sink.call, &table, borrow("{}"), &instance) == EK_OK, "open fails");
    const std::string state = "{\"text\":\"" + std::string(1000, 'x') + "\"}";
    must(table.apply(instance, &sink.call, borrow("one"), borrow(state)) == EK_OK, "apply fails");
    sink.bytes = 0;
    table.read(instance, &sink.call, borrow(kIds));
    bytes = sink.bytes;
    const std::uint64_t ns =
        median_of(count, [&] { table.read(instance, &sink.call, borrow(kIds)); });
    module.close(instance);
    return ns;
}

// The request's bytes there, the answer's back.
std::uint64_t time_socket(std::size_t request, std::size_t answer, std::size_t count) {
    int ends[2];
    must(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    if (::fork() == 0) {
        ::close(ends[0]);  // else the other end would never be its last
        std::vector<char> bytes(answer);
        while (::recv(ends[1], bytes.data(), request, MSG_WAITALL) > 0)
            if (::send(ends[1], bytes.data(), answer, 0) < 0) break;
        std::_Exit(0);
    }
    ::close(ends[1]);
    std::vector<char> bytes(std::max(request, answer));
    const std::uint64_t median = median_of(count, [&] {
        must(::send(ends[0], bytes.data(), request, 0) > 0, "send");
        must(::recv(ends[0], bytes.data(), answer, MSG_WAITALL) > 0, "receive");
    });
    ::close(ends[0]);
    return median;
}

std::uint64_t number_in(const std::string& path, const std::string& name) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size(), nullptr, 10);
    return 0;
}

// Of all its threads.
std::uint64_t switches_of(const std::string& process) {
    std::uint64_t all = 0;
    for (const auto& thread : std::filesystem::directory_iterator(process + "/task"))
        all += number_in(thread.path().string() + "/status", "voluntary_ctxt_switches:");
    return all;
}

}  // namespace

int main(int argc, char** argv) {
    must(argc >= 3, "usage: plugin_calls FOLDER PLUGIN_HOST [CALLS]");
    const std::size_t count = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 20'000;
    LoadOptions options;
    options.accept_own_user = true;
    auto package = find_package({argv[1]}, "memory", options);
    must(package.has_value(), package ? "" : package.error().what);
    const auto host = Host::make(*package, options).value();
    std::size_t bytes = 0;
    const auto loaded = load_library(*package);
    must(loaded.has_value(), loaded ? "" : loaded.error().what);
    const std::uint64_t here = time_calls(**loaded, *host->table(), count, bytes);

    Isolation isolation;
    isolation.program = argv[2];
    const std::uint64_t begin = now_monotonic_ns();
    const auto remote = RemotePlugin::start(*package, *host->table(), isolation, true);
    must(remote.has_value(), remote ? "" : remote.error().what);
    const std::uint64_t start = now_monotonic_ns() - begin;
    const std::uint64_t there = time_calls(*(*remote)->module(), *host->table(), count, bytes);
    const std::uint64_t socket = time_socket(100, bytes + 100, count);

    const std::string process =
        "/proc/" + std::to_string((*remote)->describe()["pid"].as_integer());
    const std::uint64_t before = switches_of(process);
    // What is idle is seen only if time goes by.
    std::this_thread::sleep_for(std::chrono::seconds(2));
    std::cout << json::write(json::Object{
                     {"bytes", static_cast<std::int64_t>(bytes)},
                     {"in_process_ns", static_cast<std::int64_t>(here)},
                     {"own_process_ns", static_cast<std::int64_t>(there)},
                     {"socket_ns", static_cast<std::int64_t>(socket)},
                     {"start_ns", static_cast<std::int64_t>(start)},
                     {"pss_kib",
                      static_cast<std::int64_t>(number_in(process + "/smaps_rollup", "Pss:"))},
                     {"wake_ups", static_cast<std::int64_t>(switches_of(process) - before)}})
              << "\n";
    return 0;
}
