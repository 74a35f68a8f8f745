#include "core/plugin/watch.hpp"

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

namespace evenkeel::plugin {
namespace {

// How long a caller waits for the reactor before he takes it for hanging.
constexpr std::chrono::milliseconds kPatience{5000};

// One open watch, shared between its owner and what still runs for it on the reactor.
class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(Watched watched, Reactor& reactor, OnHint on_hint)
        : watched_(std::move(watched)), reactor_(reactor), on_hint_(std::move(on_hint)) {
        host_ = {sizeof(ek_watch_host), 0,        this, on_fd, on_timer, on_changed,
                 on_unsettled,          on_missed};
    }

    Result<void> open(const Call& call);
    Result<void> interest(const std::string& id, bool on);
    void sync();
    void close();
    bool lost() const { return lost_; }

  private:
    static ek_status on_fd(void* ctx, std::int32_t fd, std::uint32_t poll_events) noexcept;
    static ek_status on_timer(void* ctx, std::uint64_t at_ns) noexcept;
    static void on_changed(void* ctx, ek_str id) noexcept;
    static void on_unsettled(void* ctx, ek_str id) noexcept;
    static void on_missed(void* ctx) noexcept;

    void ready(std::int32_t fd, std::uint32_t events);
    void timer_rang();
    void shut();
    void lose(const std::string& why);
    void tell(Hint hint, const std::string& id);

    const Watched watched_;
    Reactor& reactor_;
    std::mutex hint_mutex_;  // held while it is called: none is under way once close() has it
    OnHint on_hint_;         // empty once closed
    ek_watch_host host_{};
    ek_watch* handle_ = nullptr;  // null once closed; on the reactor's thread after open()
    Fd timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
    std::atomic<bool> lost_{false};
};

Result<void> Session::open(const Call& call) {
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

Result<void> Session::interest(const std::string& id, bool on) {
    struct Outcome {
        ek_status status = EK_E_UNAVAILABLE;
    };
    auto outcome = std::make_shared<Outcome>();
    const auto self = shared_from_this();
    EK_CHECK(reactor_.run(
        [self, outcome, id, on] {
            if (self->handle_ == nullptr) return;
            try {
                outcome->status =
                    self->watched_.table->watch_interest(self->handle_, borrow(id), on ? 1 : 0);
            } catch (...) {
                self->lose("an exception leaves watch_interest");
            }
        },
        kPatience));
    if (outcome->status == EK_OK) return {};
    return fail(errc_of(outcome->status),
                "plugin " + watched_.plugin + " cannot watch " + id + " now, its log says why");
}

// Twice: a turn that had begun before may have seen less.
void Session::sync() {
    for (int turns = 0; turns < 2; ++turns)
        if (!reactor_.run([] {}, kPatience)) return;
}

void Session::close() {
    {
        const std::lock_guard lock(hint_mutex_);
        on_hint_ = nullptr;
    }
    const auto self = shared_from_this();
    const auto closed = reactor_.run([self] { self->shut(); }, kPatience);
    if (!closed) log::error("a watch is left behind", {{"why", closed.error().what}});
}

void Session::shut() {
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

void Session::lose(const std::string& why) {
    log::error("a plugin gives up its watch", {{"plugin", watched_.plugin}, {"why", why}});
    lost_ = true;
    shut();
    tell(Hint::missed, "");
}

void Session::tell(Hint hint, const std::string& id) {
    const std::lock_guard lock(hint_mutex_);
    if (on_hint_) on_hint_(hint, id);
}

void Session::ready(std::int32_t fd, std::uint32_t events) {
    if (handle_ == nullptr) return;
    try {
        const ek_status status = watched_.table->watch_ready(handle_, fd, events);
        if (status != EK_OK) lose("watch_ready answers " + std::to_string(status));
    } catch (...) {
        lose("an exception leaves watch_ready");
    }
}

void Session::timer_rang() {
    std::uint64_t times = 0;
    if (::read(timer_.get(), &times, sizeof(times)) != sizeof(times)) return;  // set anew meanwhile
    ready(-1, 0);
}

ek_status Session::on_fd(void* ctx, std::int32_t fd, std::uint32_t poll_events) noexcept {
    auto& self = *static_cast<Session*>(ctx);
    if (poll_events == 0) {
        self.reactor_.remove(&self, fd);
        return EK_OK;
    }
    const auto weak = self.weak_from_this();
    const auto added = self.reactor_.add(&self, fd, poll_events, [weak, fd](std::uint32_t events) {
        if (const auto session = weak.lock()) session->ready(fd, events);
    });
    return added ? EK_OK : EK_E_UNAVAILABLE;
}

ek_status Session::on_timer(void* ctx, std::uint64_t at_ns) noexcept {
    auto& self = *static_cast<Session*>(ctx);
    itimerspec when{};
    when.it_value.tv_sec = static_cast<time_t>(at_ns / 1'000'000'000);
    when.it_value.tv_nsec = static_cast<long>(at_ns % 1'000'000'000);
    return ::timerfd_settime(self.timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0
               ? EK_OK
               : EK_E_INTERNAL;
}

void Session::on_changed(void* ctx, ek_str id) noexcept {
    static_cast<Session*>(ctx)->tell(Hint::changed, copy(id));
}

void Session::on_unsettled(void* ctx, ek_str id) noexcept {
    static_cast<Session*>(ctx)->tell(Hint::unsettled, copy(id));
}

void Session::on_missed(void* ctx) noexcept {
    static_cast<Session*>(ctx)->tell(Hint::missed, "");
}

class OpenWatch : public Watch {
  public:
    explicit OpenWatch(std::shared_ptr<Session> session) : session_(std::move(session)) {}
    ~OpenWatch() override { session_->close(); }
    Result<void> interest(const std::string& id, bool on) override {
        return session_->interest(id, on);
    }
    void sync() override { session_->sync(); }
    bool lost() const override { return session_->lost(); }

  private:
    std::shared_ptr<Session> session_;
};

}  // namespace

Result<std::unique_ptr<Watch>> open_watch(Watched watched, const Call& call, OnHint on_hint) {
    Reactor* const reactor = EK_TRY(Reactor::shared());
    const auto session =
        std::make_shared<Session>(std::move(watched), *reactor, std::move(on_hint));
    EK_CHECK(session->open(call));
    return std::unique_ptr<Watch>(std::make_unique<OpenWatch>(session));
}

}  // namespace evenkeel::plugin
