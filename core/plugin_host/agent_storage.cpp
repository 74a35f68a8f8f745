#include "core/plugin_host/agent_storage.hpp"

#include <utility>

#include "core/plugin/abi.hpp"

namespace evenkeel::plugin_host {

AgentStorage::AgentStorage(Send send)
    : send_(std::move(send)), table_{sizeof(ek_storage), 0, this, get, put, erase} {}

AgentStorage::Answer AgentStorage::ask(Operation operation, ek_str key, ek_str bytes) {
    // The agent would refuse what is longer, and should not have to read it.
    if (key.len > EK_STORAGE_KEY_MAX || bytes.len > EK_STORAGE_VALUE_MAX) return {EK_E_INVALID, {}};
    std::unique_lock lock(mutex_);
    const std::uint32_t number = ++numbers_;
    auto& answer = waiting_[number];
    lock.unlock();
    send_(plugin::frame_of(plugin::StorageRequest{number, operation, key, bytes}));
    lock.lock();
    answered_.wait(lock, [&] { return answer.has_value(); });
    Answer given = std::move(*answer);
    waiting_.erase(number);
    return given;
}

void AgentStorage::answer(plugin::FrameReader& frame) {
    const std::uint32_t number = frame.u32();
    const ek_status status = frame.i32();
    const ek_str bytes = frame.text();
    const std::lock_guard lock(mutex_);
    const auto waiting = waiting_.find(number);
    if (waiting == waiting_.end()) return;
    waiting->second = Answer{status, plugin::copy(bytes)};
    answered_.notify_all();
}

ek_status AgentStorage::get(void* ctx, ek_str key, void* sink_ctx, ek_storage_sink sink) noexcept {
    const Answer found = static_cast<AgentStorage*>(ctx)->ask(Operation::get, key, {});
    return found.status == EK_OK ? sink(sink_ctx, plugin::borrow(found.bytes)) : found.status;
}

ek_status AgentStorage::put(void* ctx, ek_str key, ek_str bytes) noexcept {
    return static_cast<AgentStorage*>(ctx)->ask(Operation::put, key, bytes).status;
}

ek_status AgentStorage::erase(void* ctx, ek_str key) noexcept {
    return static_cast<AgentStorage*>(ctx)->ask(Operation::erase, key, {}).status;
}

}  // namespace evenkeel::plugin_host
