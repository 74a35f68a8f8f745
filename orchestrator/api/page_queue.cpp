#include "orchestrator/api/page_queue.hpp"

#include <utility>

#include "core/base/time.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/turn.hpp"

namespace evenkeel::api {
namespace {

// For one page before the next one's turn.
constexpr std::uint64_t kStepNs = 1'000'000;

}  // namespace

void PageQueue::answer(const std::shared_ptr<http::Responder>& responder, PageWork work) {
    Waiting page{responder, std::move(work)};
    if (step(page, now_monotonic_ns() + kTurnNs)) return;
    waiting_.push_back(std::move(page));
    if (waiting_.size() == 1) loop_.post([this] { turn(); });
}

// Whether it is answered.
bool PageQueue::step(Waiting& page, std::uint64_t deadline_ns) const {
    const auto view = state_.read();
    const auto whole = view ? page.work.read_on(*view, deadline_ns)
                            : ApiResult<bool>(refuse(as_problem(view.error())));
    if (whole && !*whole) return false;
    if (whole) page.responder->send(page.work.reply());
    else page.responder->send(whole.error());
    return true;
}

void PageQueue::turn() {
    const std::uint64_t end = now_monotonic_ns() + kTurnNs;
    for (std::uint64_t now = now_monotonic_ns(); !waiting_.empty() && now < end;
         now = now_monotonic_ns()) {
        Waiting page = std::move(waiting_.front());
        waiting_.pop_front();
        if (!step(page, std::min(end, now + kStepNs))) waiting_.push_back(std::move(page));
    }
    if (!waiting_.empty()) loop_.post([this] { turn(); });
}

http::Handler pages_of(Context& context, const Fields& fields, MakePageSource make) {
    return [&context, &fields, make = std::move(make)](
               const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
        auto work = [&]() -> ApiResult<PageWork> {
            const auto view = EK_API_TRY(context.state.read());
            const Pages pages(context.protector, context.state.stream().id, fields);
            return PageWork::begin(view, pages, request, EK_API_TRY(make(view, request)));
        }();
        if (!work) return responder->send(work.error());
        context.pages.answer(responder, *std::move(work));
    };
}

}  // namespace evenkeel::api
