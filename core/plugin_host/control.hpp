#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <evenkeel/plugin.h>

#include "core/plugin/channel/frame.hpp"
#include "core/plugin/channel/tables.hpp"
#include "core/plugin_host/agent_storage.hpp"

namespace evenkeel::plugin_host {

// The process's connection to the agent, and what the plugin is given as its host (ek_host). As
// long as the process.
class Control {
  public:
    explicit Control(Fd socket);
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    // Waits for what is to be served; nothing when the agent is gone. The data folder's descriptor
    // is kept open.
    bool receive(plugin::Service& service);
    // Sends a frame, with a descriptor unless that is -1. [any]
    void send(plugin::FrameWriter frame, int descriptor = -1);
    // Why the plugin cannot be served.
    void refuse(const std::string& why);
    // The data folder, or -1.
    int data_dir() const { return data_dir_.get(); }
    // For the plugin, once it is known what is served.
    const ek_host* host(const plugin::Service& service);
    // The next channel's descriptors; meanwhile it hands on what else comes. False when the agent
    // is gone.
    bool next_channel(Fd& socket, Fd& cancel);

  private:
    static void log(void* ctx, std::int32_t severity, ek_str message, ek_str fields) noexcept;
    static const void* extension(void* ctx, const char* id) noexcept;

    plugin::FrameSocket socket_;
    std::mutex mutex_;         // guards what is sent
    std::vector<Fd> waiting_;  // of channels that were announced
    Fd data_dir_;
    std::string agent_version_, data_path_;
    bool has_storage_ = false;
    AgentStorage storage_;
    ek_host host_{};
};

}  // namespace evenkeel::plugin_host
