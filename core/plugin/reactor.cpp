#include "core/plugin/reactor.hpp"

#include <array>
#include <cerrno>
#include <future>
#include <utility>

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace evenkeel::plugin {

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

Reactor::Reactor(Fd epoll, Fd wake)
    : epoll_(std::move(epoll)), wake_(std::move(wake)), thread_([this] { loop(); }) {
    ::pthread_setname_np(thread_.native_handle(), "plugin-reactor");
}

Result<void> Reactor::run(std::function<void()> task, std::chrono::milliseconds patience) {
    if (std::this_thread::get_id() == thread_.get_id()) {
        task();
        return {};
    }
    auto done = std::make_shared<std::promise<void>>();
    auto ran = done->get_future();
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back([done, task = std::move(task)] {
            task();
            done->set_value();
        });
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
    if (stuck_) patience = {};
    if (ran.wait_for(patience) == std::future_status::ready) return {};
    stuck_ = true;
    return fail(Errc::timeout, "a plugin hangs in its watch and holds all others up");
}

std::uint64_t Reactor::find(const void* key, int fd) const {
    for (const auto& [id, entry] : entries_)
        if (entry.key == key && entry.fd == fd) return id;
    return 0;
}

Result<void> Reactor::add(const void* key, int fd, std::uint32_t events, Handler handler) {
    const std::lock_guard lock(mutex_);
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

void Reactor::remove(const void* key, int fd) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t id = find(key, fd);
    if (id == 0) return;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    entries_.erase(id);
}

void Reactor::remove_all(const void* key) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const auto& entry) {
        if (entry.second.key != key) return false;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, entry.second.fd, nullptr);
        return true;
    });
}

void Reactor::run_posted() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto length = ::read(wake_.get(), &count, sizeof(count));
    std::vector<std::function<void()>> tasks;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(posted_);
    }
    for (const auto& task : tasks) task();
    stuck_ = false;
}

void Reactor::loop() {
    std::array<epoll_event, 32> events;
    for (;;) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
        bool posted = false;
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            posted = posted || event.data.u64 == 0;
            std::shared_ptr<const Handler> handler;
            {
                const std::lock_guard lock(mutex_);
                const auto entry = entries_.find(event.data.u64);
                if (entry != entries_.end()) handler = entry->second.handler;
            }
            if (handler) (*handler)(event.events);
        }
        // Posted tasks run last: one that has run shows that every earlier event was handled.
        if (posted) run_posted();
    }
}

}  // namespace evenkeel::plugin
