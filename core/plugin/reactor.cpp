#include "core/plugin/reactor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "core/base/log.hpp"

namespace evenkeel::plugin {
namespace {

// A patience passes in steps, so that a process that was stopped meanwhile blames nobody.
constexpr int kSteps = 10;

// Whether this thread is, or was, the reactor's.
thread_local bool is_reactor_thread = false;

}  // namespace

Result<Reactor*> Reactor::shared() {
    static std::mutex mutex;
    static Reactor* current = nullptr;
    const std::lock_guard lock(mutex);
    if (current != nullptr) return current;
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
    if (!epoll || !wake || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0)
        return fail(system_error(errno, "cannot start the reactor of the plugins"));
    current = new Reactor(std::move(epoll), std::move(wake));
    return current;
}

bool Reactor::is_this_thread() {
    return is_reactor_thread;
}

Reactor::Reactor(Fd epoll, Fd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {
    start_thread();
}

void Reactor::start_thread() {
    std::thread thread([this, number = ++threads_] { loop(number); });
    ::pthread_setname_np(thread.native_handle(), "plugin-reactor");
    thread.detach();
}

Result<void> Reactor::run(std::function<void()> work, std::chrono::milliseconds patience,
                          const void* key, const Until& until) {
    if (is_reactor_thread) {
        work();
        return {};
    }
    const Error hangs{Errc::timeout, "the plugin hangs in its watch"};
    const auto task = std::make_shared<Task>(Task{std::move(work), patience, key});
    std::unique_lock lock(mutex_);
    if (has_hung(key)) return fail(hangs);
    posted_.push_back(task);
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
    const auto is_over = [&] { return task->state != Task::State::waits; };
    const bool can_end = until.at_ns != 0 || until.cancel_fd >= 0;
    if (!can_end) task_over_.wait(lock, is_over);
    while (!task_over_.wait_for(lock, kLookWhileWaiting, is_over))
        if (until.is_over())
            return fail(Errc::cancelled,
                        "its call is over before another's watch lets it be served");
    if (task->state == Task::State::left) return fail(hangs);
    return {};
}

bool Reactor::has_hung(const void* key) const {
    const auto owner = owners_.find(key);
    return owner != owners_.end() && owner->second.hung;
}

std::uint64_t Reactor::find(const void* key, int fd) const {
    for (const auto& [id, entry] : entries_)
        if (entry.key == key && entry.fd == fd) return id;
    return 0;
}

Result<void> Reactor::add(const void* key, int fd, std::uint32_t events, Handler handler) {
    const std::lock_guard lock(mutex_);
    if (has_hung(key)) return fail(Errc::unavailable, "its owner hangs");
    const std::uint64_t known = find(key, fd);
    const std::uint64_t id = known != 0 ? known : next_++;
    // The numbers of poll(2) and epoll(7) are the same.
    epoll_event event{.events = events, .data = {.u64 = id}};
    const int operation = known != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0)
        return fail(system_error(errno, "cannot poll a descriptor"));
    entries_[id] = {key, fd, std::make_shared<const Handler>(std::move(handler))};
    return {};
}

// A number that was closed too early may be another owner's by now.
void Reactor::forget(const Entry& entry) const {
    const bool is_shared = std::any_of(entries_.begin(), entries_.end(), [&](const auto& other) {
        return other.second.fd == entry.fd && other.second.key != entry.key;
    });
    if (!is_shared) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, entry.fd, nullptr);
}

void Reactor::remove(const void* key, int fd) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t id = find(key, fd);
    if (id == 0) return;
    forget(entries_[id]);
    entries_.erase(id);
}

void Reactor::remove_all(const void* key) {
    const std::lock_guard lock(mutex_);
    owners_.erase(key);
    std::erase_if(entries_, [&](const auto& entry) {
        if (entry.second.key != key) return false;
        forget(entry.second);
        return true;
    });
}

void Reactor::on_hang(const void* key, std::function<void()> hung) {
    const std::lock_guard lock(mutex_);
    owners_[key] = {std::move(hung), false};
}

void Reactor::set_patience(std::chrono::milliseconds patience) {
    const std::lock_guard lock(mutex_);
    patience_ = patience;
}

std::chrono::milliseconds Reactor::patience() const {
    const std::lock_guard lock(mutex_);
    return patience_;
}

// With the lock held.
void Reactor::begin_turn(std::chrono::milliseconds patience, const void* key,
                         std::shared_ptr<Task> task) {
    turn_ = {turn_.number + 1, true, patience, key, std::move(task)};
    if (guarded_) return;
    try {
        std::thread([this] { guard(); }).detach();
        guarded_ = true;
    } catch (const std::system_error& error) {
        log::warning("the watches are not guarded", {{"why", error.what()}});
    }
}

bool Reactor::end_turn(std::uint64_t thread) {
    const std::lock_guard lock(mutex_);
    if (thread != threads_) return false;
    turn_.running = false;
    if (const auto task = std::move(turn_.task)) {
        task->state = Task::State::has_run;
        task_over_.notify_all();
    }
    return true;
}

bool Reactor::handle(std::uint64_t thread, std::uint64_t id, std::uint32_t events) {
    std::shared_ptr<const Handler> handler;
    {
        const std::lock_guard lock(mutex_);
        const auto entry = entries_.find(id);
        if (entry == entries_.end()) return true;
        handler = entry->second.handler;
        begin_turn(patience_, entry->second.key, nullptr);
    }
    (*handler)(events);
    handler.reset();
    return end_turn(thread);
}

// What is posted meanwhile waits for the next turn: it must find every event that was there before.
bool Reactor::run_posted(std::uint64_t thread) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto length = ::read(wake_.get(), &count, sizeof(count));
    for (std::size_t left = posted(); left > 0; --left) {
        std::shared_ptr<Task> task;
        {
            const std::lock_guard lock(mutex_);
            if (posted_.empty()) return true;
            task = std::move(posted_.front());
            posted_.pop_front();
            begin_turn(task->patience, task->key, task);
        }
        task->work();
        task->work = nullptr;
        if (!end_turn(thread)) return false;
    }
    return true;
}

std::size_t Reactor::posted() const {
    const std::lock_guard lock(mutex_);
    return posted_.size();
}

void Reactor::loop(std::uint64_t thread) {
    is_reactor_thread = true;
    std::array<epoll_event, 32> events;
    // What was posted to a thread that was left behind waits.
    if (!run_posted(thread)) return;
    for (;;) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
        bool posted = false;
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            posted = posted || event.data.u64 == 0;
            if (!handle(thread, event.data.u64, event.events)) return;
        }
        // Posted tasks run last: one that has run shows that every earlier event was handled.
        if (posted && !run_posted(thread)) return;
    }
}

// Looks after the thread while it is in a handler or task; nobody looks, and nothing wakes up,
// while it waits.
void Reactor::guard() {
    ::pthread_setname_np(::pthread_self(), "plugin-guard");
    std::unique_lock lock(mutex_);
    std::uint64_t seen = 0;
    int steps = 0;
    while (turn_.running) {
        if (turn_.number != seen) {
            seen = turn_.number;
            steps = 0;
        }
        if (steps++ == kSteps) {
            const auto told = leave_behind();
            lock.unlock();
            if (told) told();
            lock.lock();
            continue;
        }
        const auto step = turn_.patience / kSteps;
        lock.unlock();
        std::this_thread::sleep_for(step);
        lock.lock();
    }
    guarded_ = false;
}

// The descriptors of all others stay in the same epoll set: they are level-triggered, so what the
// old thread was told and had not handled yet is told again. With the lock held.
std::function<void()> Reactor::leave_behind() {
    const Turn left = turn_;
    turn_ = {};
    turn_.number = left.number + 1;
    std::function<void()> told;
    if (left.key != nullptr) {
        Owner& owner = owners_[left.key];
        owner.hung = true;
        told = std::exchange(owner.on_hang, nullptr);
    }
    std::erase_if(entries_, [&](const auto& entry) {
        if (entry.second.key != left.key) return false;
        forget(entry.second);
        return true;
    });
    const auto give_up = [&](const std::shared_ptr<Task>& task) {
        if (task != left.task && (left.key == nullptr || task->key != left.key)) return false;
        task->state = Task::State::left;
        return true;
    };
    if (left.task) give_up(left.task);
    posted_.remove_if(give_up);
    task_over_.notify_all();
    start_thread();
    return told;
}

}  // namespace evenkeel::plugin
