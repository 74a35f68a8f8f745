#pragma once

#include <cstdint>
#include <string_view>

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/plugin.h>

namespace evenkeel::sdk {

// The host, as an instance sees it: for as long as the instance lives. [any]
class Host {
  public:
    explicit Host(const ek_host* host) : host_(host) {}

    // `fields_json` is an object or empty. Never log an input whole.
    void log(std::int32_t severity, std::string_view message,
             std::string_view fields_json = {}) const {
        const ek_str fields = fields_json.empty() ? ek_str{nullptr, 0} : borrow(fields_json);
        host_->log(host_->ctx, severity, borrow(message), fields);
    }
    // Private and writable; empty if this host gives none.
    std::string_view data_dir() const { return view(host_->data_dir); }
    // The interface with this id, or nullptr: hosts need not have any.
    template <typename Interface>
    const Interface* extension(const char* id) const {
        return static_cast<const Interface*>(host_->extension(host_->ctx, id));
    }

  private:
    const ek_host* host_;
};

// The host's reactor, as one watch sees it. [reactor]
class WatchHost {
  public:
    explicit WatchHost(const ek_watch_host* host) : host_(host) {}

    // Wakes the watch's ready() while `fd`, non-blocking, has one of these poll(2) events; 0 ends
    // it, to be said before the descriptor is closed.
    void fd(int fd, std::uint32_t poll_events) const {
        const ek_status status = host_->fd(host_->ctx, fd, poll_events);
        if (status != EK_OK) throw Failure(status, "the host cannot poll one more descriptor");
    }
    // Calls ready(-1, 0) once at this CLOCK_MONOTONIC time; 0: not at all.
    void timer(std::uint64_t at_ns) const {
        const ek_status status = host_->timer(host_->ctx, at_ns);
        if (status != EK_OK) throw Failure(status, "the host cannot set the timer");
    }
    // A hint that this resource may have changed.
    void changed(std::string_view id) const { hint(EK_HINT_CHANGED, borrow(id)); }
    // Any may have changed: all are read again.
    void rescan() const { hint(EK_HINT_CHANGED, ek_str{nullptr, 0}); }
    // Somebody is at work on it: changed() follows.
    void unsettled(std::string_view id) const { hint(EK_HINT_UNSETTLED, borrow(id)); }
    // What happened was lost: all are read again, and administrators are told.
    void missed() const { hint(EK_HINT_MISSED, ek_str{nullptr, 0}); }

  private:
    void hint(std::int32_t kind, ek_str id) const {
        const ek_hint record{sizeof(ek_hint), kind, id};
        host_->hint(host_->ctx, &record);
    }

    const ek_watch_host* host_;
};

}  // namespace evenkeel::sdk
