#pragma once

#include <functional>

#include <evenkeel/ext/storage.h>

#include "core/plugin/channel/frame.hpp"
#include "core/run/lane.hpp"

namespace evenkeel::plugin {

// Serves a plugin's process what the host offers as "ek.storage/1", on a thread of its own, since
// that blocks. [any]
class StorageService {
  public:
    // `reply` sends an answer; not after the destructor has returned. Without a storage all is
    // unsupported.
    StorageService(const ek_host& host, std::function<void(FrameWriter answer)> reply);

    // The request in the frame; false when it is none.
    bool serve(FrameReader& frame);

  private:
    const ek_storage* const storage_;
    const std::function<void(FrameWriter)> reply_;
    run::Lane lane_{{.name = "plugin-storage", .queue_depth_max = 100}};
};

}  // namespace evenkeel::plugin
