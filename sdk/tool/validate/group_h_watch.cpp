#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/process_state.hpp"
#include "sdk/tool/validate/tools.hpp"
#include "sdk/tool/validate/watcher.hpp"

namespace evenkeel::validate {
namespace group_h {

constexpr int kSeenMs = 1000;    // in which a hint has to come
constexpr int kSettleMs = 1500;  // after which what was pending has come

// A watch with one id of interest, and somebody else who changes it.
class Watched {
  public:
    explicit Watched(Bench& bench) : bench_(bench), name_(copy(bench.collection().name)) {
        bench.need(EK_CAP_WATCH, "watch");
        id = bench.samples().id(0);
        if (!bench.is_shared())
            skip("resources live in the plugin's memory: nobody else can change them");
        bench.stranger().remove(name_, id);
        instance_ = bench.open();
        watcher = std::make_unique<Watcher>(bench, *instance_);
        watcher->interest(id);
    }
    ~Watched() {
        watcher->close();
        instance_->remove(id);
    }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    void apply(const json::Value& description) { bench_.stranger().apply(name_, id, description); }
    void remove() { bench_.stranger().remove(name_, id); }
    void churn(int times) {
        bench_.stranger().churn(name_, id, bench_.samples().first(), bench_.samples().second(),
                                times);
    }
    // Lets go by what the beginning and the last change have caused.
    void settle() {
        watcher->run(300);
        watcher->forget_hints();
    }
    void demand_hint(const char* what) {
        const bool seen = watcher->run(kSeenMs, [&] { return watcher->hinted(id); });
        demand(seen, std::string(what) + " by another process is not seen within 1 s");
    }
    Instance& instance() { return *instance_; }

    std::string id;
    std::unique_ptr<Watcher> watcher;

  private:
    Bench& bench_;
    std::string name_;
    std::unique_ptr<Instance> instance_;
};

void descriptors_are_good(Bench& bench) {
    bench.need(EK_CAP_WATCH, "watch");
    const auto instance = bench.open();
    Watcher watcher(bench, *instance);
    watcher.interest(bench.samples().id(0));
    watcher.run(100);
    for (const auto& [fd, events] : watcher.fds) {
        const std::string which = "descriptor " + std::to_string(fd) + " of the watch";
        demand((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, which + " can block");
        demand((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, which + " is not close-on-exec");
    }
}

void quiet_when_idle(Bench& bench) {
    bench.need(EK_CAP_WATCH, "watch");
    const auto instance = bench.open();
    Watcher watcher(bench, *instance);
    watcher.interest(bench.samples().id(0));
    watcher.run(kSettleMs);
    // Others may be at work in a folder that it has to watch: one quiet second is enough.
    for (int i = 0; i < 6; ++i) {
        watcher.wakes = 0;
        watcher.run(1000);
        if (watcher.wakes == 0) return;
    }
    broken("it wakes " + std::to_string(watcher.wakes) + " times in a second in which nothing is");
}

void create_is_seen(Bench& bench) {
    Watched watched(bench);
    watched.settle();
    watched.apply(bench.samples().first());
    watched.demand_hint("a creation");
}

void update_is_seen(Bench& bench) {
    Watched watched(bench);
    watched.apply(bench.samples().first());
    watched.settle();
    watched.apply(bench.samples().second());
    watched.demand_hint("an update");
}

void delete_is_seen(Bench& bench) {
    Watched watched(bench);
    watched.apply(bench.samples().first());
    watched.settle();
    watched.remove();
    watched.demand_hint("a removal");
}

void hints_are_real(Bench& bench) {
    Watched watched(bench);
    const std::string other = bench.samples().id(1);
    watched.watcher->interest(other);
    watched.apply(bench.samples().first());
    watched.watcher->run(kSeenMs / 2);
    for (const Hint& hint : watched.watcher->hints) {
        demand(hint.id.empty() || hint.id == watched.id || hint.id == other,
               "a hint names \"" + hint.id + "\", which nobody is interested in");
        demand(hint.kind != EK_HINT_MISSED || hint.id.empty(), "a MISSED hint has an id");
    }
    watched.watcher->interest(other, false);
    watched.watcher->interest(watched.id, false);
    watched.settle();
    watched.apply(bench.samples().second());
    watched.watcher->run(kSeenMs / 2);
    for (const Hint& hint : watched.watcher->hints)
        demand(hint.id != watched.id, "a hint comes though the interest has ended");
}

void burst_ends_right(Bench& bench) {
    if (!bench.samples().settings().many) skip("the settings say that not much can be changed");
    constexpr int kEvents = 1000;
    Watched watched(bench);
    need_pace(bench, watched.instance(), kEvents, 20);
    watched.settle();
    watched.churn(kEvents);
    watched.demand_hint("the last of 1,000 changes");
    watched.watcher->run(100);
    const auto paths = differing_paths(bench, watched.instance(), bench.samples().second(),
                                       watched.instance().state(watched.id));
    demand(paths.empty(), "after a burst of 1,000 changes, another state than the last is read");
    watched.settle();
    watched.apply(bench.samples().first());
    watched.demand_hint("after a burst, a change");
}

// The inodes that an inotify descriptor watches.
std::set<std::string> watched_inodes(int fd) {
    std::set<std::string> inodes;
    std::ifstream info("/proc/self/fdinfo/" + std::to_string(fd));
    for (std::string line; std::getline(info, line);)
        if (const auto at = line.find("ino:"); line.starts_with("inotify ") && at != line.npos)
            inodes.insert(line.substr(at + 4, line.find(' ', at) - at - 4));
    return inodes;
}

// Folders in the scratch folder that one of the watch's inotify descriptors looks at.
std::vector<std::string> watched_folders(Bench& bench, const Watcher& watcher) {
    std::vector<std::string> folders;
    std::set<std::string> inodes;
    for (const auto& [fd, events] : watcher.fds) inodes.merge(watched_inodes(fd));
    std::error_code error;
    std::vector<std::string> all = {bench.scratch()};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(bench.scratch(), error))
        if (entry.is_directory(error)) all.push_back(entry.path());
    for (const std::string& folder : all) {
        struct stat info {};
        std::ostringstream inode;
        if (::stat(folder.c_str(), &info) == 0) inode << std::hex << info.st_ino;
        if (inodes.count(inode.str()) != 0) folders.push_back(folder);
    }
    return folders;
}

void overflow_is_told(Bench& bench) {
    Watched watched(bench);
    watched.apply(bench.samples().first());
    watched.settle();
    const auto folders = watched_folders(bench, *watched.watcher);
    if (folders.empty()) skip("its events are not those of inotify in the scratch folder");
    std::size_t most = 16'384;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
    if (most > 200'000) skip("the queue of inotify is too long here to overflow");
    for (const std::string& folder : folders) {
        const std::string path = folder + "/.flood";
        for (std::size_t i = 0; i < most / 2 + 10; ++i) {
            Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
            ::unlink(path.c_str());
        }
    }
    const auto any = [&] {
        return std::any_of(watched.watcher->hints.begin(), watched.watcher->hints.end(),
                           [](const Hint& hint) { return hint.id.empty(); });
    };
    demand(
        watched.watcher->run(3000, any),
        "when the queue of events overflows, it does not say that any resource may have changed");
    watched.settle();
    watched.apply(bench.samples().second());
    watched.demand_hint("after an overflow, a change");
}

void spurious_wake_is_harmless(Bench& bench) {
    bench.need(EK_CAP_WATCH, "watch");
    const auto instance = bench.open();
    Watcher watcher(bench, *instance);
    watcher.interest(bench.samples().id(0));
    watcher.run(200);
    const auto fds = watcher.fds;
    for (const auto& [fd, events] : fds) {
        watcher.longest_ready_ns = 0;
        const ek_status status = watcher.ready(fd, POLLIN);
        demand(status == EK_OK,
               "woken without an event, watch_ready answers " + status_name(status));
        demand(watcher.longest_ready_ns < 100'000'000, "woken without an event, it blocks");
    }
    const ek_status status = watcher.ready(-1, 0);
    demand(status == EK_OK,
           "at a timer that it did not set, watch_ready answers " + status_name(status));
}

void close_returns_all(Bench& bench) {
    bench.need(EK_CAP_WATCH, "watch");
    const auto instance = bench.open();
    instance->state(bench.samples().absent_id());
    { Watcher(bench, *instance).run(100); }
    const auto before = open_descriptors();
    const auto threads_before = threads();
    Watcher watcher(bench, *instance);
    watcher.interest(bench.samples().id(0));
    watcher.run(100);
    watcher.close();
    demand(watcher.fds.empty(), "after watch_close the host still polls a descriptor");
    for (const auto& [fd, target] : open_descriptors())
        demand(before.count(fd) != 0, "after watch_close, " + target + " is still open");
    demand(threads().size() <= threads_before.size(), "after watch_close, a thread is left");
}

void close_with_events(Bench& bench) {
    Watched watched(bench);
    watched.settle();
    watched.apply(bench.samples().first());
    watched.watcher->close();
    ::usleep(100'000);
    demand(watched.watcher->late == 0, "it calls the host after watch_close");
    Watcher again(bench, watched.instance());
    again.interest(watched.id);
    again.run(100);
    watched.apply(bench.samples().second());
    demand(again.run(kSeenMs, [&] { return again.hinted(watched.id); }),
           "a watch that is opened after another one was closed sees nothing");
}

void survives_replacement(Bench& bench) {
    Watched watched(bench);
    watched.apply(bench.samples().first());
    watched.settle();
    for (int i = 0; i < 2; ++i) {
        // By another one: for one like it nobody has to be woken.
        watched.remove();
        watched.apply(bench.samples().second());
        watched.demand_hint("a replacement");
        watched.settle();
        watched.apply(bench.samples().first());
        watched.demand_hint("a change after a replacement");
        watched.settle();
    }
}

}  // namespace group_h

std::vector<Check> watch_checks() {
    using namespace group_h;
    constexpr auto kEach = Scope::collection;
    return {
        {"H01", "descriptors are non-blocking and close-on-exec", kEach, descriptors_are_good},
        {"H02", "it is quiet while nothing happens", kEach, quiet_when_idle},
        {"H03", "a creation by others is seen in 1 s", kEach, create_is_seen},
        {"H04", "an update by others is seen in 1 s", kEach, update_is_seen},
        {"H05", "a removal by others is seen in 1 s", kEach, delete_is_seen},
        {"H06", "hints name only what is of interest", kEach, hints_are_real},
        {"H07", "after 1,000 changes the last one is known", kEach, burst_ends_right},
        {"H08", "lost events are told", kEach, overflow_is_told},
        {"H09", "woken for nothing, it returns at once", kEach, spurious_wake_is_harmless},
        {"H10", "watch_close returns every descriptor", kEach, close_returns_all},
        {"H11", "a watch can be closed while events are waiting", kEach, close_with_events},
        {"H12", "it survives that the resource is replaced", kEach, survives_replacement},
    };
}

}  // namespace evenkeel::validate
