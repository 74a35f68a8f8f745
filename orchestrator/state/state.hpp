#pragma once

#include <functional>
#include <vector>

#include "core/run/loop.hpp"
#include "core/store/writer.hpp"
#include "orchestrator/state/steady_clock.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::state {

class Edit;
struct AuditContext;
struct Changes;

// A View that keeps its transaction. Use it in one function, never across a post.
class Snapshot : public View {
  public:
    Snapshot(std::unique_ptr<store::ReadTxn> txn, const Tables& tables)
        : View(*txn, tables), owned_(std::move(txn)) {}

  private:
    std::unique_ptr<store::ReadTxn> owned_;  // at an address of its own: View points to it
};

// The orchestrator's state: one store, one writer, one revision. Every answer is sent after the
// commit that it reports. Belongs to the loop.
class State {
  public:
    using Work = std::function<Result<void>(Edit&)>;
    using Done = std::function<void(Result<void>)>;
    // The view is what the changes were read from.
    using Listener = std::function<void(const Changes&, const View&)>;

    // The loop outlives the state. For errors see store::Env::open.
    static Result<std::unique_ptr<State>> open(const std::string& folder, run::Loop& loop,
                                               store::Writer::Options options = {});

    ~State();
    // The store's name, and the one before a restore.
    const store::Stream& stream() const { return stream_; }

    // For what expires. [any]
    const SteadyClock& clock() const { return clock_; }
    // Stores what the next start needs of it, if that has changed: after a boot, and when the wall
    // clock was set. To be called at the start and every few seconds. [loop]
    void keep_clock();

    // What is committed now. [any]
    Result<Snapshot> read() const;

    // Runs `work` on the writer's thread, in one transaction with other queued works. `done` runs
    // on the loop after the commit, in the order of submit, exactly once unless stopped; listeners
    // are called before it, unless what changed cannot be read then. `busy` when the queue is full,
    // `limit` when the store is full, else the work's own error: then nothing of it was written.
    // [loop]
    void submit(Work work, Done done, store::Importance importance = store::Importance::ordinary);
    // The same with an audit record, in the same transaction as the change.
    void submit(AuditContext audit_context, Work work, Done done);

    // For what may be committed a little later, see store::Writer::submit_lazy. [loop]
    void submit_lazy(Work work, Done done);

    // The same as submit(), blocking until the commit: for the start, before the loop runs.
    // Listeners are not called.
    Result<void> run(const Work& work, store::Importance importance = store::Importance::ordinary);

    // Calls `listener` on the loop after each work whose Changes are not empty; listeners are
    // called in the order of listen(). What cannot be read at once is told later, what is committed
    // until then together with it. [loop]
    void listen(Listener listener) { listeners_.push_back(std::move(listener)); }
    void listen(std::function<void(const Changes&)> listener);

    // How full the store is. O(free pages / 500)
    Result<store::Env::Usage> usage() const { return env_.usage(); }
    // Whether the disk has no room for changes. [any]
    bool is_full() const { return env_.is_full(); }

    store::Writer::Stats stats() const { return writer_->stats(); }
    // Works waiting for the writer.
    std::size_t depth() const { return writer_->depth(); }
    // Commits the queued works and ends the writer; later ones fail as `unavailable`.
    void stop() { writer_->stop(); }

  private:
    State(store::Env env, run::Loop& loop, store::Writer::Options options);
    store::Writer::Work on_writer(Work work);
    // What the writer calls on the loop, and a submission that it refuses.
    store::Writer::DoneWith on_loop(std::shared_ptr<Done> done);
    void refuse(const Result<void>& queued, const std::shared_ptr<Done>& done);
    void notify_listeners(const store::WriteSet& touched);
    void tell_untold();
    void retry_later();
    // False when it is to be tried again.
    bool tell(const store::WriteSet& touched) const;

    store::Env env_;
    std::unique_ptr<Tables> tables_;
    store::Stream stream_;
    SteadyClock clock_;
    std::optional<SteadyClock::Mark> kept_clock_;
    run::Loop& loop_;
    store::Writer::Post post_;
    std::vector<Listener> listeners_;
    store::WriteSet untold_;  // committed, and not read for the listeners yet
    run::Timer retry_;        // while there is any
    std::unique_ptr<store::Writer> writer_;
};

// How the store is opened, for backup and restore too.
store::Env::Options store_options();

}  // namespace evenkeel::state
