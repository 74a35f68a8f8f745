#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <evenkeel/plugin.h>
#include <sys/types.h>

#include "core/base/fd.hpp"

// What the agent and the process of a plugin (core/plugin_host) say to each other: frames, each a
// length, a kind and a few numbers and texts, over stream sockets. docs/plugin-abi.md, "In a
// process of its own", says which frames there are. Neither end trusts the other.
namespace evenkeel::plugin {

enum class FrameKind : std::uint32_t {
    // Control, to the child: what it is to serve; a new channel (with its two descriptors).
    configure = 1,
    channel,
    // Control, to the agent: the first one, before any code of the plugin runs (what the sandbox
    // does not keep from it here, a line each; with the descriptor by which the agent hears of
    // refused system calls, if there is one); the plugin's tables; why
    // there is no plugin; a line for the log; a request to the plugin's storage.
    sandboxed,
    hello,
    refused,
    log,
    storage,
    // Control, to the child: the answer to that.
    stored,
    // Channel, to the child.
    call,
    // Channel of a watch, to the child.
    interest,
    sync,
    // Channel, to the agent: the records of a call (ek_out), and what ends it.
    item,
    state,
    change,
    diag,
    progress,
    output,
    about,
    alive,
    done,
    // Channel of a watch, to the agent.
    hint,
    lost,
};

// Puts a frame together. [any]
class FrameWriter {
  public:
    explicit FrameWriter(FrameKind kind);
    FrameWriter& u32(std::uint32_t number);
    FrameWriter& i32(std::int32_t number) { return u32(static_cast<std::uint32_t>(number)); }
    FrameWriter& u64(std::uint64_t number);
    FrameWriter& text(ek_str text);
    FrameWriter& text(std::string_view text);
    // The frame with its length. Nothing is added after this.
    std::string_view bytes();

  private:
    std::string bytes_;
};

// Takes a frame apart. What is missing reads as zero or absent, and good() is false from then on.
// Texts point into the frame. [any]
class FrameReader {
  public:
    FrameReader(FrameKind kind, std::string_view payload) : kind_(kind), left_(payload) {}
    FrameKind kind() const { return kind_; }
    std::uint32_t u32();
    std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
    std::uint64_t u64();
    ek_str text();
    std::size_t left() const { return left_.size(); }
    // Nothing was missing so far.
    bool good() const { return good_; }
    // The same, and nothing is left.
    bool whole() const { return good_ && left_.empty(); }

  private:
    bool take(void* into, std::size_t bytes);

    FrameKind kind_;
    std::string_view left_;
    bool good_ = true;
};

// One end of a stream socket that carries frames. One thread at a time.
class FrameSocket {
  public:
    enum class Io { done, would_block, ended };

    // Frames that come in have at most `most` bytes. Descriptors that come beside them are kept if
    // `takes_descriptors`, else the kernel closes them.
    FrameSocket(Fd socket, std::size_t most, bool takes_descriptors = false);
    int fd() const { return socket_.get(); }
    // From now on. What was received already stays.
    void set_most(std::size_t most) { most_ = most; }

    // Adds a frame to what flush() sends.
    void put(FrameWriter& frame) { out_ += frame.bytes(); }
    std::size_t unsent() const { return out_.size() - sent_; }
    // Sends what was put. Blocks only if the socket does.
    Io flush();
    // Receives something, appended to what take() gives out. Blocks only if the socket does.
    Io fill();
    // The next frame that has come whole; valid until the next fill(). None, and broken(), for one
    // that is too large.
    std::optional<FrameReader> take();
    bool broken() const { return broken_; }
    // The descriptors that have come since the last call, at most kDescriptorsMost.
    std::vector<Fd> take_descriptors() { return std::exchange(descriptors_, {}); }
    static constexpr std::size_t kDescriptorsMost = 4;

  private:
    ssize_t receive(char* into, std::size_t bytes);

    Fd socket_;
    std::size_t most_;
    bool takes_descriptors_;
    std::vector<Fd> descriptors_;
    std::string out_;
    std::size_t sent_ = 0;
    std::vector<char> in_;
    std::size_t begin_ = 0, end_ = 0;  // of what was received and not taken
    bool broken_ = false;
};

// Sends `frame` with at most FrameSocket::kDescriptorsMost descriptors beside it; false when it did
// not go whole. Blocks only if the socket does.
bool send_with(int socket, FrameWriter& frame, const std::vector<int>& descriptors);

}  // namespace evenkeel::plugin
