#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <evenkeel/ext/storage.h>

#include "core/plugin/channel/frame.hpp"
#include "core/plugin/channel/storage_request.hpp"

namespace evenkeel::plugin_host {

// The plugin's storage (ek_storage), which the agent keeps: asks it, and waits. [any]
class AgentStorage {
  public:
    using Send = std::function<void(plugin::FrameWriter frame)>;
    explicit AgentStorage(Send send);
    AgentStorage(const AgentStorage&) = delete;
    AgentStorage& operator=(const AgentStorage&) = delete;

    const ek_storage* table() const { return &table_; }
    // An answer has come.
    void answer(plugin::FrameReader& frame);

  private:
    using Operation = plugin::StorageRequest::Operation;
    struct Answer {
        ek_status status;
        std::string bytes;
    };
    static ek_status get(void* ctx, ek_str key, void* sink_ctx, ek_storage_sink sink) noexcept;
    static ek_status put(void* ctx, ek_str key, ek_str bytes) noexcept;
    static ek_status erase(void* ctx, ek_str key) noexcept;

    Answer ask(Operation operation, ek_str key, ek_str bytes);

    const Send send_;
    ek_storage table_{};
    std::mutex mutex_;  // guards what follows
    std::condition_variable answered_;
    std::uint32_t numbers_ = 0;
    std::map<std::uint32_t, std::optional<Answer>> waiting_;
};

}  // namespace evenkeel::plugin_host
