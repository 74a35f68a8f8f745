#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::http {

// One server-sent event as its bytes go to clients. It is made once and never changed, and all
// streams that send it share it. [any]
using Frame = std::shared_ptr<const std::string>;
using Frames = std::vector<Frame>;

// An event in the format text/event-stream; without `id` when that is empty (a live-only event,
// which must not move the client's Last-Event-ID). `id` and `name` are ours; no line ends in them.
Frame make_frame(std::string_view id, std::string_view name, std::string_view data);
// An `id:` line on its own: moves the client's Last-Event-ID without an event.
Frame make_mark(std::string_view id);

// How many were made since the start, of both: what a test counts.
std::uint64_t frames_made();

}  // namespace evenkeel::http
