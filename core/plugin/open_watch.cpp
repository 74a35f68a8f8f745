#include "core/plugin/open_watch.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

#include "core/base/log.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/answers.hpp"
#include "core/plugin/broken_rule.hpp"
#include "core/plugin/call_marks.hpp"
#include "core/plugin/reactor.hpp"
#include "core/plugin/watch_sources.hpp"

namespace evenkeel::plugin {
namespace {

// An id that is longer is none that the agent has asked for.
constexpr std::size_t kIdMost = 4096;

// One open watch, shared between its owner and what still runs for it on the reactor.
class SharedWatch : public std::enable_shared_from_this<SharedWatch> {
  public:
    SharedWatch(Watched watched, Reactor& reactor, OnHint on_hint)
        : watched_(std::move(watched)),
          reactor_(reactor),
          on_hint_(std::move(on_hint)),
          sources_(reactor, this) {
        host_ = {sizeof(ek_watch_host), 0, this, on_fd, on_timer, on_told};
    }
    ~SharedWatch() { reactor_.remove_all(this); }
    SharedWatch(const SharedWatch&) = delete;
    SharedWatch& operator=(const SharedWatch&) = delete;

    Result<void> open(const Call& call);
    Result<void> interest(const std::string& id, bool on, const Call& call);
    void sync(const Call& call);
    void close();
    bool lost() const { return lost_; }

  private:
    static ek_status on_fd(void* ctx, std::int32_t fd, std::uint32_t poll_events) noexcept;
    static ek_status on_timer(void* ctx, std::uint64_t at_ns) noexcept;
    static void on_told(void* ctx, const ek_hint* hint) noexcept;

    Result<ek_watch*> open_at_plugin(const Call& call);
    Result<void> run(std::function<void()> task, const Until& until = {}) {
        return reactor_.run(std::move(task), reactor_.patience(), this, until);
    }
    // Calls the plugin; false when the watch is over after it.
    bool call(const std::string& what, const std::function<ek_status()>& operation,
              ek_status& status);
    bool ready(std::int32_t fd, std::uint32_t events);
    void shut();
    void lose(const std::string& why);
    void on_hang();
    void report(Hint hint, const std::string& id);

    const Watched watched_;
    Reactor& reactor_;
    std::mutex hint_mutex_;  // held while it is called: none is under way once close() has it
    OnHint on_hint_;         // empty once closed
    std::string current_;    // what the plugin was called for last; also guarded by hint_mutex_
    ek_watch_host host_{};
    ek_watch* handle_ = nullptr;  // null once closed; on the reactor's thread after open()
    WatchSources sources_;
    std::atomic<bool> lost_{false}, hung_{false};
};

Result<ek_watch*> SharedWatch::open_at_plugin(const Call& call) {
    Answers answers(call, 0);
    ek_watch* handle = nullptr;
    ek_status status = EK_E_INTERNAL;
    try {
        status = watched_.table->watch_open(watched_.handle, answers.call(), &host_, &handle);
    } catch (const BrokenRule& broken) {
        return fail(misbehaviour(watched_.plugin, broken.rule));
    } catch (...) {
        return fail(misbehaviour(watched_.plugin, "an exception leaves watch_open"));
    }
    if (status != EK_OK)
        return fail(errc_of(status), answers.error_text().value_or("the plugin cannot watch"));
    if (handle == nullptr) return fail(misbehaviour(watched_.plugin, "watch_open gives no watch"));
    return handle;
}

Result<void> SharedWatch::open(const Call& call) {
    const auto weak = weak_from_this();
    reactor_.on_hang(this, [weak] {
        if (const auto self = weak.lock()) self->on_hang();
    });
    EK_CHECK(
        sources_.start({weak, watched_.plugin,
                        [this](std::int32_t fd, std::uint32_t events) { return ready(fd, events); },
                        [this](const std::string& why) { lose(why); }}));
    ek_watch* const handle = EK_TRY(open_at_plugin(call));
    return run([self = shared_from_this(), handle] {
        self->handle_ = handle;
        self->sources_.open();
    });
}

// A call that comes back after its thread was left behind closes the watch there.
bool SharedWatch::call(const std::string& what, const std::function<ek_status()>& operation,
                       ek_status& status) {
    {
        const std::lock_guard lock(hint_mutex_);
        current_ = what;
    }
    bool threw = false;
    if (watched_.mark) watched_.mark->begin(what);
    try {
        status = operation();
    } catch (...) {
        threw = true;
    }
    if (watched_.mark) watched_.mark->end();
    if (hung_) {
        shut();
        return false;
    }
    if (threw) lose("an exception leaves the " + what);
    return !threw;
}

Result<void> SharedWatch::interest(const std::string& id, bool on, const Call& call) {
    const Until until = until_end_of(call);
    auto status = std::make_shared<ek_status>(EK_E_UNAVAILABLE);
    auto answer = std::make_shared<std::function<ek_status(const Until&)>>();
    const auto ask = [self = shared_from_this(), status, answer, id, on] {
        const Watched& watched = self->watched_;
        if (self->handle_ == nullptr) return;
        const auto operation = [&]() -> ek_status {
            if (watched.ask == nullptr)
                return watched.table->watch_interest(self->handle_, borrow(id), on ? 1 : 0);
            *answer = watched.ask(self->handle_, borrow(id), on);
            return EK_OK;
        };
        ek_status given = EK_E_UNAVAILABLE;
        if (self->call("watch_interest of " + id, operation, given)) *status = given;
    };
    EK_CHECK(run(ask, until));
    if (*answer) *status = (*answer)(until);
    if (*status == EK_OK) return {};
    if (*status == EK_E_CANCELLED)
        return fail(Errc::cancelled, "its call is over before the plugin " + watched_.plugin +
                                         " says that it watches " + id);
    return fail(errc_of(*status),
                "plugin " + watched_.plugin + " cannot watch " + id + " now, its log says why");
}

// Of a plugin in a process of its own the hints are still to come. Twice: a turn that had begun
// before may have seen less.
void SharedWatch::sync(const Call& call) {
    const Until until = until_end_of(call);
    if (watched_.ask != nullptr) {
        auto answer = std::make_shared<std::function<ek_status(const Until&)>>();
        const auto ask = [self = shared_from_this(), answer] {
            if (self->handle_ != nullptr)
                *answer = self->watched_.ask(self->handle_, kAbsent, false);
        };
        if (run(ask, until) && *answer) (*answer)(until);
        return;
    }
    for (int turns = 0; turns < 2; ++turns)
        if (!reactor_.run([] {}, reactor_.patience(), nullptr, until)) return;
}

void SharedWatch::close() {
    OnHint last;
    {
        const std::lock_guard lock(hint_mutex_);
        last = std::exchange(on_hint_, nullptr);
    }
    const bool has_hung = hung_;
    const auto closed = run([self = shared_from_this()] { self->shut(); });
    if (closed) return;
    log::error("a watch is left behind",
               {{"plugin", watched_.plugin}, {"why", closed.error().what}});
    if (last && !has_hung) last(Hint::hung, "watch_close");
}

void SharedWatch::shut() {
    if (ek_watch* const handle = std::exchange(handle_, nullptr)) {
        const char* what = "watch_close";
        if (watched_.mark) watched_.mark->begin(what);
        try {
            watched_.table->watch_close(handle);
        } catch (...) {
            log::error("an exception leaves watch_close", {{"plugin", watched_.plugin}});
        }
        if (watched_.mark) watched_.mark->end();
    }
    reactor_.remove_all(this);
}

void SharedWatch::lose(const std::string& why) {
    log::error("a plugin gives up its watch", {{"plugin", watched_.plugin}, {"why", why}});
    lost_ = true;
    shut();
    report(Hint::missed, "");
}

// On the thread that looks after the reactor's.
void SharedWatch::on_hang() {
    hung_ = true;
    lost_ = true;
    std::string what;
    {
        const std::lock_guard lock(hint_mutex_);
        what = current_;
    }
    report(Hint::hung, what);
}

void SharedWatch::report(Hint hint, const std::string& id) {
    const std::lock_guard lock(hint_mutex_);
    if (on_hint_) on_hint_(hint, id);
}

bool SharedWatch::ready(std::int32_t fd, std::uint32_t events) {
    if (handle_ == nullptr) return false;
    const auto operation = [&] { return watched_.table->watch_ready(handle_, fd, events); };
    ek_status status = EK_OK;
    if (!call("watch_ready", operation, status)) return false;
    if (status != EK_OK) lose("watch_ready answers " + std::to_string(status));
    return handle_ != nullptr;
}

ek_status SharedWatch::on_fd(void* ctx, std::int32_t fd, std::uint32_t poll_events) noexcept {
    return static_cast<SharedWatch*>(ctx)->sources_.poll(fd, poll_events) ? EK_OK
                                                                          : EK_E_UNAVAILABLE;
}

ek_status SharedWatch::on_timer(void* ctx, std::uint64_t at_ns) noexcept {
    return static_cast<SharedWatch*>(ctx)->sources_.set_timer(at_ns) ? EK_OK : EK_E_INTERNAL;
}

void SharedWatch::on_told(void* ctx, const ek_hint* hint) noexcept {
    auto& self = *static_cast<SharedWatch*>(ctx);
    // It has no answer by which a plugin could learn that its record is wrong: all are read again.
    if (!is_whole(hint) || hint->id.len > kIdMost) return self.report(Hint::changed, "");
    if (hint->kind == EK_HINT_MISSED) return self.report(Hint::missed, "");
    // Nothing settles what is about all.
    const bool unsettled = hint->kind == EK_HINT_UNSETTLED && hint->id.len != 0;
    self.report(unsettled ? Hint::unsettled : Hint::changed, copy(hint->id));
}

class OpenWatch : public Watch {
  public:
    explicit OpenWatch(std::shared_ptr<SharedWatch> shared) : shared_(std::move(shared)) {}
    ~OpenWatch() override { shared_->close(); }
    Result<void> interest(const std::string& id, bool on, const Call& call) override {
        return shared_->interest(id, on, call);
    }
    void sync(const Call& call) override { shared_->sync(call); }
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
