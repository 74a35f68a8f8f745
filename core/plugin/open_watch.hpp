#pragma once

#include <functional>
#include <memory>
#include <string>

#include <evenkeel/plugin.h>

#include "core/plugin/until.hpp"
#include "core/plugin/watch.hpp"

namespace evenkeel::plugin {

struct Call;
class CallMark;

// What a watch needs of its instance; keeps the instance open.
struct Watched {
    std::shared_ptr<void> instance;
    ek_instance* handle = nullptr;
    const ek_collection* table = nullptr;
    std::string plugin;
    std::shared_ptr<CallMark> mark = nullptr;  // of what the reactor calls; may be null
    // Of a plugin that is not in this process, else null: begins watch_interest, or without an id
    // brings all hints. The reactor does not wait for the answer; a call does, until it is over.
    std::function<ek_status(const Until&)> (*ask)(ek_watch* watch, ek_str id, bool on) = nullptr;
};

// Opens the plugin's watch; the calling thread is the instance's lane. [lane]
Result<std::unique_ptr<Watch>> open_watch(Watched watched, const Call& call, OnHint on_hint);

}  // namespace evenkeel::plugin
