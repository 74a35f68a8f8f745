#include "core/agent/plugin_reloader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/base/log.hpp"
#include "core/base/may_pass.hpp"
#include "core/plugin/reactor.hpp"
#include "core/plugin/remote/remote_plugin.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::string_view kSumFile = ".sum.json";
// More than a plugin's process has to start.
constexpr std::chrono::seconds kLongestLoad{15};

// A sum file was written, or has gone.
struct Seen {
    std::string plugin;
    bool is_gone;
};

std::vector<Seen> read_seen(int inotify) {
    std::vector<Seen> all;
    alignas(inotify_event) std::array<char, 16 * 1024> buffer;
    const ssize_t length = ::read(inotify, buffer.data(), buffer.size());
    for (ssize_t at = 0; at < length;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        std::string name = event->len > 0 ? event->name : "";
        if (!name.ends_with(kSumFile)) continue;
        name.resize(name.size() - kSumFile.size());
        const bool is_gone = (event->mask & (IN_MOVED_FROM | IN_DELETE)) != 0;
        if (!name.empty()) all.push_back({std::move(name), is_gone});
    }
    return all;
}

}  // namespace

PluginReloader::PluginReloader(Agent& agent, PluginLoader& loader, run::Loop& loop)
    : PluginReloader(agent, loader, loop, Pauses{}) {}

PluginReloader::PluginReloader(Agent& agent, PluginLoader& loader, run::Loop& loop, Pauses pauses)
    : agent_(agent),
      loader_(loader),
      loop_(loop),
      pauses_(pauses),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      loaded_packages_(std::make_shared<std::map<std::string, plugin::Package>>()),
      self_(std::make_shared<PluginReloader*>(this)) {
    watch_folders();
    agent_.load_held = [this](const std::string& plugin,
                              const std::function<void(const Result<void>&)>& done) {
        load_held(plugin, done);
    };
    for (const std::string& plugin : loader_.not_started()) load_later(plugin);
}

PluginReloader::~PluginReloader() {
    *self_ = nullptr;
    agent_.load_held = nullptr;
    if (const auto reactor = plugin::Reactor::shared()) {
        // On its thread, so that nobody reads from the descriptor any more.
        static_cast<void>((*reactor)->run([r = *reactor, key = this] { r->remove_all(key); },
                                          std::chrono::seconds(5)));
    }
    lane_.stop(kLongestLoad);
}

void PluginReloader::watch_folders() {
    const auto reactor = plugin::Reactor::shared();
    bool watched = inotify_ && reactor;
    for (const std::string& folder : loader_.folders()) {
        if (!watched) break;
        ::inotify_add_watch(inotify_.get(), folder.c_str(),
                            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
    }
    if (watched) {
        const auto tell = [self = self_, post = loop_.poster()](const Seen& seen) {
            post([self, seen] {
                if (*self == nullptr) return;
                if (seen.is_gone) (*self)->on_gone(seen.plugin);
                else (*self)->on_written(seen.plugin);
            });
        };
        watched = (*reactor)
                      ->add(this, inotify_.get(), POLLIN,
                            [tell, fd = inotify_.get()](std::uint32_t) {
                                for (const Seen& seen : read_seen(fd)) tell(seen);
                            })
                      .has_value();
    }
    if (!watched) log::warning("nobody notices when plugins are replaced: restart the agent then");
}

std::optional<plugin::Package> PluginReloader::running(const std::string& plugin) const {
    for (const auto& [name, runner] : agent_.registry()) {
        const plugin::RemotePlugin* process = runner->collection().process();
        if (process != nullptr && process->name() == plugin) return process->package();
    }
    return std::nullopt;
}

void PluginReloader::load(const std::string& plugin, bool always,
                          const std::function<void(const Result<void>&)>& then) {
    const auto work = [self = self_, &loader = loader_, packages = loaded_packages_,
                       post = loop_.poster(), plugin, always, running = running(plugin), then] {
        // One writing may be told twice, and what came of the first is not served yet.
        const auto last = packages->find(plugin);
        const plugin::Package* known = last != packages->end() ? &last->second
                                       : running               ? &*running
                                                               : nullptr;
        const auto loaded = std::make_shared<Result<PluginLoader::Collections>>(
            loader.load_again(plugin, always ? nullptr : known));
        if (*loaded && !(*loaded)->empty())
            (*packages)[plugin] = (**loaded).front()->process()->package();
        post([self, plugin, loaded, then] {
            if (*self == nullptr) return;
            if (!*loaded) return then(fail(loaded->error()));
            then((*loaded)->empty() ? Result<void>() : (*self)->agent_.replace(plugin, **loaded));
        });
    };
    if (auto queued = lane_.submit(work); !queued)
        loop_.post([self = self_, then, error = queued.error()] {
            if (*self != nullptr) then(fail(error));
        });
}

bool PluginReloader::is_there(const std::string& plugin) const {
    const auto& folders = loader_.folders();
    return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
        return ::access((folder + "/" + plugin + std::string(kSumFile)).c_str(), F_OK) == 0;
    });
}

void PluginReloader::tell(const std::string& plugin, const Result<void>& used) {
    // A name that files have only while they are written is not there any more.
    const bool is_wrong = !used && is_there(plugin);
    agent_.registry().warn_of_files(plugin, is_wrong ? used.error().what : "");
    if (is_wrong)
        log::error("a plugin is not used", {{"plugin", plugin}, {"why", used.error().what}});
    if (is_wrong && may_pass(used.error().code)) load_later(plugin);
    else retries_.erase(plugin);
}

void PluginReloader::load_later(const std::string& plugin) {
    Retry& retry =
        retries_
            .try_emplace(plugin,
                         Retry{run::Backoff::without_jitter(pauses_.shortest, pauses_.longest), {}})
            .first->second;
    retry.next = loop_.after(retry.pauses.next(), [this, plugin] {
        load(plugin, false, [this, plugin](const Result<void>& used) { tell(plugin, used); });
    });
}

void PluginReloader::on_written(const std::string& plugin) {
    if (!loader_.may_load(plugin)) return;
    retries_.erase(plugin);
    load(plugin, false, [this, plugin](const Result<void>& used) { tell(plugin, used); });
}

// A plugin that runs goes on without its files.
void PluginReloader::on_gone(const std::string& plugin) {
    if (!is_there(plugin)) agent_.registry().warn_of_files(plugin, "");
}

// One that runs in this process has to wait for the next.
void PluginReloader::load_held(const std::string& plugin,
                               const std::function<void(const Result<void>&)>& done) {
    load(plugin, true, [this, plugin, done](const Result<void>& used) {
        if (used) return done({});
        const Error& error = used.error();
        if (error.code == Errc::conflict) return done(fail(error));
        agent_.registry().forget_refusals(plugin);
        agent_.registry().refuse({"", plugin, error.what});
        if (may_pass(error.code)) load_later(plugin);
        done(fail(error.code, plugin + " is released, and not used: " + error.what));
    });
}

}  // namespace evenkeel::agent
