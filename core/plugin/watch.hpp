#pragma once

#include <functional>
#include <string>

#include "core/base/result.hpp"
#include "core/plugin/call.hpp"

namespace evenkeel::plugin {

// Of one id: it may have changed, or a writer is at work on it and `changed` follows when it is
// done. Of all (an empty id): any may have changed, or a change was missed. The last one, with the
// name of the call in place of an id: the plugin did not return from a call of its watch.
enum class Hint { changed, unsettled, missed, hung };
using OnHint = std::function<void(Hint, const std::string& id)>;

// Tells which of the watched ids to read again, so that drift is seen when it happens and not at
// the next sweep. Destroying it closes the watch; no hint comes after the destructor has returned.
class Watch {
  public:
    virtual ~Watch() = default;
    // Start or stop watching one id. `unavailable` when the system has no watches left: sweep only.
    // The plugin is called on the reactor's thread, and this waits for it, not longer than the call
    // lasts of which it is a part. [any]
    virtual Result<void> interest(const std::string& id, bool on, const Call& call = {}) = 0;
    // Returns when all that the system has reported until now has been passed on as hints, or with
    // the call of which it is a part. [any]
    virtual void sync(const Call& = {}) {}
    // The plugin has given up, after a hint `missed`: no id is watched, open another watch. [any]
    virtual bool lost() const { return false; }
};

}  // namespace evenkeel::plugin
