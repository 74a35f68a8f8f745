#include "core/agent/lanes/collection_runner.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>

#include "core/base/log.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {

using std::chrono::nanoseconds;

namespace {

constexpr std::chrono::milliseconds kProgressPause{250};
constexpr std::size_t kQueueMost = 10'000;

}  // namespace

std::shared_ptr<plugin::Watch> LaneContext::watch() const {
    const std::lock_guard lock(mutex_);
    return watch_;
}

void LaneContext::watch_by(std::shared_ptr<plugin::Watch> watch) {
    const std::lock_guard lock(mutex_);
    watch_.swap(watch);
}

bool LaneContext::interest(const std::string& id, bool on, const plugin::Call& call) {
    const auto by = watch();
    if (!by) return !on;
    const auto done = by->interest(id, on, call);
    if (!done && on) {
        log::warning("cannot watch, the sweep looks after it",
                     {{"collection", collection->name()}, {"id", id}, {"why", done.error().what}});
    }
    return !on || done.has_value();
}

bool LaneContext::deliver_pending_hints(const plugin::Call& call) const {
    const auto by = watch();
    if (by) by->sync(call);
    return by != nullptr;
}

// A call that waits or runs. Touched on the loop only, but for what is marked; the lane just keeps
// it alive.
struct CollectionRunner::Pending {
    PluginCall plugin_call;
    std::function<void(Error)> failed;
    run::Timer timer;
    std::uint64_t ends_ns = 0;               // CLOCK_MONOTONIC; set when it begins
    std::atomic<std::uint64_t> heard_ns{0};  // the last sign of life, also by the lane
    bool over = false;
    void end() {
        timer.cancel();
        pause.cancel();
    }
    // Reports the last progress, and asks for more after a pause. [loop]
    static void post_progress(run::Loop& loop, const std::shared_ptr<Pending>& self) {
        if (self->over) return;
        std::optional<plugin::Progress> report;
        {
            const std::lock_guard lock(self->mutex);
            report = std::exchange(self->progress, std::nullopt);
            self->notified = report.has_value();
        }
        if (!report) return;
        self->plugin_call.progress(*report);
        self->pause = loop.after(kProgressPause, [&loop, self] { post_progress(loop, self); });
    }

    std::mutex mutex;                          // guards the two below
    std::optional<plugin::Progress> progress;  // not reported yet
    bool notified = false;                     // a post or a timer will report it
    run::Timer pause;
};

CollectionRunner::Track::Track(const std::string& name, std::shared_ptr<plugin::CallMark> of)
    : mark(std::move(of)), lane({.name = name, .queue_depth_max = kQueueMost}) {}

CollectionRunner::CollectionRunner(run::Loop& loop, std::shared_ptr<plugin::Collection> collection,
                                   Marks marks)
    : loop_(loop),
      collection_(std::move(collection)),
      lane_context_(std::make_shared<LaneContext>(collection_)) {
    tracks_.emplace_back(name(), std::move(marks.changes));
    if (collection_->parallel()) tracks_.emplace_back(name(), std::move(marks.reads));
}

CollectionRunner::Track& CollectionRunner::track_of(const PluginCall& plugin_call) {
    return plugin_call.only_reads && collection_->parallel() ? tracks_.back() : tracks_.front();
}

CollectionRunner::~CollectionRunner() {
    stop();
    for (const auto& pending : pending_) {
        pending->over = true;
        pending->end();
    }
}

void CollectionRunner::put_out_of_order(std::string reason, wire::UnknownReason verdict) {
    out_of_order_reason_ = std::move(reason);
    verdict_ = verdict;
}

bool CollectionRunner::replace(std::shared_ptr<plugin::Collection> collection) {
    const bool left = std::any_of(tracks_.begin(), tracks_.end(),
                                  [](const Track& track) { return track.lane.abandoned(); });
    if (left || (collection->parallel() && tracks_.size() == 1)) return false;
    std::function<void()> end =
        [context = std::exchange(lane_context_, std::make_shared<LaneContext>(collection)),
         old = std::exchange(collection_, collection)] { context->watch_by(nullptr); };
    // The lane has the last of them: it waits until the plugin has closed it.
    static_cast<void>(tracks_.front().lane.submit(std::move(end)));
    out_of_order_reason_.clear();
    return true;
}

void CollectionRunner::start(PluginCall plugin_call, Task task, std::function<void(Error)> failed) {
    if (interrupted_ || !out_of_order_reason_.empty()) {
        Error why{Errc::unavailable, out_of_order_reason_};
        if (interrupted_) why = {Errc::cancelled, "interrupted before its turn"};
        loop_.post([failed = std::move(failed), why] { failed(why); });
        return;
    }
    auto pending = std::make_shared<Pending>();
    if (!plugin_call.cancel) plugin_call.cancel = std::make_shared<plugin::CancelSource>();
    pending->plugin_call = std::move(plugin_call);
    pending->failed = std::move(failed);
    pending_.push_back(pending);

    Track& track = track_of(pending->plugin_call);
    // Everything by value: the lane may come back when this CollectionRunner is no more.
    const auto run = [this, pending, task = std::move(task), lane = lane_context_,
                      mark = track.mark, post = loop_.poster(),
                      longest = nanoseconds(longest_call)] {
        const PluginCall& asked = pending->plugin_call;
        const auto now = static_cast<std::int64_t>(now_monotonic_ns());
        const nanoseconds left =
            asked.deadline_ns == 0
                ? longest
                : nanoseconds(static_cast<std::int64_t>(asked.deadline_ns) - now);
        if (left <= nanoseconds(0)) {
            post([this, pending] {
                if (finish(pending))
                    pending->failed({Errc::timeout, "it waited past its deadline"});
            });
            return;
        }
        const std::uint64_t began = static_cast<std::uint64_t>(now);
        const std::uint64_t ends = began + static_cast<std::uint64_t>(left.count());
        pending->heard_ns = began;
        post([this, pending, ends] {
            pending->ends_ns = ends;
            watch_over(pending);
        });
        plugin::Call call;
        call.heard_ns = &pending->heard_ns;
        call.timeout = std::chrono::ceil<std::chrono::milliseconds>(left);
        call.cancel = asked.cancel.get();
        call.request_id = asked.request_id;
        call.is_repair = asked.is_repair;
        if (asked.progress) {
            call.progress = [&loop = loop_, post, pending](const plugin::Progress& report) {
                const std::lock_guard lock(pending->mutex);
                pending->progress = report;
                if (std::exchange(pending->notified, true)) return;
                post([&loop, pending] { Pending::post_progress(loop, pending); });
            };
        }
        if (mark) mark->begin(asked.what);
        auto completion = task(*lane, call);
        if (mark) mark->end();
        post([this, pending, completion = std::move(completion)] {
            if (finish(pending)) completion();
        });
    };
    if (auto queued = track.lane.submit(run); !queued) {
        loop_.post([this, pending, error = queued.error()] {
            if (finish(pending)) pending->failed(error);
        });
    }
}

// `this` is not touched when the call is over: the CollectionRunner may be gone then.
bool CollectionRunner::finish(const std::shared_ptr<Pending>& pending) {
    if (pending->over) return false;
    pending->over = true;
    pending->end();
    pending_.remove(pending);
    return true;
}

// Comes back whenever the call could be late by then: at its deadline, or after a silence.
void CollectionRunner::watch_over(const std::shared_ptr<Pending>& pending) {
    if (pending->over) return;
    const std::uint64_t now = now_monotonic_ns();
    const std::uint64_t silent =
        pending->heard_ns + static_cast<std::uint64_t>(nanoseconds(silence).count());
    const std::uint64_t next = std::min(pending->ends_ns, silent);
    if (now < next) {
        pending->timer =
            loop_.after(nanoseconds(next - now), [this, pending] { watch_over(pending); });
        return;
    }
    const std::string why =
        now >= pending->ends_ns
            ? "the deadline of the " + pending->plugin_call.what + " has passed"
            : "the plugin " + collection_->plugin() + " gave no sign of life for " +
                  std::to_string(std::chrono::ceil<std::chrono::seconds>(silence).count()) +
                  " s in the " + pending->plugin_call.what;
    pending->plugin_call.cancel->cancel({Errc::timeout, why});
    pending->timer = loop_.after(grace, [this, pending] { on_overdue(pending); });
}

void CollectionRunner::on_overdue(const std::shared_ptr<Pending>& pending) {
    leave_behind(pending->plugin_call.what, pending);
}

void CollectionRunner::give_up(const std::string& call) {
    if (out_of_order_reason_.empty()) leave_behind(call, nullptr);
}

void CollectionRunner::leave_behind(const std::string& call,
                                    const std::shared_ptr<Pending>& overdue) {
    out_of_order_reason_ = "the plugin " + collection_->plugin() + " did not come back from the " +
                           call + "; restart the agent to give it a new chance";
    log::error("a plugin hangs",
               {{"plugin", collection_->plugin()}, {"collection", name()}, {"call", call}});
    for (Track& track : tracks_) track.lane.abandon();
    const auto lost = std::exchange(pending_, {});
    for (const auto& each : lost) {
        each->over = true;
        each->end();
    }
    for (const auto& each : lost) {
        each->failed({each == overdue ? Errc::timeout : Errc::unavailable, out_of_order_reason_});
    }
    if (on_hung) on_hung();
}

void CollectionRunner::interrupt() {
    interrupted_ = true;
    cancel_running();
}

void CollectionRunner::cancel_running() {
    for (const auto& pending : pending_) pending->plugin_call.cancel->cancel();
}

// The lane for changes ends last, and only then nobody is in the plugin any more.
bool CollectionRunner::stop() {
    bool ended = true;
    cancel_running();
    for (auto track = tracks_.rbegin(); track != tracks_.rend(); ++track) {
        const bool left = track->lane.abandoned();
        if (!left && ended && &*track == &tracks_.front()) end_watch_and_collection();
        ended = !left && track->lane.stop(std::chrono::seconds(5)) && ended;
        if (track->mark) track->mark->clear();
    }
    return ended;
}

void CollectionRunner::end_watch_and_collection() {
    const auto end = [lane = lane_context_, mark = tracks_.front().mark] {
        if (mark) mark->begin("closing");
        lane->watch_by(nullptr);
        lane->collection->close();
        if (mark) mark->end();
    };
    static_cast<void>(tracks_.front().lane.submit(end));
}

}  // namespace evenkeel::agent
