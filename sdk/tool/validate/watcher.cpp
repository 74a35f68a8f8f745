#include "sdk/tool/validate/watcher.hpp"

#include <algorithm>

#include <poll.h>

#include "core/base/time.hpp"

namespace evenkeel::validate {
namespace {

int rest_ms(std::uint64_t until_ns) {
    const std::uint64_t now = now_monotonic_ns();
    return until_ns <= now ? 0 : static_cast<int>((until_ns - now) / 1'000'000 + 1);
}

}  // namespace

Watcher::Watcher(Bench& bench, Instance& instance) : bench_(bench), table_(bench.collection()) {
    ek_watch_host host{};
    host.ctx = this;
    host.fd = on_fd;
    host.timer = on_timer;
    host.hint = on_hint;
    host_ = std::make_unique<Placed<ek_watch_host>>(bench.shape, host, this);
    const Told told = bench.answers({});
    told->finish(table_.watch_open(instance.handle(), told->call(), host_->get(), &handle_));
    if (told->status == EK_E_UNAVAILABLE)
        skip("this machine cannot watch now: " + told->transcript());
    if (!told->ok()) broken("watch_open fails", told->transcript());
    if (handle_ == nullptr) broken("watch_open answers EK_OK and gives no watch");
}

void Watcher::close() {
    if (handle_ == nullptr) return;
    thread_ = std::this_thread::get_id();
    table_.watch_close(std::exchange(handle_, nullptr));
    closed_ = true;
}

void Watcher::interest(const std::string& id, bool on) {
    const ek_status status = table_.watch_interest(handle_, borrow(id), on ? 1 : 0);
    if (status != EK_OK) broken("watch_interest answers " + status_name(status) + " for " + id);
}

ek_status Watcher::ready(int fd, std::uint32_t events) {
    thread_ = std::this_thread::get_id();
    const std::uint64_t before = now_monotonic_ns();
    const ek_status status = table_.watch_ready(handle_, fd, events);
    longest_ready_ns = std::max(longest_ready_ns, now_monotonic_ns() - before);
    ++wakes;
    return status;
}

bool Watcher::run(int milliseconds, const std::function<bool()>& enough) {
    const std::uint64_t end =
        now_monotonic_ns() + static_cast<std::uint64_t>(milliseconds) * 1'000'000;
    while (!enough()) {
        std::vector<pollfd> polled;
        for (const auto& [fd, events] : fds) polled.push_back({fd, static_cast<short>(events), 0});
        const std::uint64_t until = timer_ns == 0 ? end : std::min(end, timer_ns);
        const int many = ::poll(polled.data(), polled.size(), rest_ms(until));
        std::vector<std::pair<int, std::uint32_t>> woken;
        for (const pollfd& each : polled)
            if (many > 0 && each.revents != 0)
                woken.emplace_back(each.fd, static_cast<std::uint32_t>(each.revents));
        if (timer_ns != 0 && now_monotonic_ns() >= timer_ns) {
            timer_ns = 0;
            woken.emplace_back(-1, 0);
        }
        for (const auto& [fd, events] : woken) {
            if (fd >= 0 && fds.count(fd) == 0) continue;
            if (const ek_status status = ready(fd, events); status != EK_OK)
                broken("watch_ready answers " + status_name(status));
        }
        if (now_monotonic_ns() >= end) return enough();
    }
    return true;
}

bool Watcher::hinted(const std::string& id) const {
    return std::any_of(hints.begin(), hints.end(), [&](const Hint& hint) {
        return hint.kind != EK_HINT_UNSETTLED && (hint.id.empty() || hint.id == id);
    });
}

bool Watcher::admit() {
    if (closed_) return ++late, false;
    if (std::this_thread::get_id() != thread_) return ++foreign, false;
    return true;
}

ek_status Watcher::on_fd(void* ctx, std::int32_t fd, std::uint32_t events) noexcept {
    auto& self = *static_cast<Watcher*>(ctx);
    if (!self.admit()) return EK_E_INTERNAL;
    if (events == 0) {
        self.fds.erase(fd);
    } else {
        self.fds[fd] = events;
    }
    return EK_OK;
}

ek_status Watcher::on_timer(void* ctx, std::uint64_t at_ns) noexcept {
    auto& self = *static_cast<Watcher*>(ctx);
    if (!self.admit()) return EK_E_INTERNAL;
    self.timer_ns = at_ns;
    return EK_OK;
}

void Watcher::on_hint(void* ctx, const ek_hint* hint) noexcept {
    auto& self = *static_cast<Watcher*>(ctx);
    if (!self.admit() || hint == nullptr || hint->size < sizeof(ek_hint)) return;
    self.hints.push_back({hint->kind, copy(hint->id)});
}

}  // namespace evenkeel::validate
