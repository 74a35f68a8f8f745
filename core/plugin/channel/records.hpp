#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <evenkeel/plugin.h>

#include "core/plugin/channel/frame.hpp"

// The ABI's records as frames. What a plugin sends may be of any size and have any number in it:
// it arrives as it was, so that the host judges it as it judges a plugin in its own process. A
// record that is smaller than in ABI 1.0 arrives with its size and without its fields. [any]
namespace evenkeel::plugin {

// A text is cut after this, which is more than the host takes.
inline constexpr std::size_t kTextMost = (1u << 20) + 1;
// Of any frame from a plugin's process: an item with its error has six such texts.
inline constexpr std::size_t kAnswerMost = 8u << 20;
// Of any frame to a plugin's process.
inline constexpr std::size_t kRequestMost = 256u << 20;

FrameWriter frame_of(const ek_item* item);
FrameWriter frame_of(const ek_state* state);
FrameWriter frame_of(const ek_change* change);
FrameWriter frame_of(const ek_diag* diag);
FrameWriter frame_of(const ek_progress* progress);
FrameWriter frame_of(const ek_output* output);
FrameWriter frame_of(const ek_subject* subject);
FrameWriter frame_of(const ek_hint* hint);

// Gives the record in the frame to the callback that it is for, and answers what that answers;
// EK_OK for a frame that is no record. Texts point into the frame. frame.whole() says afterwards
// whether it was a good one; if not, no callback was called.
ek_status deliver(FrameReader& frame, const ek_out& out);
// The hint in the frame; nothing is in it unless frame.whole() afterwards.
ek_hint hint_of(FrameReader& frame);

// What a plugin's process is asked to do with an instance.
enum class Operation : std::uint32_t {
    open = 1,
    close,
    list,
    read,
    apply,
    remove,
    apply_many,
    invoke,
    compare,
    normalize,
    upgrade,
    watch,
};

// One call as a frame. The instance is a number that the host chose when it opened it.
struct Request {
    Operation operation{};
    std::uint32_t instance = 0;
    std::uint32_t flags = 0;
    std::uint64_t deadline_ns = 0;
    std::uint32_t number = 0;  // open: index of the collection; upgrade: from_version
    ek_str request_id{nullptr, 0};
    ek_str first{nullptr, 0}, second{nullptr, 0}, third{nullptr, 0};  // the operation's texts
    std::vector<ek_str> stamps;
};
FrameWriter frame_of(const Request& request);
// Nothing is in it unless frame.whole() afterwards.
Request request_of(FrameReader& frame);

// How a call ended.
struct Ended {
    ek_status status = EK_E_INTERNAL;
    // The rule that was broken on the other side, where only that side can see it; else absent.
    ek_str broken_rule{nullptr, 0};
    // An exception left the plugin's function, and this is what it said; else absent.
    ek_str exception{nullptr, 0};
    ek_str backend{nullptr, 0};  // after open: what extension "ek.backend/1" calls it
};
FrameWriter frame_of(const Ended& ended);
Ended ended_of(FrameReader& frame);

}  // namespace evenkeel::plugin
