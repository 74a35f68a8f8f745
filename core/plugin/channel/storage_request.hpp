#pragma once

#include <cstdint>

#include <evenkeel/plugin.h>

#include "core/plugin/channel/frame.hpp"

namespace evenkeel::plugin {

// What a plugin asks of its storage (ek_storage), and what it is answered. Numbers are the asker's.
struct StorageRequest {
    enum class Operation : std::uint32_t { get = 1, put, erase };
    std::uint32_t number = 0;
    Operation operation{};
    ek_str key{nullptr, 0}, bytes{nullptr, 0};
};
inline FrameWriter frame_of(const StorageRequest& request) {
    FrameWriter frame(FrameKind::storage);
    frame.u32(request.number).u32(static_cast<std::uint32_t>(request.operation));
    frame.text(request.key).text(request.bytes);
    return frame;
}
inline StorageRequest storage_request_of(FrameReader& frame) {
    StorageRequest request;
    request.number = frame.u32();
    request.operation = static_cast<StorageRequest::Operation>(frame.u32());
    request.key = frame.text();
    request.bytes = frame.text();
    return request;
}

}  // namespace evenkeel::plugin
