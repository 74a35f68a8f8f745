#include "core/plugin/open_watch.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

#include <poll.h>
#include <sys/timerfd.h>

#include "core/base/fd.hpp"
#include "core/base/log.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/answers.hpp"
#include "core/plugin/broken_rule.hpp"
#include "core/plugin/reactor.hpp"

namespace evenkeel::plugin {
namespace {

// How long a caller waits for the reactor before it counts as hanging.
constexpr std::chrono::milliseconds kPatience{5000};

// One open watch, shared between its owner and what still runs for it on the reactor.
class SharedWatch : public std::enable_shared_from_this<SharedWatch> {
  public:
    SharedWatch(Watched watched, Reactor& reactor, OnHint on_hint)
        : watched_(std::move(watched)), reactor_(reactor), on_hint_(std::move(on_hint)) {
        host_ = {sizeof(ek_watch_host), 0, this, on_fd, on_timer, on_told};
    }

    Result<void> open(const Call& call);
    Result<void> interest(const std::string& id, bool on);
    void sync();
    void close();
    bool lost() const { return lost_; }

  private:
    static ek_status on_fd(void* ctx, std::int32_t fd, std::uint32_t poll_events) noexcept;
    static ek_status on_timer(void* ctx, std::uint64_t at_ns) noexcept;
    static void on_told(void* ctx, const ek_hint* hint) noexcept;

    void ready(std::int32_t fd, std::uint32_t events);
    void timer_rang();
    void shut();
    void lose(const std::string& why);
    void report(Hint hint, const std::string& id);

    const Watched watched_;
    Reactor& reactor_;
    std::mutex hint_mutex_;  // held while it is called: none is under way once close() has it
    OnHint on_hint_;         // empty once closed
    ek_watch_host host_{};
    ek_watch* handle_ = nullptr;  // null once closed; on the reactor's thread after open()
    Fd timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
    std::atomic<bool> lost_{false};
};

Result<void> SharedWatch::open(const Call& call) {
    if (!timer_) return fail(system_error(errno, "cannot make a timer for a watch"));
    const auto weak = weak_from_this();
    EK_CHECK(reactor_.add(this, timer_.get(), POLLIN, [weak](std::uint32_t) {
        if (const auto self = weak.lock()) self->timer_rang();
    }));
    Answers answers(call, 0);
    ek_watch* handle = nullptr;
    ek_status status = EK_E_INTERNAL;
    std::string rule;
    try {
        status = watched_.table->watch_open(watched_.handle, answers.call(), &host_, &handle);
    } catch (const BrokenRule& broken) {
        rule = broken.rule;
    } catch (...) {
        rule = "an exception leaves watch_open";
    }
    if (rule.empty() && status == EK_OK && handle == nullptr) rule = "watch_open gives no watch";
    if (!rule.empty() || status != EK_OK) {
        reactor_.remove_all(this);
        if (!rule.empty()) return fail(misbehaviour(watched_.plugin, rule));
        return fail(errc_of(status), answers.error_text().value_or("the plugin cannot watch"));
    }
    const auto self = shared_from_this();
    return reactor_.run([self, handle] { self->handle_ = handle; }, kPatience);
}

Result<void> SharedWatch::interest(const std::string& id, bool on) {
    struct Reply {
        ek_status status = EK_E_UNAVAILABLE;
    };
    auto reply = std::make_shared<Reply>();
    const auto self = shared_from_this();
    EK_CHECK(reactor_.run(
        [self, reply, id, on] {
            if (self->handle_ == nullptr) return;
            try {
                reply->status =
                    self->watched_.table->watch_interest(self->handle_, borrow(id), on ? 1 : 0);
            } catch (...) {
                self->lose("an exception leaves watch_interest");
            }
        },
        kPatience));
    if (reply->status == EK_OK) return {};
    return fail(errc_of(reply->status),
                "plugin " + watched_.plugin + " cannot watch " + id + " now, its log says why");
}

// Of a plugin in a process of its own the hints are still to come. Twice: a turn that had begun
// before may have seen less.
void SharedWatch::sync() {
    if (watched_.sync != nullptr) {
        const auto self = shared_from_this();
        static_cast<void>(reactor_.run(
            [self] {
                if (self->handle_ != nullptr) self->watched_.sync(self->handle_);
            },
            kPatience));
        return;
    }
    for (int turns = 0; turns < 2; ++turns)
        if (!reactor_.run([] {}, kPatience)) return;
}

void SharedWatch::close() {
    {
        const std::lock_guard lock(hint_mutex_);
        on_hint_ = nullptr;
    }
    const auto self = shared_from_this();
    const auto closed = reactor_.run([self] { self->shut(); }, kPatience);
    if (!closed) log::error("a watch is left behind", {{"why", closed.error().what}});
}

void SharedWatch::shut() {
    if (handle_ != nullptr) {
        ek_watch* const handle = std::exchange(handle_, nullptr);
        try {
            watched_.table->watch_close(handle);
        } catch (...) {
            log::error("an exception leaves watch_close", {{"plugin", watched_.plugin}});
        }
    }
    reactor_.remove_all(this);
}

void SharedWatch::lose(const std::string& why) {
    log::error("a plugin gives up its watch", {{"plugin", watched_.plugin}, {"why", why}});
    lost_ = true;
    shut();
    report(Hint::missed, "");
}

void SharedWatch::report(Hint hint, const std::string& id) {
    const std::lock_guard lock(hint_mutex_);
    if (on_hint_) on_hint_(hint, id);
}

void SharedWatch::ready(std::int32_t fd, std::uint32_t events) {
    if (handle_ == nullptr) return;
    try {
        const ek_status status = watched_.table->watch_ready(handle_, fd, events);
        if (status != EK_OK) lose("watch_ready answers " + std::to_string(status));
    } catch (...) {
        lose("an exception leaves watch_ready");
    }
}

void SharedWatch::timer_rang() {
    std::uint64_t times = 0;
    if (::read(timer_.get(), &times, sizeof(times)) != sizeof(times)) return;  // set anew meanwhile
    ready(-1, 0);
}

ek_status SharedWatch::on_fd(void* ctx, std::int32_t fd, std::uint32_t poll_events) noexcept {
    auto& self = *static_cast<SharedWatch*>(ctx);
    if (poll_events == 0) {
        self.reactor_.remove(&self, fd);
        return EK_OK;
    }
    const auto weak = self.weak_from_this();
    const auto added = self.reactor_.add(&self, fd, poll_events, [weak, fd](std::uint32_t events) {
        if (const auto shared = weak.lock()) shared->ready(fd, events);
    });
    return added ? EK_OK : EK_E_UNAVAILABLE;
}

ek_status SharedWatch::on_timer(void* ctx, std::uint64_t at_ns) noexcept {
    auto& self = *static_cast<SharedWatch*>(ctx);
    itimerspec when{};
    when.it_value.tv_sec = static_cast<time_t>(at_ns / 1'000'000'000);
    when.it_value.tv_nsec = static_cast<long>(at_ns % 1'000'000'000);
    return ::timerfd_settime(self.timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0
               ? EK_OK
               : EK_E_INTERNAL;
}

void SharedWatch::on_told(void* ctx, const ek_hint* hint) noexcept {
    auto& self = *static_cast<SharedWatch*>(ctx);
    // It has no answer by which a plugin could learn that its record is wrong: all are read again.
    if (!is_whole(hint)) return self.report(Hint::changed, "");
    if (hint->kind == EK_HINT_MISSED) return self.report(Hint::missed, "");
    // Nothing settles what is about all.
    const bool unsettled = hint->kind == EK_HINT_UNSETTLED && hint->id.len != 0;
    self.report(unsettled ? Hint::unsettled : Hint::changed, copy(hint->id));
}

class OpenWatch : public Watch {
  public:
    explicit OpenWatch(std::shared_ptr<SharedWatch> shared) : shared_(std::move(shared)) {}
    ~OpenWatch() override { shared_->close(); }
    Result<void> interest(const std::string& id, bool on) override {
        return shared_->interest(id, on);
    }
    void sync() override { shared_->sync(); }
    bool lost() const override { return shared_->lost(); }

  private:
    std::shared_ptr<SharedWatch> shared_;
};

}  // namespace

Result<std::unique_ptr<Watch>> open_watch(Watched watched, const Call& call, OnHint on_hint) {
    Reactor* const reactor = EK_TRY(Reactor::shared());
    const auto shared =
        std::make_shared<SharedWatch>(std::move(watched), *reactor, std::move(on_hint));
    EK_CHECK(shared->open(call));
    return std::unique_ptr<Watch>(std::make_unique<OpenWatch>(shared));
}

}  // namespace evenkeel::plugin
