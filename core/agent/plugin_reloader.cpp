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
#include "core/plugin/reactor.hpp"
#include "core/plugin/remote/remote_plugin.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::string_view kSumFile = ".sum.json";

// The plugins whose sum files were written, or have gone.
std::vector<std::string> read_names(int inotify) {
    std::vector<std::string> names;
    alignas(inotify_event) std::array<char, 16 * 1024> buffer;
    const ssize_t length = ::read(inotify, buffer.data(), buffer.size());
    for (ssize_t at = 0; at < length;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        std::string name = event->len > 0 ? event->name : "";
        if (!name.ends_with(kSumFile)) continue;
        name.resize(name.size() - kSumFile.size());
        if (!name.empty()) names.push_back(std::move(name));
    }
    return names;
}

}  // namespace

PluginReloader::PluginReloader(Agent& agent, PluginLoader& loader, run::Loop& loop)
    : agent_(agent),
      loader_(loader),
      loop_(loop),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      loaded_sums_(std::make_shared<std::map<std::string, std::string>>()),
      self_(std::make_shared<PluginReloader*>(this)) {
    watch_folders();
    agent_.load_held = [this](const std::string& plugin,
                              const std::function<void(const Result<void>&)>& done) {
        load_held(plugin, done);
    };
}

PluginReloader::~PluginReloader() {
    *self_ = nullptr;
    agent_.load_held = nullptr;
    if (const auto reactor = plugin::Reactor::shared()) (*reactor)->remove_all(this);
    lane_.stop(std::chrono::seconds(5));
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
        const auto tell = [self = self_, post = loop_.poster()](const std::string& name) {
            post([self, name] {
                if (*self) (*self)->on_written(name);
            });
        };
        watched = (*reactor)
                      ->add(this, inotify_.get(), POLLIN,
                            [tell, fd = inotify_.get()](std::uint32_t) {
                                for (const std::string& name : read_names(fd)) tell(name);
                            })
                      .has_value();
    }
    if (!watched) log::warning("nobody notices when plugins are replaced: restart the agent then");
}

std::string PluginReloader::running_sum(const std::string& plugin) const {
    for (const auto& [name, runner] : agent_.registry()) {
        const plugin::RemotePlugin* process = runner->collection().process();
        if (process != nullptr && process->name() == plugin) return process->sha256();
    }
    return "";
}

void PluginReloader::load(const std::string& plugin,
                          const std::optional<std::string>& running_sha256,
                          std::function<void(const Loaded&)> then) {
    const auto work = [self = self_, &loader = loader_, sums = loaded_sums_, post = loop_.poster(),
                       plugin, running_sha256, then = std::move(then)] {
        // One writing may be told twice, and what came of the first is not served yet.
        std::string& last = (*sums)[plugin];
        const std::string known = last.empty() ? running_sha256.value_or("") : last;
        auto loaded =
            std::make_shared<Loaded>(loader.load_again(plugin, running_sha256 ? known : ""));
        if (*loaded && !(*loaded)->empty()) last = (**loaded).front()->process()->sha256();
        post([self, plugin, loaded, then] {
            if (*self == nullptr) return;
            if (*loaded && !(*loaded)->empty()) (*self)->agent_.replace(plugin, **loaded);
            then(*loaded);
        });
    };
    static_cast<void>(lane_.submit(work));
}

void PluginReloader::tell_not_used(const std::string& plugin, const Error& error) {
    log::error("a plugin is not used", {{"plugin", plugin}, {"why", error.what}});
    agent_.registry().warn_of_files(plugin, error.what);
}

bool PluginReloader::is_there(const std::string& plugin) const {
    const auto& folders = loader_.folders();
    return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
        return ::access((folder + "/" + plugin + std::string(kSumFile)).c_str(), F_OK) == 0;
    });
}

void PluginReloader::on_written(const std::string& plugin) {
    if (!loader_.may_load(plugin)) return;
    load(plugin, running_sum(plugin), [this, plugin](const Loaded& loaded) {
        // One that is gone was a name for the time of the writing, or is removed; it goes on.
        if (loaded || !is_there(plugin)) agent_.registry().warn_of_files(plugin, "");
        else tell_not_used(plugin, loaded.error());
    });
}

// One that runs in this process has to wait for the next.
void PluginReloader::load_held(const std::string& plugin,
                               const std::function<void(const Result<void>&)>& done) {
    load(plugin, std::nullopt, [this, plugin, done](const Loaded& loaded) {
        if (loaded) return done({});
        const Error& error = loaded.error();
        if (error.code == Errc::conflict) return done(fail(error));
        agent_.registry().forget_refusals(plugin);
        agent_.registry().refuse({"", plugin, error.what});
        done(fail(error.code, plugin + " is released, and not used: " + error.what));
    });
}

}  // namespace evenkeel::agent
