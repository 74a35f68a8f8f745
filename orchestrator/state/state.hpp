#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/store/env.hpp"
#include "core/store/writer.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/edit.hpp"

namespace evenkeel::state {

// A View that keeps its transaction. Use it in one function, never across a post.
class Snapshot : public View {
  public:
    Snapshot(std::unique_ptr<store::ReadTxn> txn, const Tables& tables)
        : View(*txn, tables), owned_(std::move(txn)) {}

  private:
    std::unique_ptr<store::ReadTxn> owned_;  // at an address of its own: View points to it
};

// The orchestrator's state: one store, one writer, one revision. Whatever is answered to anybody
// was committed before. Belongs to the loop.
class State {
  public:
    using Work = std::function<Result<void>(Edit&)>;
    using Done = std::function<void(Result<void>)>;
    using Listener = std::function<void(const Changes&)>;

    // `post` is Loop::poster(). For errors see store::Env::open.
    static Result<std::unique_ptr<State>> open(const std::string& folder, store::Writer::Post post);

    ~State();
    // The store's name, and the one before a restore.
    const store::Stream& stream() const { return stream_; }

    // What is committed now. [any]
    Result<Snapshot> read() const;

    // Runs `work` on the writer's thread, in a transaction with others that wait. `done` runs on
    // the loop after the commit, in the order of submit, always exactly once unless stopped;
    // listeners hear of the changes before it. `busy` when too much waits, `limit` when the store
    // is full, else the work's own error: then nothing of it was done. [loop]
    void submit(Work work, Done done);
    // The same for what somebody asked for: the change and its audit record are one transaction.
    void submit(AuditContext audit_context, Work work, Done done);

    // The same, waiting for the commit: for the start, before the loop runs. Nobody is told of the
    // changes.
    Result<void> run(const Work& work);

    // Called on the loop after each work that has changed something to wait for, in the order in
    // which listeners came. [loop]
    void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

    store::Writer::Stats stats() const { return writer_->stats(); }
    // Works waiting for the writer.
    std::size_t depth() const { return writer_->depth(); }
    // Commits what waits and ends the writer; what is submitted later is `unavailable`.
    void stop() { writer_->stop(); }

  private:
    State(store::Env env, store::Writer::Post post);
    void tell(const store::WriteSet& touched) const;

    store::Env env_;
    std::unique_ptr<Tables> tables_;
    store::Stream stream_;
    store::Writer::Post post_;
    std::vector<Listener> listeners_;
    std::unique_ptr<store::Writer> writer_;
};

// How the store is opened, for backup and restore too.
store::Env::Options store_options();

}  // namespace evenkeel::state
