#include "orchestrator/api/live_plan.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/plans/read_edits.hpp"
#include "orchestrator/plans/reader.hpp"
#include "orchestrator/plans/trial.hpp"

namespace evenkeel::api {
namespace {

using plans::LiveHost;
using plans::Unasked;

// One plan, until its hosts have answered. Its parts are used by one thread after the other.
class LiveDryRun : public std::enable_shared_from_this<LiveDryRun> {
  public:
    LiveDryRun(const Context& context, LivePlan plan, std::chrono::milliseconds timeout,
               LiveDone done)
        : context_(context),
          plan_(std::move(plan)),
          deadline_ms_(now_monotonic_ms() + timeout.count()),
          done_(std::move(done)) {}

    void begin() {
        choose();
        on_reader([](LiveDryRun& self, const plans::Moment& now) { return self.prepare(now); },
                  [](LiveDryRun& self) { self.send(); });
    }

  private:
    using Work = std::function<Result<void>(LiveDryRun&, const plans::Moment&)>;
    // Calls `work` on the reader's thread, then `next` on the loop.
    void on_reader(Work work, std::function<void(LiveDryRun&)> next) {
        const auto queued = context_.reader.read(
            [self = shared_from_this(), post = context_.loop.poster(), work = std::move(work),
             next = std::move(next)](const Result<plans::Moment>& now) {
                auto worked = now ? work(*self, *now) : Result<void>(fail(now.error()));
                post([self, next, worked = std::move(worked)] {
                    if (worked) next(*self);
                    else self->done_(fail(worked.error()));
                });
            });
        if (!queued) done_(fail(queued.error()));
    }

    void choose() {
        for (plans::PlannedHost& host : plan_.order) {
            const bool is_online = context_.bus.is_online(host.id);
            if (is_online && hosts_.size() < plans::kAskedMost) {
                hosts_.push_back({std::move(host)});
            } else if (unasked_.size() == plans::kUnaskedMost) {
                ++more_unasked_;
            } else if (!is_online) {
                unasked_.emplace_back(std::move(host.name),
                                      Unasked{"host-offline", "the host is not connected"});
            } else {
                unasked_.emplace_back(
                    std::move(host.name),
                    Unasked{"limit", std::to_string(plans::kAskedMost) + " other hosts are asked"});
            }
        }
    }

    // [lane]
    Result<void> prepare(const plans::Moment& now) {
        const plans::ReadEdits read = EK_TRY(plans::read_edits(
            request_of(plan_.edit), now.index.model(), now.view, context_.protector));
        if (!read.wrong.empty()) {
            for (LiveHost& host : hosts_) {
                host.unasked = Unasked{"stale", "the changes are not possible any more"};
            }
            return {};
        }
        return plans::make_questions(now.view, context_.protector, context_.schemas, read.edits,
                                     hosts_, now.stops);
    }

    void send() {
        for (const LiveHost& host : hosts_) left_ += host.requests.size();
        unsent_ = left_;
        if (left_ == 0) return finish();
        send_next(0, 0);
    }

    // One after the other, between which the loop serves others. After the last nothing is touched:
    // its failure may be here, and the hosts at work elsewhere, before the loop comes back.
    void send_next(std::size_t number, std::size_t part) {
        for (; part == hosts_[number].requests.size(); part = 0) ++number;
        wire::Request& request = hosts_[number].requests[part];
        const auto left = std::max<std::int64_t>(deadline_ms_ - now_monotonic_ms(), 1);
        request.timeout = std::chrono::milliseconds(left);
        const bool is_last = --unsent_ == 0;
        if (!is_last) {
            context_.loop.post(
                [self = shared_from_this(), number, part] { self->send_next(number, part + 1); });
        }
        wire::Request asked = std::move(request);
        context_.bus.request(hosts_[number].host.id, asked,
                             [self = shared_from_this(), number](Result<json::Value> reply) {
                                 self->take(number, std::move(reply));
                             });
    }

    void take(std::size_t number, Result<json::Value> reply) {
        LiveHost& host = hosts_[number];
        if (reply) {
            host.replies.push_back(*std::move(reply));
        } else {
            const json::Value error = wire::encode(reply.error());
            host.unasked = Unasked{error.string_or("code"), error.string_or("detail")};
        }
        if (--left_ == 0) finish();
    }

    void finish() {
        on_reader(
            [](LiveDryRun& self, const plans::Moment&) -> Result<void> {
                self.rest_ =
                    plans::put_answers(*self.plan_.trial, self.plan_.id, self.context_.protector,
                                       std::move(self.hosts_), std::move(self.unasked_),
                                       self.more_unasked_, self.plan_.content);
                return {};
            },
            [](LiveDryRun& self) {
                self.done_(LiveAnswers{std::move(self.plan_.content), std::move(self.rest_)});
            });
    }

    const Context& context_;
    LivePlan plan_;
    std::int64_t deadline_ms_;
    LiveDone done_;
    std::vector<LiveHost> hosts_;
    std::vector<std::pair<std::string, Unasked>> unasked_;
    std::uint64_t more_unasked_ = 0;
    state::HostAnswers rest_;
    std::size_t left_ = 0;    // requests that are not answered
    std::size_t unsent_ = 0;  // requests
};

}  // namespace

void ask_hosts(const Context& context, LivePlan plan, std::chrono::milliseconds timeout,
               LiveDone done) {
    std::make_shared<LiveDryRun>(context, std::move(plan), timeout, std::move(done))->begin();
}

}  // namespace evenkeel::api
