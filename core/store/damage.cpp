#include "core/store/damage.hpp"

#include <atomic>
#include <mutex>
#include <utility>

#include "core/base/log.hpp"

namespace evenkeel::store {
namespace {

std::mutex mutex;
// Never destroyed: a thread that is left behind may read a store when the process ends.
auto& first = *new std::optional<std::string>;
auto& listener = *new std::function<void()>;
std::atomic<bool> restart_needed{false};

void tell_listener() {
    std::function<void()> tell;
    {
        const std::lock_guard lock(mutex);
        tell = listener;
    }
    if (tell) tell();
}

}  // namespace

void note_damage(const std::string& what) {
    {
        const std::lock_guard lock(mutex);
        if (first) return;
        first = what;
    }
    log::error("the store is damaged: stop, check it, and restore a backup", {{"found", what}});
    tell_listener();
}

std::optional<std::string> damage() {
    const std::lock_guard lock(mutex);
    return first;
}

void note_restart_needed(const std::string& what) {
    if (restart_needed.exchange(true)) return;
    log::error("the store is refused until the program starts again", {{"why", what}});
    tell_listener();
}

bool is_restart_needed() {
    return restart_needed;
}

void on_unusable(std::function<void()> tell) {
    {
        const std::lock_guard lock(mutex);
        listener = std::move(tell);
    }
    if (damage()) tell_listener();
    if (is_restart_needed()) tell_listener();
}

}  // namespace evenkeel::store
