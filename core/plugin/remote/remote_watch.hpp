#pragma once

#include <memory>
#include <optional>

#include <evenkeel/plugin.h>

#include "core/plugin/remote/child_process.hpp"
#include "core/plugin/remote/remote_instance.hpp"

namespace evenkeel::plugin {

// A watch in a plugin's process: what an ek_watch of its tables points to. Its channel is what the
// host polls. [reactor]
class RemoteWatch {
  public:
    // Opens it; null, and `status`, when that fails. [lane]
    static std::unique_ptr<RemoteWatch> open(RemoteInstance& instance, const ek_call& call,
                                             const ek_watch_host& host, ek_status& status);
    ~RemoteWatch();
    RemoteWatch(const RemoteWatch&) = delete;
    RemoteWatch& operator=(const RemoteWatch&) = delete;

    static RemoteWatch& of(ek_watch* handle) { return *reinterpret_cast<RemoteWatch*>(handle); }
    ek_watch* handle() { return reinterpret_cast<ek_watch*>(this); }

    ek_status interest(ek_str id, bool on);
    ek_status ready();
    void sync();

  private:
    RemoteWatch(std::shared_ptr<ChildProcess> child, std::unique_ptr<Channel> channel,
                const ek_watch_host& host);
    // Sends it and waits for its answer.
    ek_status ask(FrameWriter frame);
    // False for what is no message.
    bool take(FrameReader& frame, std::optional<ek_status>& answer);
    // False when the watch is over.
    bool take_hints(std::optional<ek_status>& answer);

    const std::shared_ptr<ChildProcess> child_;
    const std::unique_ptr<Channel> channel_;
    const ek_watch_host& host_;
    bool lost_ = false;
};

}  // namespace evenkeel::plugin
