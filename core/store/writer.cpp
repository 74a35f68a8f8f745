#include "core/store/writer.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <future>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

#include "core/base/log.hpp"

namespace evenkeel::store {
namespace {

// So that one batch does not need more than the reserve has.
constexpr std::size_t kBatchWhenTight = 16;
// Answers that are posted together: few enough not to hold the loop up.
constexpr std::size_t kAnswersAtOnce = 16;

using Clock = std::chrono::steady_clock;

struct Task {
    Writer::Work work;
    Writer::DoneWith done;
    Importance importance = Importance::ordinary;
    bool posted = true;                         // false: `done` may run on the writer's thread
    std::optional<Clock::time_point> due = {};  // a lazy one: when it causes a commit
    Result<void> outcome = {};
    WriteSet touched = {};
};

// Runs the works straight in the transaction. False when one has failed and left changes in it, or
// has spoilt it: then it must be dropped.
bool run_together(WriteTxn& txn, const Env::Room& room, std::vector<Task>& batch) {
    for (Task& task : batch) {
        const std::size_t before = txn.changes();
        task.outcome = room.allows(task.importance);
        if (task.outcome) task.outcome = task.work(txn);
        task.touched = txn.take_write_set();
        if (!task.outcome && txn.changes() != before) return false;
        if (!txn.is_usable()) return false;
    }
    return true;
}

// One work in a nested transaction, which is dropped on an error.
Result<void> attempt(WriteTxn& txn, const Writer::Work& work) {
    WriteTxn part = EK_TRY(txn.nested());
    EK_CHECK(work(part));
    // To commit it would spoil the other one too.
    if (!part.is_usable()) return fail(Errc::internal, "the work hides an error of the store");
    return part.commit();
}

// The same as run_together() where some fail: costs more for each work.
void run_apart(WriteTxn& txn, const Env::Room& room, std::vector<Task>& batch) {
    for (Task& task : batch) {
        task.outcome = room.allows(task.importance);
        if (task.outcome) task.outcome = attempt(txn, task.work);
        // The keys of a failed work were not added to this transaction.
        task.touched = txn.take_write_set();
    }
}

Result<WriteTxn> begin(Env& env) {
    WriteTxn txn = EK_TRY(env.write());
    txn.track();
    return txn;
}

Result<void> attempt_all(Env& env, std::vector<Task>& batch, bool rehearses) {
    const Env::Room room = env.top_up();
    if (rehearses) {
        WriteTxn dropped = EK_TRY(begin(env));
        run_together(dropped, room, batch);
    }
    {
        WriteTxn txn = EK_TRY(begin(env));
        if (run_together(txn, room, batch)) return txn.commit();
    }
    WriteTxn txn = EK_TRY(begin(env));
    run_apart(txn, room, batch);
    return txn.commit();
}

// After a commit that failed for want of room, perhaps because of others in it: what is waited for
// and what makes room is committed one by one, until there is none even for that.
void attempt_important(Env& env, std::vector<Task>& batch) {
    env.note_full();
    for (Task& task : batch) {
        if (task.importance == Importance::ordinary) continue;
        std::vector<Task> alone;
        alone.push_back(std::move(task));
        const Result<void> committed = attempt_all(env, alone, false);
        task = std::move(alone.front());
        if (committed) continue;
        task.outcome = fail(committed.error());
        task.touched = {};
        env.note_full();
        if (task.importance == Importance::freeing) return;
    }
}

// Sets the outcomes. A failed commit is the outcome of all works that had succeeded.
void commit_batch(Env& env, std::vector<Task>& batch, bool rehearses) {
    try {
        const Result<void> committed = attempt_all(env, batch, rehearses);
        if (committed) return;
        log::error("a commit to the store failed",
                   {{"what", committed.error().what}, {"works", std::to_string(batch.size())}});
        for (Task& task : batch) {
            if (task.outcome) task.outcome = fail(committed.error());
            task.touched = {};
        }
        if (committed.error().code == Errc::limit) attempt_important(env, batch);
        return;
    } catch (const std::exception& error) {
        log::error("a work on the store threw, aborting", {{"what", error.what()}});
    } catch (...) {
        log::error("a work on the store threw something unknown, aborting");
    }
    std::abort();
}

}  // namespace

struct Writer::Inside {
    Inside(Env& store, Post to, Options from)
        : env(store), post(std::move(to)), options(std::move(from)) {}

    Env& env;
    const Post post;
    const Options options;
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::deque<Task> queue;
    std::size_t pressing = 0;  // in the queue, and not lazy
    bool stopping = false;
    Stats stats;
    std::thread thread;

    Result<void> add(Task task);
    void work();
    std::vector<Task> take();
    void answer(std::vector<Task>& batch);
};

Result<void> Writer::Inside::add(Task task) {
    const std::scoped_lock lock(mutex);
    if (stopping) return fail(Errc::unavailable, "the store is closing");
    if (queue.size() >= options.queue_depth_max) {
        return fail(Errc::busy,
                    "the store has " + std::to_string(queue.size()) + " changes waiting already");
    }
    if (!task.due) ++pressing;
    queue.push_back(std::move(task));
    changed.notify_one();
    return {};
}

// Waits for works; returns none when the writer is to end.
std::vector<Task> Writer::Inside::take() {
    std::unique_lock lock(mutex);
    while (pressing == 0 && !stopping) {
        // Lazy works wait equally long, so that the first one is due first.
        if (queue.empty()) changed.wait(lock);
        else if (Clock::now() >= *queue.front().due) break;
        else changed.wait_until(lock, *queue.front().due);
    }
    const std::size_t most =
        env.is_tight() ? std::min(options.batch_max, kBatchWhenTight) : options.batch_max;
    const auto count = static_cast<std::ptrdiff_t>(std::min(queue.size(), most));
    std::vector<Task> batch(std::make_move_iterator(queue.begin()),
                            std::make_move_iterator(queue.begin() + count));
    queue.erase(queue.begin(), queue.begin() + count);
    for (const Task& task : batch) pressing -= task.due ? 0U : 1U;
    return batch;
}

void Writer::Inside::work() {
    pthread_setname_np(pthread_self(), "store-writer");
    for (std::vector<Task> batch = take(); !batch.empty(); batch = take()) {
        commit_batch(env, batch, options.rehearses);
        {
            const std::scoped_lock lock(mutex);
            ++stats.commits;
            stats.works += batch.size();
        }
        answer(batch);
    }
}

void Writer::Inside::answer(std::vector<Task>& batch) {
    std::shared_ptr<std::vector<Task>> answers;
    const auto send = [&] {
        if (!answers) return;
        post([answers = std::exchange(answers, nullptr)] {
            for (Task& task : *answers) task.done(std::move(task.outcome), task.touched);
        });
    };
    for (Task& task : batch) {
        if (!task.posted) {
            task.done(std::move(task.outcome), task.touched);
        } else if (task.done) {
            if (!answers) answers = std::make_shared<std::vector<Task>>();
            answers->push_back(std::move(task));
            if (answers->size() == kAnswersAtOnce) send();
        }
    }
    send();
}

Writer::Writer(Env& env, Post post) : Writer(env, std::move(post), Options()) {}

Writer::Writer(Env& env, Post post, Options options)
    : inside_(std::make_unique<Inside>(env, std::move(post), std::move(options))) {
    inside_->thread = std::thread([inside = inside_.get()] { inside->work(); });
}

Writer::~Writer() {
    stop();
}

Result<void> Writer::submit(Work work, Done done, Importance importance) {
    if (!done) return submit_tracked(std::move(work), nullptr, importance);
    return submit_tracked(
        std::move(work),
        [done = std::move(done)](Result<void> outcome, const WriteSet&) {
            done(std::move(outcome));
        },
        importance);
}

Result<void> Writer::submit_tracked(Work work, DoneWith done, Importance importance) {
    return inside_->add(Task{std::move(work), std::move(done), importance});
}

Result<void> Writer::submit_lazy(Work work, DoneWith done, Importance importance) {
    const Clock::time_point due = Clock::now() + inside_->options.lazy_max;
    return inside_->add(Task{std::move(work), std::move(done), importance, true, due});
}

Result<void> Writer::run(Work work, Importance importance) {
    // Shared, because the writer may still be inside set_value when this function has its answer.
    const auto promise = std::make_shared<std::promise<Result<void>>>();
    auto outcome = promise->get_future();
    DoneWith done = [promise](Result<void> result, const WriteSet&) {
        promise->set_value(std::move(result));
    };
    EK_CHECK(inside_->add(Task{std::move(work), std::move(done), importance, false}));
    return outcome.get();
}

Writer::Stats Writer::stats() const {
    const std::scoped_lock lock(inside_->mutex);
    return inside_->stats;
}

std::size_t Writer::depth() const {
    const std::scoped_lock lock(inside_->mutex);
    return inside_->queue.size();
}

void Writer::stop() {
    std::thread thread;
    {
        const std::scoped_lock lock(inside_->mutex);
        inside_->stopping = true;
        inside_->changed.notify_all();
        thread.swap(inside_->thread);
    }
    if (thread.joinable()) thread.join();
}

}  // namespace evenkeel::store
