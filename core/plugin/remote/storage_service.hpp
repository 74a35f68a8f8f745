#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <evenkeel/ext/storage.h>

#include "core/plugin/channel/frame.hpp"
#include "core/run/lane.hpp"

namespace evenkeel::plugin {

// Serves a plugin's process what the host offers as "ek.storage/1", on a thread of its own, since
// that blocks. What is written, and what fails, which is in the log, is served slowly once it is
// much: the plugin waits. [any]
class StorageService {
  public:
    static constexpr unsigned kFree = 200;                  // changes and failures at once,
    static constexpr std::chrono::milliseconds kPause{50};  // and one more in this time
    // `reply` sends an answer; not after the destructor has returned. Without a storage all is
    // unsupported.
    StorageService(const ek_host& host, std::function<void(FrameWriter answer)> reply);
    ~StorageService();
    StorageService(const StorageService&) = delete;
    StorageService& operator=(const StorageService&) = delete;

    // The request in the frame; false when it is none.
    bool serve(FrameReader& frame);

  private:
    class Shared;

    // The lane's thread is left behind with it when a disk does not answer.
    const std::shared_ptr<Shared> shared_;
    run::Lane lane_{{.name = "plugin-storage", .queue_depth_max = 100}};
};

}  // namespace evenkeel::plugin
