#include "core/store/damage.hpp"

#include <mutex>

#include "core/base/log.hpp"

namespace evenkeel::store {
namespace {

std::mutex mutex;
std::optional<std::string> first;

}  // namespace

void note_damage(const std::string& what) {
    {
        const std::lock_guard lock(mutex);
        if (first) return;
        first = what;
    }
    log::error("the store is damaged: stop, check it, and restore a backup", {{"found", what}});
}

std::optional<std::string> damage() {
    const std::lock_guard lock(mutex);
    return first;
}

}  // namespace evenkeel::store
