#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/result.hpp"
#include "core/store/env.hpp"
#include "core/store/write_set.hpp"

namespace evenkeel::store {

// The only thread that changes a store. All works that wait are done in one transaction with one
// sync. One that fails before it has changed anything costs nothing; one that fails later makes the
// whole batch run again, each work in a nested transaction, so that it affects no other. When
// `done` reports success, the changes survive kill -9. When the disk is nearly full, works are
// refused by their importance before they use what the more important ones need; and when a commit
// fails for want of room nothing of it is there, and the urgent and the freeing works in it run
// again, each alone.
class Writer {
  public:
    // Makes changes that belong together. Runs on the writer's thread; an error undoes all of it
    // and is what `done` gets. It may run several times, in transactions that are dropped but for
    // the last: what it leaves beside the store is what its last run has left there. Must not
    // throw, block or touch the loop's state.
    using Work = std::function<Result<void>(WriteTxn&)>;
    using Done = std::function<void(Result<void>)>;
    // The same, with the keys that the work has touched; empty when it failed.
    using DoneWith = std::function<void(Result<void>, const WriteSet&)>;
    // Takes a function to another thread: Loop::poster().
    using Post = std::function<void(std::function<void()>)>;

    struct Options {
        std::size_t queue_depth_max = 10000;     // works waiting
        std::size_t batch_max = 1000;            // works in one commit
        std::chrono::milliseconds lazy_max{50};  // that a lazy work waits for others
        // For tests of works: each batch runs once more, in a transaction that is dropped, before
        // it is committed.
        bool rehearses = false;
    };

    Writer(Env& env, Post post);
    Writer(Env& env, Post post, Options options);
    // Like stop().
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // Queues `work`. After the commit, or its failure, `done` is posted; all of them in the order
    // of submit, some at once. `busy` when the queue is full, `unavailable` after stop(); then
    // `done` is never called. [any]
    Result<void> submit(Work work, Done done, Importance importance = Importance::ordinary);
    // The same, for a caller that passes on what has changed.
    Result<void> submit_tracked(Work work, DoneWith done,
                                Importance importance = Importance::ordinary);
    // The same for what nobody waits for: it causes no commit of its own until it has waited for
    // Options::lazy_max. The order of submit is kept all the same: what was submitted before is
    // committed before or with it, and what is submitted later sees it.
    Result<void> submit_lazy(Work work, DoneWith done, Importance importance);
    // Queues `work` and waits for the commit. Never on the loop, which it would block. [lane]
    Result<void> run(Work work, Importance importance = Importance::ordinary);

    // What was committed since the start. [any]
    struct Stats {
        std::uint64_t commits = 0;
        std::uint64_t works = 0;  // in them
    };
    Stats stats() const;
    // Works waiting. [any]
    std::size_t depth() const;

    // Refuses new works, commits those that wait, ends the thread. [any]
    void stop();

  private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace evenkeel::store
