#include "orchestrator/plans/releaser.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/run/loop.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/release.hpp"
#include "orchestrator/plans/touched.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/state.hpp"
#include "orchestrator/state/to_compile.hpp"

namespace evenkeel::plans {

// What one look at the hosts to compile has led to.
struct Batch {
    std::vector<Release> releases;
    bool has_more = false;
    Result<void> read = {};
    std::size_t open = 0;  // works whose commit is awaited
    bool is_outdated = false;
};

namespace {

// Few enough that their descriptions fit into memory, enough to share what is read for all.
constexpr std::size_t kHostsAtOnce = 256;

// Reads which hosts are to be compiled and compiles them, on a thread of its own.
class Compiling {
  public:
    Compiling(const state::View& view, const secrets::Protector& protector,
              const state::SchemaCache& schemas, const ModelIndex& index)
        : view_(view),
          protector_(protector),
          index_(index),
          compiler_(view, schemas, index.model()) {}

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
        for (Release& release : batch.releases) EK_CHECK(fill(release));
        return {};
    }

  private:
    Result<void> fill(Release& release) {
        auto host = EK_TRY(view_.hosts().find(release.host));
        if (host && host->retired()) host.reset();
        HostChange change;
        change.names.assign(release.seen.changed.begin(), release.seen.changed.end());
        // These are of the host itself alone.
        bool is_concerned = std::erase_if(change.names, [](const std::string& name) {
                                return name == state::kModelChanged || name == state::kCollections;
                            }) > 0;
        if (!change.names.empty()) {
            is_concerned = EK_TRY(spread(host, std::move(change), release)) || is_concerned;
        }
        if (!host || !is_concerned) return {};
        release.host_release =
            EK_TRY(make_release(compiler_, view_, protector_, index_.model(), *host));
        return {};
    }

    // Which others the change concerns; whether it concerns the host itself.
    Result<bool> spread(const std::optional<state::Host>& host, HostChange change,
                        Release& release) {
        compile::Host seen;
        if (host) seen = compiled_host(*host);
        if (host) change.after = &seen;
        const TouchedByHost touched = touched_by(index_, change);
        if (touched.rules.empty()) return touched.is_itself;
        EK_CHECK(view_.hosts().each_in("", [&](const state::Host& other) {
            if (other.id == release.host) return true;
            const compile::Host one = compiled_host(other);
            for (const TouchedRule& rule : touched.rules) {
                if (!rule.touches(one)) continue;
                release.others.push_back(other.id);
                break;
            }
            return true;
        }));
        return touched.is_itself;
    }

    const state::View& view_;
    const secrets::Protector& protector_;
    const ModelIndex& index_;
    HostCompiler compiler_;
};

}  // namespace

Releaser::Releaser(Options options)
    : options_(std::move(options)), lane_({.name = "compile", .queue_depth_max = 10}) {}

Releaser::~Releaser() {
    *is_there_ = false;
    stop();
}

void Releaser::stop() {
    lane_.stop(std::chrono::seconds(10));
}

void Releaser::follow(const state::Changes& changes) {
    for (const std::string& host : changes.to_compile) waiting_.erase(host);
    bool has_news = !changes.to_compile.empty();
    // What goes may have waited for what has succeeded now.
    for (const std::string& host : changes.counted_hosts) has_news |= waiting_.erase(host) > 0;
    if (has_news) look();
}

// Later: the model of what was committed just now is not there yet.
void Releaser::look() {
    if (std::exchange(is_asked_again_, true)) return;
    options_.loop.post([this, is_there = is_there_] {
        if (*is_there && is_asked_again_ && !is_busy_) begin();
    });
}

void Releaser::begin() {
    is_busy_ = true;
    is_asked_again_ = false;
    auto batch = std::make_shared<Batch>();
    const auto post = options_.loop.poster();
    const auto task = [this, batch, post, index = options_.index(), waiting = waiting_,
                       is_there = is_there_] {
        const auto view = options_.state.read();
        if (!view) batch->read = fail(view.error());
        else
            batch->read = Compiling(*view, options_.protector, options_.schemas, *index)
                              .read(waiting, *batch);
        post([this, batch, is_there] {
            if (*is_there) carry_out(batch);
        });
    };
    if (const auto queued = lane_.submit(task); !queued) is_busy_ = false;
}

void Releaser::carry_out(const std::shared_ptr<Batch>& batch) {
    if (!batch->read) {
        log::error("hosts cannot be compiled", {{"error", batch->read.error().what}});
        is_busy_ = false;
        return;
    }
    batch->open = 1 + batch->releases.size();
    for (std::size_t i = 0; i < batch->releases.size(); ++i) {
        if (batch->releases[i].host_release) ++compiled_;
        submit(batch, i);
    }
    done(batch);
}

void Releaser::submit(const std::shared_ptr<Batch>& batch, std::size_t number) {
    auto released = std::make_shared<Released>(Released::all);
    options_.state.submit(
        [batch, number, released, &with = options_.protector](state::Edit& edit) -> Result<void> {
            *released = EK_TRY(plans::carry_out(edit, with, batch->releases[number]));
            return {};
        },
        [this, batch, number, released, is_there = is_there_](const Result<void>& committed) {
            if (!*is_there) return;
            const std::string& host = batch->releases[number].host;
            if (!committed) {
                log::warning("a host does not get what it shall have yet",
                             {{"host", host}, {"why", committed.error().what}});
            }
            if (!committed || *released == Released::waits) waiting_.insert(host);
            batch->is_outdated = batch->is_outdated || *released == Released::outdated;
            done(batch);
        });
}

void Releaser::done(const std::shared_ptr<Batch>& batch) {
    if (--batch->open > 0) return;
    is_busy_ = false;
    if (batch->has_more || batch->is_outdated || is_asked_again_) begin();
}

}  // namespace evenkeel::plans
