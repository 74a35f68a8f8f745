#include "core/plugin_host/serve_watch.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>

#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"

namespace evenkeel::plugin_host {
namespace {

using plugin::FrameKind;
using plugin::FrameSocket;
using plugin::FrameWriter;

// A plugin that is called more often than this within a second, because it does not drain what it
// watches, is called again after a pause.
constexpr unsigned kCallsMost = 2000;
constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kPauseNs = 100'000'000;
// Rounds in which all that has happened until now is handed on.
constexpr unsigned kSyncRounds = 16;

// One open watch: what the plugin polls, and what it hints at.
class ServedWatch {
  public:
    ServedWatch(ServedPlugin& plugin, const ek_collection& table, FrameSocket& socket,
                CallAnswers& answers)
        : plugin_(plugin), table_(table), socket_(socket), answers_(answers) {
        host_ = {sizeof(ek_watch_host), 0, this, on_fd, on_timer, on_hint};
        polled_.push_back({socket.fd(), POLLIN, 0});
    }
    ~ServedWatch() {
        if (handle_ == nullptr) return;
        const ServedPlugin::InCall in_call(plugin_);
        try {
            table_.watch_close(handle_);
        } catch (...) {  // nobody is left to be told
        }
    }
    ServedWatch(const ServedWatch&) = delete;
    ServedWatch& operator=(const ServedWatch&) = delete;

    ek_status open(ek_instance* instance, const ek_call* call) {
        const ServedPlugin::InCall in_call(plugin_);
        const ek_status status = table_.watch_open(instance, call, &host_, &handle_);
        if (status != EK_OK) handle_ = nullptr;
        return status;
    }
    bool is_open() const { return handle_ != nullptr; }
    // Returns when the agent has closed the channel, or why the plugin has given up.
    std::optional<std::string> serve();

  private:
    static ek_status on_fd(void* ctx, std::int32_t fd, std::uint32_t events) noexcept;
    static ek_status on_timer(void* ctx, std::uint64_t at_ns) noexcept;
    static void on_hint(void* ctx, const ek_hint* hint) noexcept;

    // Waits until `until_ns` for what is polled, or for ever (0), and calls the plugin. False when
    // nothing was ready.
    bool turn(std::uint64_t until_ns, bool with_socket);
    void ready(std::int32_t fd, std::uint32_t events);
    bool listen();
    void answer(plugin::FrameReader& frame);
    ek_status interest(ek_str id, bool on);
    void reply(ek_status status);
    bool is_too_busy();

    ServedPlugin& plugin_;
    const ek_collection& table_;
    FrameSocket& socket_;
    CallAnswers& answers_;
    ek_watch_host host_{};
    ek_watch* handle_ = nullptr;
    std::vector<pollfd> polled_;  // the first is the channel
    std::uint64_t timer_ns_ = 0;
    std::uint64_t second_ = 0;  // in which calls_ are counted
    unsigned calls_ = 0;
    std::optional<std::string> trouble_;
    std::atomic<bool> gone_{false};  // a plugin may hint from a thread of its own
};

ek_status ServedWatch::on_fd(void* ctx, std::int32_t fd, std::uint32_t events) noexcept {
    auto& self = *static_cast<ServedWatch*>(ctx);
    const auto known = std::find_if(self.polled_.begin() + 1, self.polled_.end(),
                                    [fd](const pollfd& each) { return each.fd == fd; });
    // Entries are taken out between two turns.
    if (events == 0) {
        if (known != self.polled_.end()) known->fd = -1;
    } else if (known != self.polled_.end()) {
        known->events = static_cast<short>(events);
    } else {
        self.polled_.push_back({fd, static_cast<short>(events), 0});
    }
    return EK_OK;
}

ek_status ServedWatch::on_timer(void* ctx, std::uint64_t at_ns) noexcept {
    static_cast<ServedWatch*>(ctx)->timer_ns_ = at_ns;
    return EK_OK;
}

void ServedWatch::on_hint(void* ctx, const ek_hint* hint) noexcept {
    auto& self = *static_cast<ServedWatch*>(ctx);
    if (!self.answers_.send_frame(plugin::frame_of(hint))) self.gone_ = true;
}

void ServedWatch::ready(std::int32_t fd, std::uint32_t events) {
    if (trouble_) return;
    ++calls_;
    const ServedPlugin::InCall in_call(plugin_);
    const ek_status status = table_.watch_ready(handle_, fd, events);
    if (status != EK_OK) trouble_ = "watch_ready answers " + std::to_string(status);
}

bool ServedWatch::is_too_busy() {
    const std::uint64_t second = now_monotonic_ns() / kSecondNs;
    if (std::exchange(second_, second) != second) calls_ = 0;
    return calls_ > kCallsMost;
}

bool ServedWatch::turn(std::uint64_t until_ns, bool with_socket) {
    std::erase_if(polled_, [](const pollfd& each) { return each.fd < 0; });
    const std::uint64_t now = now_monotonic_ns();
    timespec wait{};
    if (until_ns > now) {
        wait.tv_sec = static_cast<time_t>((until_ns - now) / kSecondNs);
        wait.tv_nsec = static_cast<long>((until_ns - now) % kSecondNs);
    }
    const std::size_t from = with_socket ? 0 : 1;
    const std::size_t count = polled_.size();
    const int found =
        ::ppoll(polled_.data() + from, count - from, until_ns == 0 ? nullptr : &wait, nullptr);
    const bool rings = timer_ns_ != 0 && now_monotonic_ns() >= timer_ns_;
    // The plugin may add and forget descriptors meanwhile.
    for (std::size_t i = 1; i < count && found > 0; ++i) {
        const pollfd each = polled_[i];
        if (each.fd >= 0 && each.revents != 0)
            ready(each.fd, static_cast<std::uint32_t>(each.revents));
    }
    if (rings) {
        timer_ns_ = 0;
        ready(-1, 0);
    }
    return found > 0 || rings;
}

void ServedWatch::reply(ek_status status) {
    if (!answers_.send_frame(plugin::frame_of(plugin::Ended{status, {}, {}, {}}))) gone_ = true;
}

ek_status ServedWatch::interest(ek_str id, bool on) {
    const ServedPlugin::InCall in_call(plugin_);
    return table_.watch_interest(handle_, id, on ? 1 : 0);
}

void ServedWatch::answer(plugin::FrameReader& frame) {
    if (frame.kind() == FrameKind::interest) {
        const ek_str id = frame.text();
        const bool on = frame.u32() != 0;
        if (frame.whole()) reply(interest(id, on));
    } else if (frame.kind() == FrameKind::sync) {
        for (unsigned round = 0; round < kSyncRounds && !trouble_ && turn(1, false); ++round) {
        }
        reply(EK_OK);
    }
}

bool ServedWatch::listen() {
    if (socket_.fill() != FrameSocket::Io::done) return false;
    while (auto frame = socket_.take()) answer(*frame);
    return !socket_.broken();
}

std::optional<std::string> ServedWatch::serve() {
    try {
        while (!trouble_ && !gone_) {
            const bool busy = is_too_busy();
            if (busy) {
                pollfd channel{socket_.fd(), POLLIN, 0};
                if (::poll(&channel, 1, static_cast<int>(kPauseNs / 1'000'000)) > 0 && !listen())
                    return std::nullopt;
                continue;
            }
            polled_.front().revents = 0;
            turn(timer_ns_, true);
            if (polled_.front().revents != 0 && !listen()) return std::nullopt;
        }
    } catch (...) {
        trouble_ = "an exception leaves it";
    }
    return trouble_;
}

}  // namespace

void serve_watch(ServedPlugin& plugin, ServedInstance& instance, FrameSocket& socket,
                 CallAnswers& answers) {
    plugin.begin_watch(instance);
    std::optional<std::string> trouble;
    try {
        ServedWatch watch(plugin, *instance.collection, socket, answers);
        plugin::Ended ended;
        ended.status = watch.open(instance.handle, answers.call());
        if (ended.status == EK_OK && !watch.is_open())
            ended.broken_rule = plugin::borrow("watch_open gives no watch");
        if (answers.finish(ended) && watch.is_open()) trouble = watch.serve();
    } catch (...) {
        plugin.end_watch(instance);
        throw;
    }
    plugin.end_watch(instance);
    if (!trouble) return;
    FrameWriter lost(FrameKind::lost);
    lost.text(std::string_view(*trouble));
    answers.send_frame(std::move(lost));
}

}  // namespace evenkeel::plugin_host
