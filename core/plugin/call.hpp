#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"

// What goes with every call into a plugin: its limit, its cancellation and its progress. Plugins
// may hang, so a call can be given up from another thread, and its progress be seen from there.
namespace evenkeel::plugin {

// Asks a running call to stop. The first call of cancel() sets the reason.
class CancelSource {
  public:
    CancelSource();
    ~CancelSource();
    CancelSource(const CancelSource&) = delete;
    CancelSource& operator=(const CancelSource&) = delete;
    void cancel(Error why = {Errc::cancelled, "the call was cancelled"});  // [any]
    bool cancelled() const;                                                // [any]
    Error why() const;                                                     // once cancelled [any]
    int fd() const;  // readable once cancelled
  private:
    struct State;
    std::unique_ptr<State> state_;
};

// How far a call has come.
struct Progress {
    std::string id;              // which resource, of several; else empty
    std::uint32_t permille = 0;  // at most 1000
    std::string message;         // one printable line, at most 256 bytes
};

struct Call {
    std::chrono::milliseconds timeout{60'000};
    const CancelSource* cancel = nullptr;  // outlives the call
    std::string request_id;
    bool is_repair = false;  // nobody orders it (EK_CALL_REPAIR)
    // Set to the time, CLOCK_MONOTONIC, at each sign of life. May be null, else outlives the call.
    std::atomic<std::uint64_t>* heard_ns = nullptr;
    std::function<void(const Progress&)> progress;  // on the calling thread; may be empty
};

}  // namespace evenkeel::plugin
