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

// What one look at marked hosts has led to.
struct Batch {
    // A host whose change may concern others: they are marked, and it is itself, or not any more.
    struct Spread {
        std::string host;
        state::CompileMark mark;  // as it was seen
        bool is_active = false;
        bool is_itself = false;
        std::vector<std::string> others;
    };

    std::vector<Release> releases;
    std::vector<Spread> spreads;
    bool has_more = false;
    Result<void> read = {};
    std::size_t open = 0;  // works whose commit is awaited
    bool is_outdated = false;
};

namespace {

// Few enough that their descriptions fit into memory, enough to share what is read for all.
constexpr std::size_t kHostsAtOnce = 256;

// Reads marks and works out what they mean, on the thread that compiles.
class Look {
  public:
    Look(const state::View& view, const secrets::Protector& protector,
         const state::SchemaCache& schemas, const ModelIndex& index)
        : view_(view),
          protector_(protector),
          index_(index),
          compiler_(view, schemas, index.model()) {}

    Result<void> read(const std::set<std::string>& waiting, Batch& batch) {
        std::vector<std::pair<std::string, state::CompileMark>> marks;
        EK_CHECK(
            view_.to_compile().each([&](std::string_view host, const state::CompileMark& mark) {
                if (waiting.contains(std::string(host))) return true;
                batch.has_more = marks.size() == kHostsAtOnce;
                if (!batch.has_more) marks.emplace_back(host, mark);
                return !batch.has_more;
            }));
        for (auto& [host, mark] : marks) EK_CHECK(add(host, std::move(mark), batch));
        return {};
    }

  private:
    Result<void> add(const std::string& id, state::CompileMark mark, Batch& batch) {
        const auto host = EK_TRY(view_.hosts().find(id));
        const bool is_active = host && !host->retired();
        if (!mark.changed.empty()) {
            batch.spreads.push_back(EK_TRY(spread(id, host, std::move(mark))));
            return {};
        }
        if (!is_active) {
            batch.spreads.push_back({.host = id, .mark = std::move(mark)});
            return {};
        }
        batch.releases.push_back(EK_TRY(
            make_release(compiler_, view_, protector_, index_.model(), *host, std::move(mark))));
        return {};
    }

    Result<Batch::Spread> spread(const std::string& id, const std::optional<state::Host>& host,
                                 state::CompileMark mark) {
        Batch::Spread spread{.host = id, .mark = std::move(mark)};
        spread.is_active = host && !host->retired();
        HostChange change{.names = spread.mark.changed};
        compile::Host seen;
        if (host) seen = compiled_host(*host);
        if (host && !host->retired()) change.after = &seen;
        const TouchedByHost touched = touched_by(index_, change);
        spread.is_itself = touched.is_itself && change.after;
        if (touched.rules.empty()) return spread;
        EK_CHECK(view_.hosts().each([&](const state::Host& other) {
            if (other.retired() || other.id == id) return true;
            const compile::Host one = compiled_host(other);
            for (const TouchedRule& rule : touched.rules) {
                if (!rule.touches(one)) continue;
                spread.others.push_back(other.id);
                break;
            }
            return true;
        }));
        return spread;
    }

    const state::View& view_;
    const secrets::Protector& protector_;
    const ModelIndex& index_;
    HostCompiler compiler_;
};

Result<void> mark(state::Edit& edit, const Batch::Spread& spread, bool& is_outdated) {
    auto marks = edit.to_compile();
    const auto there = EK_TRY(marks.find(spread.host));
    if (!there || *there != spread.mark) {
        is_outdated = true;
        return {};
    }
    for (const std::string& other : spread.others) {
        EK_CHECK(marks.add(other, {.changed = {}, .is_due = true}));
    }
    if (spread.is_itself || (spread.is_active && spread.mark.is_due)) {
        return marks.put(spread.host, {.changed = {}, .is_due = true});
    }
    return marks.erase(spread.host);
}

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

void Releaser::look() {
    is_asked_again_ = true;
    if (!is_busy_) begin();
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
            batch->read =
                Look(*view, options_.protector, options_.schemas, *index).read(waiting, *batch);
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
    compiled_ += batch->releases.size();
    batch->open = 1 + batch->releases.size() + (batch->spreads.empty() ? 0 : 1);
    for (std::size_t i = 0; i < batch->releases.size(); ++i) submit(batch, i);
    if (!batch->spreads.empty()) mark_others(batch);
    done(batch);
}

void Releaser::submit(const std::shared_ptr<Batch>& batch, std::size_t number) {
    auto released = std::make_shared<Released>(Released::all);
    options_.state.submit(
        [batch, number, released, this](state::Edit& edit) -> Result<void> {
            *released = EK_TRY(plans::carry_out(edit, options_.protector, batch->releases[number]));
            return {};
        },
        [this, batch, number, released](const Result<void>& committed) {
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

void Releaser::mark_others(const std::shared_ptr<Batch>& batch) {
    auto is_outdated = std::make_shared<bool>(false);
    options_.state.submit(
        [batch, is_outdated](state::Edit& edit) -> Result<void> {
            for (const Batch::Spread& spread : batch->spreads) {
                EK_CHECK(mark(edit, spread, *is_outdated));
            }
            return {};
        },
        [this, batch](const Result<void>& committed) {
            if (!committed) {
                log::warning("hosts cannot be marked to be compiled",
                             {{"why", committed.error().what}});
                for (const Batch::Spread& spread : batch->spreads) waiting_.insert(spread.host);
            }
            done(batch);
        });
}

void Releaser::done(const std::shared_ptr<Batch>& batch) {
    if (--batch->open > 0) return;
    is_busy_ = false;
    if (batch->has_more || batch->is_outdated || is_asked_again_) begin();
}

}  // namespace evenkeel::plans
