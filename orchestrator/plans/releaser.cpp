#include "orchestrator/plans/releaser.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/may_pass.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/release.hpp"
#include "orchestrator/plans/touched.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/state.hpp"
#include "orchestrator/state/to_compile.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::plans {

// What one look at the hosts to compile has led to.
struct Batch {
    std::vector<Release> releases;
    std::vector<std::string> others;  // ids of hosts that are to be compiled as well
    bool has_more = false;
    std::uint64_t peers_read = 0;  // so far
    Result<void> read = {};
    std::size_t open = 0;  // works whose commit is awaited
    bool is_outdated = false;
    bool has_held = false;
};

// What hosts compiled one batch after the other share.
struct Shared {
    explicit Shared(const std::atomic<bool>& stops) : peers(std::make_shared<Peers>(&stops)) {}

    std::shared_ptr<const ModelIndex> index;
    std::shared_ptr<Peers> peers;
};

namespace {

// Enough to share what is read for all, and few enough for the memory.
constexpr std::size_t kHostsAtOnce = 256;
constexpr std::size_t kBytesAtOnce = 64 << 20;  // of descriptions
constexpr std::chrono::seconds kRetryAfter{5};

// Reads which hosts are to be compiled and compiles them, on a thread of its own.
class Compiling {
  public:
    Compiling(const state::View& view, const secrets::Protector& protector,
              const state::SchemaCache& schemas, const ModelIndex& index,
              std::shared_ptr<Peers> peers, const std::atomic<bool>& stops)
        : view_(view),
          protector_(protector),
          index_(index),
          peers_(peers),
          compiler_(view, schemas, index.model(), std::move(peers)),
          stops_(stops) {}

    Result<void> read(const std::set<std::string>& waiting, Batch& batch) {
        EK_CHECK(
            view_.to_compile().each([&](std::string_view host, const state::HostToCompile& seen) {
                if (waiting.contains(std::string(host))) return true;
                batch.has_more = batch.releases.size() == kHostsAtOnce;
                if (batch.has_more) return false;
                batch.releases.push_back(
                    {.host = std::string(host), .seen = seen, .model = index_.model().revision()});
                return true;
            }));
        // A peer that changes later is in a later batch, by which those that know it are marked.
        if (std::any_of(batch.releases.begin(), batch.releases.end(),
                        [](const Release& one) { return !changes_of_host(one).empty(); })) {
            peers_->forget();
        }
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < batch.releases.size(); ++i) {
            Release& release = batch.releases[i];
            release.read = fill(release);
            if (release.host_release) bytes += release.host_release->bytes;
            if (stops_) return fail(Errc::cancelled, "it ends");
            if (bytes <= kBytesAtOnce || i + 1 == batch.releases.size()) continue;
            batch.releases.resize(i + 1);
            batch.has_more = true;
        }
        return find_others(batch);
    }

  private:
    // What others may see of it; the rest is of the host itself alone.
    static std::vector<std::string> changes_of_host(const Release& release) {
        std::vector<std::string> names(release.seen.changed.begin(), release.seen.changed.end());
        std::erase_if(names, [](const std::string& name) {
            return name == state::kModelChanged || name == state::kModelEdited ||
                   name == state::kCollections;
        });
        return names;
    }

    Result<void> fill(Release& release) {
        const auto wanted = EK_TRY(view_.wanted().find(release.host));
        release.was_held = wanted && wanted->status == state::WantedStatus::held;
        auto host = EK_TRY(view_.hosts().find(release.host));
        if (host && host->retired()) host.reset();
        HostChange change;
        change.names = changes_of_host(release);
        bool is_concerned = change.names.size() < release.seen.changed.size();
        if (!change.names.empty()) {
            compile::Host seen;
            if (host) seen = compiled_host(*host);
            if (host) change.after = &seen;
            TouchedByHost touched = touched_by(index_, change);
            is_concerned = is_concerned || touched.is_itself;
            rules_.insert(rules_.end(), touched.rules.begin(), touched.rules.end());
        }
        if (!host || !is_concerned) return {};
        release.host_release =
            EK_TRY(make_release(compiler_, view_, protector_, index_.model(), *host));
        return {};
    }

    // The hosts for which one of the changed ones may be a peer. Those of the batch have seen it.
    Result<void> find_others(Batch& batch) {
        if (rules_.empty()) return {};
        std::set<std::string_view> compiled;
        for (const Release& release : batch.releases) {
            if (release.host_release) compiled.insert(release.host);
        }
        Result<void> read;
        EK_CHECK(view_.hosts().each_in("", [&](const state::Host& other) {
            if (stops_) read = fail(Errc::cancelled, "it ends");
            if (!read) return false;
            if (compiled.contains(other.id)) return true;
            const compile::Host one = compiled_host(other);
            const bool is_touched =
                std::any_of(rules_.begin(), rules_.end(),
                            [&one](const TouchedRule& rule) { return rule.touches(one); });
            if (is_touched) batch.others.push_back(other.id);
            return true;
        }));
        return read;
    }

    const state::View& view_;
    const secrets::Protector& protector_;
    const ModelIndex& index_;
    std::shared_ptr<Peers> peers_;
    HostCompiler compiler_;
    const std::atomic<bool>& stops_;
    std::vector<TouchedRule> rules_;
};

Result<void> mark(state::Edit& edit, const std::vector<std::string>& hosts) {
    for (const std::string& host : hosts) {
        const auto there = EK_TRY(edit.to_compile().find(host));
        const bool is_marked =
            there && (there->is_everything() || there->changed.contains(state::kModelChanged));
        if (!is_marked) EK_CHECK(edit.to_compile().put(host, {state::kModelChanged}));
    }
    return {};
}

}  // namespace

Releaser::Releaser(Options options)
    : options_(std::move(options)),
      lane_({.name = "compile", .queue_depth_max = 10}),
      shared_(std::make_shared<Shared>(*stops_)) {}

Releaser::~Releaser() {
    *is_there_ = false;
    stop();
}

void Releaser::stop() {
    *stops_ = true;
    retry_.cancel();
    lane_.stop(std::chrono::seconds(10));
}

void Releaser::follow(const state::Changes& changes) {
    for (const std::string& host : changes.to_compile) waiting_.erase(host);
    bool has_news = !changes.to_compile.empty();
    // What goes may have waited for what has ended now.
    for (const auto* hosts : {&changes.counted_hosts, &changes.queues}) {
        for (const std::string& host : *hosts) has_news |= waiting_.erase(host) > 0;
    }
    if (has_news) look();
}

// Later: the model of what was committed just now is not there yet.
void Releaser::look() {
    if (std::exchange(is_asked_again_, true)) return;
    options_.loop.post([this, is_there = is_there_] {
        if (*is_there && is_asked_again_ && !is_busy_) begin();
    });
}

void Releaser::retry_later() {
    if (retry_.pending()) return;
    retry_ = options_.loop.after(kRetryAfter, [this] {
        waiting_.clear();
        if (is_busy_) {
            is_asked_again_ = true;  // the batch in work left them out
        } else {
            begin();
        }
    });
}

void Releaser::begin() {
    is_busy_ = true;
    is_asked_again_ = false;
    auto batch = std::make_shared<Batch>();
    auto task = [this, batch, post = options_.loop.poster(), index = options_.index(),
                 shared = shared_, waiting = waiting_, is_there = is_there_, stops = stops_,
                 options = options_] {
        if (std::exchange(shared->index, index) != index) shared->peers->forget();
        const auto view = options.state.read();
        batch->read = view ? Compiling(*view, options.protector, options.schemas, *index,
                                       shared->peers, *stops)
                                 .read(waiting, *batch)
                           : fail(view.error());
        if (!batch->has_more) shared->peers->forget();
        batch->peers_read = shared->peers->reads();
        post([this, batch, is_there] {
            if (*is_there) carry_out(batch);
        });
    };
    if (const auto queued = lane_.submit(std::move(task)); !queued) is_busy_ = false;
}

void Releaser::carry_out(const std::shared_ptr<Batch>& batch) {
    peers_read_ = batch->peers_read;
    if (!batch->read) {
        log::error("hosts cannot be compiled", {{"error", batch->read.error().what}});
        is_busy_ = false;
        return *stops_ ? void() : retry_later();
    }
    // First: once a host's entry is gone, nobody would know whom else it concerned.
    if (!batch->others.empty()) return mark_others(batch);
    submit_all(batch);
}

void Releaser::submit_all(const std::shared_ptr<Batch>& batch) {
    batch->open = 1;
    for (std::size_t i = 0; i < batch->releases.size(); ++i) submit(batch, i);
    done(batch);
}

void Releaser::mark_others(const std::shared_ptr<Batch>& batch) {
    for (const std::string& host : batch->others) waiting_.erase(host);
    options_.state.submit(
        [batch](state::Edit& edit) { return mark(edit, batch->others); },
        [this, batch, is_there = is_there_](const Result<void>& committed) {
            if (!*is_there) return;
            if (committed) return submit_all(batch);
            log::warning("hosts cannot be noted to be compiled", {{"why", committed.error().what}});
            is_busy_ = false;
            if (!*stops_) retry_later();
        });
}

void Releaser::submit(const std::shared_ptr<Batch>& batch, std::size_t number) {
    const Release& release = batch->releases[number];
    if (!release.read) {
        log::error("a host cannot be compiled",
                   {{"host", release.host}, {"error", release.read.error().what}});
        waiting_.insert(release.host);
        if (may_pass(release.read.error().code)) retry_later();
        return;
    }
    ++batch->open;
    if (release.host_release) ++compiled_;
    if (options_.submitted) options_.submitted(release.host);
    auto released = std::make_shared<Released>(Released::all);
    options_.state.submit(
        [batch, number, released, &with = options_.protector](state::Edit& edit) -> Result<void> {
            *released = EK_TRY(plans::carry_out(edit, with, batch->releases[number]));
            return {};
        },
        [this, batch, number, released, is_there = is_there_](const Result<void>& committed) {
            if (*is_there) end_release(batch, number, committed, *released);
        });
}

void Releaser::end_release(const std::shared_ptr<Batch>& batch, std::size_t number,
                           const Result<void>& committed, Released released) {
    const std::string host = batch->releases[number].host;
    if (committed) {
        refused_once_.erase(host);
        if (released == Released::waits) waiting_.insert(host);
        const bool was_held = batch->releases[number].was_held;
        batch->has_held = batch->has_held || was_held || released == Released::held;
        // Of another model: the planner asks again once it has that.
        batch->is_outdated = batch->is_outdated || released == Released::outdated;
    } else if (may_pass(committed.error().code)) {
        log::warning("a host does not get what it shall have yet",
                     {{"host", host}, {"why", committed.error().what}});
        waiting_.insert(host);
        retry_later();
    } else if (refused_once_.insert(host).second) {
        batch->is_outdated = true;  // something of it may have changed meanwhile
    } else {
        refused_once_.erase(host);
        refuse(batch, number, committed.error());
    }
    batch->releases[number].host_release.reset();
    done(batch);
}

void Releaser::refuse(const std::shared_ptr<Batch>& batch, std::size_t number, const Error& error) {
    log::warning("a host does not get what it shall have",
                 {{"host", batch->releases[number].host}, {"why", error.what}});
    Release release;
    release.host = batch->releases[number].host;
    release.seen = batch->releases[number].seen;
    release.model = batch->releases[number].model;
    release.host_release.emplace().is_assigned = true;
    waiting_.insert(release.host);
    options_.state.submit([release = std::move(release),
                           error](state::Edit& edit) { return note_refusal(edit, release, error); },
                          [this, is_there = is_there_](const Result<void>& noted) {
                              if (*is_there && !noted) retry_later();
                          });
}

void Releaser::done(const std::shared_ptr<Batch>& batch) {
    if (--batch->open > 0) return;
    is_busy_ = false;
    if (batch->has_held && options_.held) options_.held();
    if (batch->has_more || batch->is_outdated || is_asked_again_) begin();
}

}  // namespace evenkeel::plans
