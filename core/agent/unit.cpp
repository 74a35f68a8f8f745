#include "core/agent/unit.hpp"

#include <algorithm>

#include "core/base/log.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {

using std::chrono::nanoseconds;

bool Workplace::interest(const std::string& id, bool on) {
    if (!watch) return !on;
    const auto done = watch->interest(id, on);
    if (!done && on) {
        log::warning("cannot watch, the sweep looks after it",
                     {{"collection", collection->name()}, {"id", id}, {"why", done.error().what}});
    }
    return !on || done.has_value();
}

void Workplace::hear_of_writers(const Look& look) {
    if (watch && !look.fields.empty()) watch->sync();
}

// A call that waits or runs. Touched on the loop only; the lane just carries it.
struct Unit::Pending {
    Errand errand;
    std::function<void(Error)> failed;
    run::Timer timer;
    bool over = false;
};

Unit::Unit(run::Loop& loop, std::shared_ptr<plugin::Collection> collection,
           std::shared_ptr<CallMark> mark)
    : loop_(loop),
      collection_(std::move(collection)),
      mark_(std::move(mark)),
      place_(std::make_shared<Workplace>(Workplace{collection_, nullptr})),
      lane_({.name = collection_->name(), .queue_depth_max = 10'000}) {}

Unit::~Unit() {
    stop();
    for (const auto& pending : pending_) {
        pending->over = true;
        pending->timer.cancel();
    }
}

void Unit::hold(std::string reason, std::string_view verdict) {
    out_of_order_ = std::move(reason);
    verdict_ = verdict;
}

void Unit::start(Errand errand, Job job, std::function<void(Error)> failed) {
    if (!out_of_order_.empty()) {
        loop_.post([failed = std::move(failed), reason = out_of_order_] {
            failed({Errc::unavailable, reason});
        });
        return;
    }
    auto pending = std::make_shared<Pending>();
    if (!errand.cancel) errand.cancel = std::make_shared<plugin::CancelSource>();
    pending->errand = std::move(errand);
    pending->failed = std::move(failed);
    pending_.push_back(pending);

    // Everything by value: the lane may come back when this Unit is no more.
    const auto task = [this, pending, job = std::move(job), place = place_, mark = mark_,
                       post = loop_.poster(), longest = nanoseconds(longest_call)] {
        const Errand& order = pending->errand;
        const auto now = static_cast<std::int64_t>(now_monotonic_ns());
        const nanoseconds left =
            order.deadline_ns == 0
                ? longest
                : nanoseconds(static_cast<std::int64_t>(order.deadline_ns) - now);
        if (left <= nanoseconds(0)) {
            post([this, pending] {
                if (finish(pending))
                    pending->failed({Errc::timeout, "it waited past its deadline"});
            });
            return;
        }
        post([this, pending, left] { on_started(pending, left); });
        plugin::Call call;
        call.timeout = std::chrono::ceil<std::chrono::milliseconds>(left);
        call.cancel = order.cancel.get();
        call.request_id = order.request_id;
        if (order.progress) {
            call.progress = [post, pending](std::uint32_t permille, const std::string& message) {
                post([pending, permille, message] {
                    if (!pending->over) pending->errand.progress(permille, message);
                });
            };
        }
        if (mark) mark->begin(order.what);
        auto completion = job(*place, call);
        if (mark) mark->end();
        post([this, pending, completion = std::move(completion)] {
            if (finish(pending)) completion();
        });
    };
    if (auto queued = lane_.submit(task); !queued) {
        loop_.post([this, pending, error = queued.error()] {
            if (finish(pending)) pending->failed(error);
        });
    }
}

// `this` is not touched when the call is over: the Unit may be gone then.
bool Unit::finish(const std::shared_ptr<Pending>& pending) {
    if (pending->over) return false;
    pending->over = true;
    pending->timer.cancel();
    pending_.remove(pending);
    return true;
}

void Unit::on_started(const std::shared_ptr<Pending>& pending, nanoseconds left) {
    if (pending->over) return;
    pending->timer = loop_.after(left, [this, pending] {
        pending->errand.cancel->cancel();
        pending->timer = loop_.after(grace, [this, pending] { on_overdue(pending); });
    });
}

void Unit::on_overdue(const std::shared_ptr<Pending>& pending) {
    out_of_order_ = "the plugin " + collection_->plugin() + " did not come back from the " +
                    pending->errand.what + "; restart the agent to give it a new chance";
    log::error("a plugin hangs", {{"plugin", collection_->plugin()},
                                  {"collection", name()},
                                  {"call", pending->errand.what}});
    lane_.abandon();
    const auto lost = std::exchange(pending_, {});
    for (const auto& each : lost) {
        each->over = true;
        each->timer.cancel();
    }
    for (const auto& each : lost) {
        each->failed({each == pending ? Errc::timeout : Errc::unavailable, out_of_order_});
    }
    if (on_hung) on_hung();
}

bool Unit::stop() {
    if (lane_.abandoned()) {
        if (mark_) mark_->clear();
        return false;
    }
    for (const auto& pending : pending_) pending->errand.cancel->cancel();
    static_cast<void>(lane_.submit([place = place_] { place->watch.reset(); }));
    const bool ended = lane_.stop(std::chrono::seconds(5));
    if (mark_) mark_->clear();
    return ended;
}

}  // namespace evenkeel::agent
