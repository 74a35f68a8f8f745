#pragma once

#include <functional>
#include <memory>

#include "core/base/result.hpp"
#include "core/run/loop.hpp"
#include "orchestrator/plans/planner.hpp"

namespace evenkeel::state {
class Edit;
struct Changes;
}  // namespace evenkeel::state

namespace evenkeel::plans {

// Of what would be let go now that is held: makes it the one plan of author `system` that is
// pending, unless it is already or was rejected as it is. Others are stale; without a difference
// there is none. [lane]
Result<void> keep_held_plan(state::Edit& edit, const secrets::Protector& protector,
                            const Trial& trial);

// Keeps the plan of what is held, which is tried out on all hosts that are held: once at a time,
// and with a pause in between, however many hosts are held one after the other. [loop]
class HeldPlan {
  public:
    struct Options {
        run::Loop& loop;
        state::State& state;
        const secrets::Protector& protector;
        // Planner::edit(), but for its limit.
        std::function<void(EditRequest, Planner::Done)> edit;
    };

    explicit HeldPlan(Options options);
    ~HeldPlan();

    // What is held may be another. Also to be called at the start.
    void look();
    // One that has expired, or was found stale, is made anew.
    void follow(const state::Changes& changes);
    void stop();

  private:
    void begin();
    void keep(const Result<EditAnswer>& answer);
    void end(const Result<void>& kept);

    Options options_;
    bool is_due_ = false;
    bool is_busy_ = false;
    bool is_stopped_ = false;
    run::Timer pause_;
    // The loop's handlers that outlive this find it gone.
    std::shared_ptr<bool> is_there_ = std::make_shared<bool>(true);
};

}  // namespace evenkeel::plans
