// What a plugin costs its host. Each work in a process of its own, as nothing is loaded twice:
//   plugin_calls load FOLDER NAME    from its files to its checked tables, as the agent does it
//   plugin_calls dlopen FILE         dlopen of a shared object and its entry, and nothing else
// Both print {"ns"}.
//   plugin_calls calls FOLDER PLUGIN_HOST ROUNDS CALLS
// FOLDER has the test plugin `memory`. Reads one resource of 1 KiB, in turns: `direct` by the
// pointer in the plugin's table and `checked` by the host's Collection, both in this process and
// with a stamp that holds, so that the plugin has nothing to tell; `apart` the whole state from a
// process of its own, and `socket` as many bytes there and back with nothing else done. Prints
// {"bytes"} there and back and of each work the median of each round, in ns.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/time.hpp"
#include "core/json/json.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/channel/records.hpp"
#include "core/plugin/collection.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/load.hpp"
#include "core/plugin/remote/remote_plugin.hpp"

namespace {

using namespace evenkeel;
using namespace evenkeel::plugin;

constexpr const char* kId = "one";
constexpr const char* kIds = R"(["one"])";
constexpr std::chrono::minutes kPatience{10};

void must(bool good, const std::string& what) {
    if (good) return;
    std::cerr << "plugin_calls: " << what << "\n";
    std::exit(1);
}

template <typename T>
T must_have(Result<T> result) {
    must(result.has_value(), result ? "" : result.error().what);
    return std::move(*result);
}

template <typename Work>
std::uint64_t ns_of(const Work& work) {
    const std::uint64_t begin = now_monotonic_ns();
    work();
    return now_monotonic_ns() - begin;
}

template <typename Work>
json::Value median_ns(std::size_t calls, const Work& work) {
    for (std::size_t i = 0; i < calls / 10; ++i) work();
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < calls; ++i) all.push_back(ns_of(work));
    const auto middle = all.begin() + static_cast<long>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    return *middle;
}

LoadOptions options() {
    LoadOptions options;
    options.accept_own_user = true;
    return options;
}

json::Value state() {
    return json::Object{{"text", std::string(1000, 'x')}};
}

// The first collection of a module, called as its table has it.
class Direct {
  public:
    Direct(const ek_module& module, const ek_host& host)
        : module_(module), table_(*module.collections[0]) {
        out_ = {
            sizeof(ek_out),
            0,
            this,
            [](void* self, const ek_item* item) { return static_cast<Direct*>(self)->take(*item); },
            [](void*, const ek_state*) { return ek_status{EK_OK}; },
            [](void*, const ek_change*) { return ek_status{EK_OK}; },
            [](void*, const ek_diag*) { return ek_status{EK_OK}; },
            [](void*, const ek_progress*) { return ek_status{EK_OK}; },
            [](void*, const ek_output*) { return ek_status{EK_OK}; },
            [](void*, const ek_subject*) { return ek_status{EK_OK}; }};
        call_.size = sizeof(call_);
        call_.cancel_fd = -1;
        call_.out = &out_;
        call_.cancelled = [](const ek_call*) { return std::int32_t{0}; };
        call_.deadline_ns = now_monotonic_ns() +
                            static_cast<std::uint64_t>(std::chrono::nanoseconds(kPatience).count());
        must(module.open(&host, &call_, &table_, borrow("{}"), &instance_) == EK_OK, "open fails");
        const std::string text = json::write(state());
        must(table_.apply(instance_, &call_, borrow(kId), borrow(text)) == EK_OK, "apply fails");
    }
    ~Direct() { module_.close(instance_); }
    Direct(const Direct&) = delete;
    Direct& operator=(const Direct&) = delete;

    void read() { must(table_.read(instance_, &call_, borrow(kIds)) == EK_OK, "read fails"); }
    // From now on the host knows what was read last.
    void know() {
        known_ = stamp_;
        given_ = borrow(known_);
        call_.stamps = &given_;
        call_.stamp_count = 1;
    }
    // As frames, of a read() before know().
    std::size_t request_bytes() const {
        Request request;
        request.operation = Operation::read;
        request.first = borrow(kIds);
        return frame_of(request).bytes().size();
    }
    std::size_t answer_bytes() const {
        Ended ended;
        ended.status = EK_OK;
        return item_bytes_ + frame_of(ended).bytes().size();
    }

  private:
    ek_status take(const ek_item& item) {
        if (item_bytes_ == 0) {
            stamp_ = copy(item.stamp);
            item_bytes_ = frame_of(&item).bytes().size();
        }
        const bool is_unchanged = (item.flags & EK_ITEM_UNCHANGED) != 0;
        must(is_unchanged == (call_.stamp_count != 0), "the stamp is not what it was");
        return EK_OK;
    }

    const ek_module& module_;
    const ek_collection& table_;
    ek_out out_{};
    ek_call call_{};
    ek_instance* instance_ = nullptr;
    std::string stamp_, known_;
    ek_str given_{};
    std::size_t item_bytes_ = 0;
};

// The same collection as the agent calls it.
class Checked {
  public:
    explicit Checked(const std::string& folder)
        : collections_(must_have(load({folder}, "memory", options()))) {
        call_.timeout = kPatience;
        must(!collection().apply(kId, state(), false, call_).error, "apply fails");
        const auto items = must_have(collection().read({kId}, call_));
        known_.push_back({kId, items.at(0).stamp});
    }
    void read() {
        must(must_have(collection().read_changed(known_, call_)).at(0).unchanged, "it has changed");
    }

  private:
    Collection& collection() { return *collections_.front(); }

    Call call_;
    std::vector<std::unique_ptr<Collection>> collections_;
    std::vector<Known> known_;
};

// Another process at a socket that takes so many bytes and answers so many.
class Echo {
  public:
    Echo(std::size_t request, std::size_t answer)
        : request_(request), answer_(answer), bytes_(std::max(request, answer)) {
        int ends[2];
        must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
        if (::fork() == 0) {
            ::close(ends[0]);  // else the other end would never be its last
            while (::recv(ends[1], bytes_.data(), request_, MSG_WAITALL) > 0)
                if (::send(ends[1], bytes_.data(), answer_, 0) < 0) break;
            std::_Exit(0);
        }
        ::close(ends[1]);
        socket_ = ends[0];
    }
    ~Echo() { ::close(socket_); }
    Echo(const Echo&) = delete;
    Echo& operator=(const Echo&) = delete;

    void ask() {
        must(::send(socket_, bytes_.data(), request_, 0) > 0, "send");
        must(::recv(socket_, bytes_.data(), answer_, MSG_WAITALL) > 0, "receive");
    }

  private:
    const std::size_t request_, answer_;
    std::vector<char> bytes_;
    int socket_ = -1;
};

json::Object measure_load(const std::string& folder, const std::string& name) {
    const std::uint64_t ns =
        ns_of([&] { must_have(load_library(must_have(find_package({folder}, name, options())))); });
    return {{"ns", ns}};
}

json::Object measure_dlopen(const std::string& file) {
    const std::uint64_t ns = ns_of([&] {
        void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
        must(library != nullptr, file + " is not loaded");
        using Entry = const ek_module* (*)();
        const auto entry = reinterpret_cast<Entry>(::dlsym(library, "ek_module_v1"));
        must(entry != nullptr && entry() != nullptr, file + " has no module");
    });
    return {{"ns", ns}};
}

json::Object measure_calls(const std::string& folder, const std::string& program,
                           std::size_t rounds, std::size_t calls) {
    const Package package = must_have(find_package({folder}, "memory", options()));
    const auto host = must_have(Host::make(package, options()));
    Direct direct(*must_have(load_library(package)), *host->table());
    direct.read();
    const std::size_t request = direct.request_bytes(), answer = direct.answer_bytes();
    direct.know();
    Echo echo(request, answer);
    Checked checked(folder);
    Isolation isolation;
    isolation.program = program;
    const auto remote = must_have(RemotePlugin::start(package, *host->table(), isolation, true));
    Direct apart(*remote->module(), *host->table());

    json::Object found{{"bytes", request + answer}};
    for (const char* work : {"direct", "checked", "apart", "socket"})
        found.set(work, json::Array{});
    const auto add = [&](const char* work, json::Value ns) {
        found.find(work)->as_array().push_back(std::move(ns));
    };
    for (std::size_t round = 0; round < rounds; ++round) {
        add("direct", median_ns(calls, [&] { direct.read(); }));
        add("checked", median_ns(calls, [&] { checked.read(); }));
        add("apart", median_ns(calls, [&] { apart.read(); }));
        add("socket", median_ns(calls, [&] { echo.ask(); }));
    }
    return found;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const std::string work = words.empty() ? "" : words[0];
    json::Object found;
    if (work == "load" && words.size() == 3) found = measure_load(words[1], words[2]);
    else if (work == "dlopen" && words.size() == 2) found = measure_dlopen(words[1]);
    else if (work == "calls" && words.size() == 5)
        found = measure_calls(words[1], words[2], std::stoul(words[3]), std::stoul(words[4]));
    else return 2;
    std::cout << json::write(found) << "\n";
    return 0;
}
