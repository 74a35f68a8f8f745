#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "core/run/loop.hpp"
#include "orchestrator/api/page_work.hpp"

namespace evenkeel::state {
class State;
}

namespace evenkeel::api {

struct Context;

// Answers with pages of lists. A page that is not whole after 5 ms goes on in turns of at most 5 ms
// for all such pages, each in its turn, between which the loop serves others. How many can wait is
// limited by the requests that may be in work. [loop]
class PageQueue {
  public:
    PageQueue(run::Loop& loop, const state::State& state) : loop_(loop), state_(state) {}

    void answer(const std::shared_ptr<http::Responder>& responder, PageWork work);
    // Pages that are not whole yet.
    std::size_t size() const { return waiting_.size(); }

  private:
    struct Waiting {
        std::shared_ptr<http::Responder> responder;
        PageWork work;
    };
    bool step(Waiting& page, std::uint64_t deadline_ns) const;
    void turn();

    run::Loop& loop_;
    const state::State& state_;
    std::deque<Waiting> waiting_;
};

using MakePageSource =
    std::function<ApiResult<PageSource>(const state::View&, const http::Request&)>;

// The handler of a list that has pages only.
http::Handler pages_of(Context& context, const Fields& fields, MakePageSource make);

}  // namespace evenkeel::api
