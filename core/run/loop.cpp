#include "core/run/loop.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/log.hpp"
#include "core/base/time.hpp"

namespace evenkeel::run {
namespace asio = boost::asio;

struct Timer::State {
    explicit State(asio::io_context& context) : timer(context) {}
    asio::steady_timer timer;
    std::function<void()> call;
};

Timer::Timer(std::shared_ptr<State> state) : state_(std::move(state)) {}

Timer& Timer::operator=(Timer&& other) noexcept {
    if (this != &other) {
        cancel();
        state_ = std::move(other.state_);
    }
    return *this;
}

void Timer::cancel() {
    if (!state_) return;
    const auto state = std::exchange(state_, nullptr);
    // The call goes first: it may own this very handle.
    const auto call = std::exchange(state->call, nullptr);
    state->timer.cancel();
}

bool Timer::pending() const {
    return state_ && state_->call;
}

namespace {

// Where posts of the outside end once the loop is gone.
struct Gate {
    std::mutex mutex;
    asio::io_context* context = nullptr;
};

// Runs `step`; an exception from a handler ends the process here.
template <typename F>
auto guarded(F step) {
    try {
        return step();
    } catch (const std::exception& error) {
        log::error("a handler threw, aborting", {{"what", error.what()}});
    } catch (...) {
        log::error("a handler threw something unknown, aborting");
    }
    std::abort();
}

struct Signals {
    Signals(asio::io_context& context, std::function<void(int)> f)
        : set(context), call(std::move(f)) {}
    asio::signal_set set;
    std::function<void(int)> call;

    void wait() {
        set.async_wait([this](const boost::system::error_code& error, int number) {
            if (error) return;
            wait();
            call(number);
        });
    }
};

}  // namespace

struct Loop::Inside {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::vector<std::unique_ptr<Signals>> signals;
    std::shared_ptr<Gate> gate = std::make_shared<Gate>();
    std::atomic<std::thread::id> thread{std::this_thread::get_id()};
};

Loop::Loop() : inside_(std::make_unique<Inside>()) {
    inside_->gate->context = &inside_->context;
    std::signal(SIGPIPE, SIG_IGN);
}

Loop::~Loop() {
    const std::scoped_lock lock(inside_->gate->mutex);
    inside_->gate->context = nullptr;
}

void Loop::run() {
    inside_->thread = std::this_thread::get_id();
    inside_->context.restart();
    guarded([this] { return inside_->context.run(); });
}

void Loop::stop() {
    inside_->context.stop();
}

std::size_t Loop::run_ready() {
    inside_->thread = std::this_thread::get_id();
    inside_->context.restart();
    return guarded([this] { return inside_->context.poll(); });
}

bool Loop::run_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
    inside_->thread = std::this_thread::get_id();
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        if (inside_->context.stopped()) inside_->context.restart();
        guarded([this, deadline] { return inside_->context.run_one_until(deadline); });
    }
    return true;
}

void Loop::post(std::function<void()> f) {
    asio::post(inside_->context, std::move(f));
}

Post Loop::poster() {
    return [gate = inside_->gate](std::function<void()> f) {
        const std::scoped_lock lock(gate->mutex);
        if (gate->context != nullptr) asio::post(*gate->context, std::move(f));
    };
}

Timer Loop::after(std::chrono::nanoseconds delay, std::function<void()> f) {
    auto state = std::make_shared<Timer::State>(inside_->context);
    state->call = std::move(f);
    state->timer.expires_after(delay);
    state->timer.async_wait([state](const boost::system::error_code& error) {
        // Cancelled after the expiry was queued: then the call is gone.
        const auto call = std::exchange(state->call, nullptr);
        if (!error && call) call();
    });
    return Timer(std::move(state));
}

std::chrono::nanoseconds Loop::about(std::chrono::nanoseconds period,
                                     std::chrono::nanoseconds now) {
    return (now + period + period / 2) / period * period - now;
}

Timer Loop::after_about(std::chrono::nanoseconds period, std::function<void()> f) {
    const std::chrono::nanoseconds now(static_cast<std::int64_t>(now_monotonic_ns()));
    return after(about(period, now), std::move(f));
}

void Loop::on_signals(const std::vector<int>& signals, std::function<void(int)> f) {
    auto entry = std::make_unique<Signals>(inside_->context, std::move(f));
    for (const int number : signals) entry->set.add(number);
    entry->wait();
    inside_->signals.push_back(std::move(entry));
}

bool Loop::is_here() const {
    return inside_->thread.load() == std::this_thread::get_id();
}

asio::io_context& Loop::context() {
    return inside_->context;
}

}  // namespace evenkeel::run
