#include "core/plugin_host/served_plugin.hpp"

#include <utility>

namespace evenkeel::plugin_host {

const ek_collection* ServedPlugin::collection(std::uint32_t index) const {
    return index < module_.collection_count ? module_.collections[index] : nullptr;
}

void ServedPlugin::add(std::uint32_t number, ServedInstance instance) {
    const std::lock_guard lock(mutex_);
    instances_[number] = std::make_unique<ServedInstance>(instance);
}

ServedInstance* ServedPlugin::find(std::uint32_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = instances_.find(number);
    return found == instances_.end() ? nullptr : found->second.get();
}

void ServedPlugin::close(std::uint32_t number) {
    std::unique_lock lock(mutex_);
    const auto found = instances_.find(number);
    if (found == instances_.end()) return;
    watch_ended_.wait(lock, [&] { return found->second->watches == 0; });
    const auto instance = std::move(found->second);
    instances_.erase(found);
    lock.unlock();
    module_.close(instance->handle);
}

void ServedPlugin::begin_watch(ServedInstance& instance) {
    const std::lock_guard lock(mutex_);
    ++instance.watches;
}

void ServedPlugin::end_watch(ServedInstance& instance) {
    const std::lock_guard lock(mutex_);
    --instance.watches;
    watch_ended_.notify_all();
}

}  // namespace evenkeel::plugin_host
