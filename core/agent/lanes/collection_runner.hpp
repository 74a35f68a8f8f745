#pragma once

#include <list>
#include <mutex>

#include "core/plugin/call_marks.hpp"
#include "core/plugin/collection.hpp"
#include "core/run/lane.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// What the lanes of a collection work with. [lane]
class LaneContext {
  public:
    explicit LaneContext(std::shared_ptr<plugin::Collection> of) : collection(std::move(of)) {}

    const std::shared_ptr<plugin::Collection> collection;

    // Null: nothing is watched.
    std::shared_ptr<plugin::Watch> watch() const;
    void watch_by(std::shared_ptr<plugin::Watch> watch);
    // Starts or stops watching `id` if possible; false when it should be watched and is not.
    bool interest(const std::string& id, bool on, const plugin::Call& call);
    // Delivers pending watch hints before the result of a check that found differences, so that the
    // loop knows of a write in progress first. False when nothing is watched.
    bool deliver_pending_hints(const plugin::Call& call) const;

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<plugin::Watch> watch_;
};

// One call into a plugin, as the loop requests it.
struct PluginCall {
    explicit PluginCall(std::string what_for = "", std::uint64_t deadline = 0)
        : what(std::move(what_for)), deadline_ns(deadline) {}

    std::string what;           // "apply of /etc/motd", for marks and messages
    std::uint64_t deadline_ns;  // CLOCK_MONOTONIC; 0: a minute from when it begins
    std::string request_id;     // of the command that it is for
    bool is_repair = false;     // nobody orders it
    bool only_reads = false;    // it may run beside what changes something
    std::shared_ptr<plugin::CancelSource> cancel;           // may be null
    std::function<void(const plugin::Progress&)> progress;  // [loop], may be empty
};

// Runs calls into the plugin of one collection, one after the other, on a lane of its own, because
// plugins block; and disables a collection when a call does not return, so that the others
// continue. A collection that may be called in parallel has a second lane for what only reads, so
// that drift is seen while a slow change runs. A call costs two posts between threads. [loop]
class CollectionRunner {
  public:
    // One mark for each lane; null: its calls are not marked.
    struct Marks {
        std::shared_ptr<plugin::CallMark> changes, reads;
    };
    CollectionRunner(run::Loop& loop, std::shared_ptr<plugin::Collection> collection, Marks marks);
    // Waits for the lanes, up to five seconds each.
    ~CollectionRunner();
    CollectionRunner(const CollectionRunner&) = delete;
    CollectionRunner& operator=(const CollectionRunner&) = delete;

    const plugin::Collection& collection() const { return *collection_; }
    const std::string& name() const { return collection_->name(); }

    // Empty while calls are possible; else a sentence: why the plugin is held, or that it
    // hangs.
    const std::string& out_of_order_reason() const { return out_of_order_reason_; }
    // `verdict` is what its resources are `unknown` for.
    void put_out_of_order(std::string reason, wire::UnknownReason verdict);
    // Why its resources are unknown while it is out of order: plugin_hung or no_plugin.
    wire::UnknownReason verdict() const { return verdict_; }
    // Calls are possible again; those that were left behind in the plugin stay there.
    void put_in_order() { out_of_order_reason_.clear(); }
    // Serves another version of the collection from now on, which is not open yet. Calls that were
    // asked for before go to the old one, and it ends after them, with its watch. False: a call was
    // left behind in the old one, or the new one is to be called in parallel and the old one was
    // not; only another process can serve it then.
    bool replace(std::shared_ptr<plugin::Collection> collection);
    // Called once when a call has not come back and the lanes were left behind.
    std::function<void()> on_hung;

    // Runs `task` on its lane, then `done` here with what it returned; or `done` with `unavailable`
    // when out of order, `timeout` when the deadline passed first. `done` is called exactly once,
    // unless the CollectionRunner ends before. What `task` touches must live as long as the task,
    // which may be longer than the CollectionRunner.
    template <typename T>
    void run(PluginCall plugin_call, std::function<T(LaneContext&, const plugin::Call&)> task,
             std::function<void(Result<T>)> done) {
        auto answer = std::make_shared<std::function<void(Result<T>)>>(std::move(done));
        start(
            std::move(plugin_call),
            [task = std::move(task), answer](LaneContext& lane,
                                             const plugin::Call& call) -> std::function<void()> {
                auto result = std::make_shared<T>(task(lane, call));
                return [answer, result] { (*answer)(std::move(*result)); };
            },
            [answer](Error error) { (*answer)(fail(std::move(error))); });
    }

    // Takes the collection out of order for good: the plugin did not come back from this call, one
    // of its watch for example.
    void give_up(const std::string& call);
    // Asks running calls to stop, and begins no more.
    void interrupt();
    // Asks running calls to stop, then ends watch, collection and lanes; false when a lane had to
    // be left behind.
    bool stop();
    std::size_t waiting() const { return pending_.size(); }

    // How long after its deadline a call may take to notice.
    std::chrono::milliseconds grace{2'000};
    // For calls without a deadline.
    std::chrono::milliseconds longest_call{60'000};
    // How long a call may run without reporting progress, whatever its deadline.
    std::chrono::milliseconds silence{120'000};

  private:
    using Task = std::function<std::function<void()>(LaneContext&, const plugin::Call&)>;
    struct Pending;
    struct Track {
        Track(const std::string& name, std::shared_ptr<plugin::CallMark> of);
        std::shared_ptr<plugin::CallMark> mark;
        run::Lane lane;
    };

    Track& track_of(const PluginCall& plugin_call);
    void start(PluginCall plugin_call, Task task, std::function<void(Error)> failed);
    void watch_over(const std::shared_ptr<Pending>& pending);
    void on_overdue(const std::shared_ptr<Pending>& pending);
    void leave_behind(const std::string& call, const std::shared_ptr<Pending>& overdue);
    void cancel_running();
    void end_watch_and_collection();
    bool finish(const std::shared_ptr<Pending>& pending);

    run::Loop& loop_;
    std::shared_ptr<plugin::Collection> collection_;
    std::shared_ptr<LaneContext> lane_context_;  // shared with the lanes, which may be left behind
    std::string out_of_order_reason_;
    wire::UnknownReason verdict_ = wire::UnknownReason::plugin_hung;
    std::list<std::shared_ptr<Pending>> pending_;
    bool interrupted_ = false;
    std::list<Track> tracks_;  // the first for changes, the last for what only reads
};

}  // namespace evenkeel::agent
