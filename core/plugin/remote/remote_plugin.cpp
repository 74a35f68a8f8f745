#include "core/plugin/remote/remote_plugin.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <utility>

#include <evenkeel/ext/storage.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/module.hpp"
#include "core/plugin/remote/plugin_user.hpp"

namespace evenkeel::plugin {
namespace {

using std::chrono::milliseconds;

// With one of these a plugin changes what is root's, or can become root: another user would protect
// nothing, and would own what it makes.
constexpr std::array kRootsWork = {"CAP_CHOWN",      "CAP_DAC_OVERRIDE", "CAP_FOWNER",
                                   "CAP_MKNOD",      "CAP_SETUID",       "CAP_SYS_ADMIN",
                                   "CAP_SYS_MODULE", "CAP_SYS_PTRACE",   "CAP_SYS_RAWIO"};

bool does_roots_work(const Permissions& permissions) {
    return std::any_of(kRootsWork.begin(), kRootsWork.end(),
                       [&](const char* name) { return permissions.declares(name); });
}

Error not_started(const Package& package, const Error& error) {
    const bool says_what_to_do = error.code == Errc::unsupported;
    return {error.code,
            "plugin " + package.name + ": " + error.what +
                (says_what_to_do ? "" : "; to see why run: ek-plugin doctor " + package.object)};
}

bool declares_nothing(const Permissions& permissions) {
    return permissions.paths.empty() && permissions.capabilities.empty() && !permissions.network &&
           !permissions.spawn;
}

constexpr std::uint64_t kShortagePauseNs = 1'000'000'000;

// It is the agent that has no descriptors or processes left: that says nothing about the plugin.
bool is_shortage(Errc code) {
    return code == Errc::limit || code == Errc::busy;
}

// False when that is over before.
bool wait_until_ns(std::uint64_t at_ns, const Until& until) {
    const Until end{until.at_ns == 0 ? at_ns : std::min(at_ns, until.at_ns), until.cancel_fd};
    if (now_monotonic_ns() < at_ns) wait_for(-1, 0, end);
    return now_monotonic_ns() >= at_ns;
}

}  // namespace

Result<std::shared_ptr<RemotePlugin>> RemotePlugin::start(Package package, const ek_host& host,
                                                          Isolation isolation,
                                                          bool accept_own_user) {
    std::shared_ptr<RemotePlugin> plugin(
        new RemotePlugin(std::move(package), host, std::move(isolation)));
    FolderOwner owner(plugin->service_.data_dir);
    EK_CHECK(plugin->prepare(accept_own_user));
    EK_CHECK(require_same_object(plugin->service_.package));
    auto child = plugin->start_process({});
    if (!child) return fail(not_started(plugin->service_.package, child.error()));
    EK_CHECK(require_same_object(plugin->service_.package));
    plugin->take_notes((*child)->notes(), !accept_own_user);
    plugin->tables_ = (*child)->tables();
    plugin->build_tables();
    const std::string rule = broken_rule(plugin->module_, plugin->service_.package);
    // It may contain a name that the process told.
    const std::string told = printable(head(borrow(rule), PrintedLines::kLineMost));
    if (!rule.empty()) return fail(misbehaviour(plugin->name(), told));
    owner.keep();
    return plugin;
}

RemotePlugin::RemotePlugin(Package package, const ek_host& host, Isolation isolation)
    : host_(host), isolation_(std::move(isolation)) {
    service_.package = std::move(package);
    service_.agent_version = copy(host.version);
    service_.data_dir = copy(host.data_dir);
    service_.has_storage = host.extension(host.ctx, EK_EXT_STORAGE) != nullptr;
    service_.hidden = isolation_.hidden;
}

RemotePlugin::~RemotePlugin() {
    if (child_) child_->stop();
}

Result<void> RemotePlugin::prepare(bool accept_own_user) {
    service_.permissions = EK_TRY(permissions_of(service_.package.manifest));
    if (auto& paths = service_.permissions.paths; !paths.empty())
        paths.insert(paths.end(), isolation_.more_paths.begin(), isolation_.more_paths.end());
    // Somebody tries a plugin out of a build tree, which may be closed to others.
    if (::geteuid() != 0 || accept_own_user) return {};
    if (does_roots_work(service_.permissions)) return give_to_root(service_.data_dir);
    const PluginUser user = EK_TRY(give_user(name(), service_.data_dir));
    service_.changes_user = true;
    service_.uid = user.uid;
    service_.gid = user.gid;
    if (service_.data_dir.empty()) return {};
    data_dir_ = Fd(::open(service_.data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (data_dir_) return {};
    return fail(system_error(errno, "cannot open " + service_.data_dir));
}

// Once, and not for each of its processes.
void RemotePlugin::take_notes(const std::vector<std::string>& notes, bool say) {
    std::vector<std::string> all = notes;
    if (declares_nothing(service_.permissions))
        all.insert(all.begin(),
                   "its manifest declares no permissions, so it can write only to its data "
                   "folder, and can neither start programs nor reach the network nor do what "
                   "only root may; if it has to, it needs a manifest that says so, or "
                   "isolation." +
                       name() + " \"none\"");
    {
        const std::lock_guard own(mutex_);
        notes_ = all;
    }
    if (!say) return;
    // What the machine lacks is the same for all plugins.
    static std::mutex mutex;
    static auto* const said = new std::set<std::string>;
    const std::lock_guard lock(mutex);
    for (const std::string& note : all)
        if (said->insert(note).second)
            log::warning("a plugin's process is bounded less than it could be, or cannot do much",
                         {{"plugin", name()}, {"note", note}});
}

void RemotePlugin::build_tables() {
    collections_.reserve(tables_.collections.size());
    for (const Tables::Collection& told : tables_.collections) {
        const auto index = static_cast<std::uint32_t>(collections_.size());
        collections_.push_back({remote_collection(told), this, index});
        collection_pointers_.push_back(&collections_.back().table);
    }
    module_ = remote_module(tables_);
    module_.collections = collection_pointers_.data();
    module_.collection_count = collection_pointers_.size();
}

Result<std::shared_ptr<ChildProcess>> RemotePlugin::start_process(const Until& until) {
    ChildProcess::Listener listener{host_, [this](const std::string& how) { note_ending(how); }};
    auto child =
        EK_TRY(ChildProcess::start(isolation_, service_, data_dir_.get(), std::move(listener),
                                   until.but_at_most(isolation_.start_patience)));
    // Its predecessor ends without the lock: who tells of an end takes it.
    auto last = child;
    const std::lock_guard lock(mutex_);
    ++started_;
    child_.swap(last);
    return child;
}

Result<std::shared_ptr<ChildProcess>> RemotePlugin::process(const Until& until) {
    for (;;) {
        if (auto child = running()) return child;
        if (const auto last = last_run()) last->how();  // its end counts from now on
        std::uint64_t not_before = 0;
        std::string last_end;
        {
            const std::lock_guard lock(mutex_);
            if (!held_.empty()) return fail(Errc::unavailable, held_);
            not_before = not_before_ns_;
            last_end = last_end_;
        }
        if (!wait_until_ns(not_before, until))
            return fail(Errc::unavailable, "its process is started again soon: " + last_end);
        const Turn turn(starts_, until);
        if (!turn) return fail(Errc::unavailable, "its process is being started");
        auto child = start_again(until);
        if (!child || *child) return child;
    }
}

Result<std::shared_ptr<ChildProcess>> RemotePlugin::start_again(const Until& until) {
    if (auto child = running()) return child;
    EK_CHECK(require_same_object(service_.package));
    auto child = start_process(until);
    // Who waits no longer says nothing about the plugin.
    if (!child && until.is_over())
        return fail(Errc::unavailable, "its process was not started in time");
    if (!child && is_shortage(child.error().code)) {
        const std::lock_guard lock(mutex_);
        not_before_ns_ = now_monotonic_ns() + kShortagePauseNs;
        return fail(Errc::unavailable, "its process cannot be started: " + child.error().what);
    }
    if (!child) return note_ending(child.error().what), std::shared_ptr<ChildProcess>();
    take_notes((*child)->notes(), true);
    if ((*child)->tables() == tables_) return child;
    (*child)->kill("its file was replaced");
    return fail(Errc::conflict, "the plugin " + name() + " was replaced by another one");
}

std::shared_ptr<ChildProcess> RemotePlugin::last_run() const {
    const std::lock_guard lock(mutex_);
    return child_;
}

std::shared_ptr<ChildProcess> RemotePlugin::running() const {
    const auto last = last_run();
    return last && !last->has_ended() && !last->end_if_busy() ? last : nullptr;
}

// No reference leaves the lock: who drops the last one waits for the end of the process.
void RemotePlugin::look() const {
    const std::lock_guard lock(mutex_);
    if (child_ && !child_->has_ended()) child_->end_if_busy();
}

void RemotePlugin::note_ending(const std::string& how) {
    std::string held;
    const std::string plugin = name() + " " + service_.package.version;
    {
        const std::lock_guard lock(mutex_);
        last_end_ = printable(how);
        const auto pause = restarts_.ended(milliseconds(now_monotonic_ms()));
        if (pause) {
            not_before_ns_ = now_monotonic_ns() +
                             static_cast<std::uint64_t>(std::chrono::nanoseconds(*pause).count());
        } else {
            held_ = held = "the process of the plugin " + plugin + " ended " +
                           std::to_string(Restarts::kMost) + " times in " +
                           std::to_string(Restarts::kWithin.count()) +
                           " min, at last: " + last_end_;
        }
    }
    log::warning("the process of a plugin has ended",
                 {{"plugin", plugin}, {"how", printable(how)}});
    if (!held.empty() && isolation_.on_held) isolation_.on_held(name(), held);
}

void RemotePlugin::release() {
    const std::lock_guard lock(mutex_);
    held_.clear();
    not_before_ns_ = 0;
    restarts_.forgive();
}

json::Value RemotePlugin::describe() const {
    const std::lock_guard lock(mutex_);
    const bool runs = child_ && !child_->has_ended();
    json::Object told;
    told.append("pid", runs ? json::Value(std::int64_t{child_->pid()}) : json::Value());
    told.append("restarts", std::int64_t{started_ > 0 ? started_ - 1 : 0});
    told.append("last_end", last_end_.empty() ? json::Value() : json::Value(last_end_));
    told.append("user",
                service_.changes_user ? json::Value(std::int64_t{service_.uid}) : json::Value());
    json::Array sentences;
    for (const std::string& note : notes_) sentences.emplace_back(note);
    told.append("notes", std::move(sentences));
    return told;
}

}  // namespace evenkeel::plugin
