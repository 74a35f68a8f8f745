#include "orchestrator/plans/reader.hpp"

#include <chrono>
#include <utility>

#include "orchestrator/state/state.hpp"

namespace evenkeel::plans {
namespace {

constexpr std::size_t kWaitingMost = 100;

}  // namespace

Reader::Reader(const state::State& state, std::function<std::shared_ptr<const ModelIndex>()> index)
    : state_(state),
      index_(std::move(index)),
      lane_({.name = "read", .queue_depth_max = kWaitingMost}) {}

Result<void> Reader::read(Read read) {
    return lane_.submit(
        [&state = state_, index = index_(), stops = stops_, read = std::move(read)] {
            if (*stops) return read(fail(Errc::cancelled, "it ends"));
            const auto view = state.read();
            if (!view) return read(fail(view.error()));
            read(Moment{*view, *index, *stops});
        });
}

void Reader::stop() {
    *stops_ = true;
    lane_.stop(std::chrono::seconds(10));
}

}  // namespace evenkeel::plans
