#include "core/run/lane.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/run/end_process.hpp"

namespace evenkeel::run {

struct Lane::Shared {
    explicit Shared(Options from) : options(std::move(from)) {}

    const Options options;
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> queue;
    std::thread thread;
    std::uint64_t running_since_ns = 0;
    bool stopping = false;
    bool abandoned = false;
    bool ended = false;

    // The thread's whole life. `self` keeps this alive even when the Lane has left it behind.
    static void work(const std::shared_ptr<Shared>& self);
};

namespace {

std::atomic<bool> left_any{false};

void run_guarded(const std::function<void()>& task, const std::string& lane) {
    try {
        task();
        return;
    } catch (const std::exception& error) {
        log::error("a task threw, aborting", {{"lane", lane}, {"what", error.what()}});
    } catch (...) {
        log::error("a task threw something unknown, aborting", {{"lane", lane}});
    }
    std::abort();
}

}  // namespace

void Lane::Shared::work(const std::shared_ptr<Shared>& self) {
    pthread_setname_np(pthread_self(), self->options.name.substr(0, 15).c_str());
    std::unique_lock lock(self->mutex);
    for (;;) {
        self->changed.wait(lock, [&] { return !self->queue.empty() || self->stopping; });
        if (self->abandoned || self->queue.empty()) break;
        {
            const auto task = std::move(self->queue.front());
            self->queue.pop_front();
            self->running_since_ns = now_monotonic_ns();
            lock.unlock();
            run_guarded(task, self->options.name);
        }  // what the task holds goes before the lane is idle, and outside the lock
        lock.lock();
        self->running_since_ns = 0;
    }
    self->ended = true;
    self->changed.notify_all();
}

Lane::Lane(Options options) : shared_(std::make_shared<Shared>(std::move(options))) {}

Lane::~Lane() {
    stop(std::chrono::seconds(5));
}

Result<void> Lane::submit(std::function<void()> task) {
    const std::scoped_lock lock(shared_->mutex);
    const std::string& name = shared_->options.name;
    if (shared_->abandoned) return fail(Errc::unavailable, name + " hangs and takes no more calls");
    if (shared_->stopping) return fail(Errc::unavailable, name + " is stopping");
    if (shared_->queue.size() >= shared_->options.queue_depth_max) {
        return fail(Errc::busy, name + " has " + std::to_string(shared_->queue.size()) +
                                    " calls waiting already");
    }
    shared_->queue.push_back(std::move(task));
    if (!shared_->thread.joinable()) {
        shared_->thread = std::thread([shared = shared_] { Shared::work(shared); });
    }
    shared_->changed.notify_all();
    return {};
}

bool Lane::idle() const {
    const std::scoped_lock lock(shared_->mutex);
    return shared_->queue.empty() && shared_->running_since_ns == 0;
}

std::size_t Lane::depth() const {
    const std::scoped_lock lock(shared_->mutex);
    return shared_->queue.size();
}

std::uint64_t Lane::running_since_ns() const {
    const std::scoped_lock lock(shared_->mutex);
    return shared_->running_since_ns;
}

void Lane::abandon() {
    std::deque<std::function<void()>> dropped;  // destroyed after the lock is given back
    const std::scoped_lock lock(shared_->mutex);
    if (shared_->running_since_ns != 0) left_any = true;
    shared_->abandoned = true;
    shared_->stopping = true;
    dropped.swap(shared_->queue);
    if (shared_->thread.joinable()) shared_->thread.detach();
    shared_->changed.notify_all();
}

bool Lane::abandoned() const {
    const std::scoped_lock lock(shared_->mutex);
    return shared_->abandoned;
}

bool Lane::stop(std::chrono::milliseconds deadline) {
    std::unique_lock lock(shared_->mutex);
    shared_->stopping = true;
    shared_->changed.notify_all();
    if (!shared_->thread.joinable()) return !shared_->abandoned;
    const bool is_own_task = shared_->thread.get_id() == std::this_thread::get_id();
    if (!is_own_task &&
        shared_->changed.wait_for(lock, deadline, [this] { return shared_->ended; })) {
        // Taken out under the lock, so that two callers of stop() do not both join.
        std::thread thread = std::move(shared_->thread);
        const bool orderly = !shared_->abandoned;
        lock.unlock();
        if (thread.joinable()) thread.join();
        return orderly;
    }
    lock.unlock();
    abandon();
    return false;
}

int end_process(int code) {
    if (!left_any) return code;
    std::fflush(nullptr);
    std::_Exit(code);
}

}  // namespace evenkeel::run
