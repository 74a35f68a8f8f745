#pragma once

#include <memory>
#include <string>

#include <evenkeel/plugin.h>

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
    // Brings the hints of a plugin that is not in this process; else null.
    void (*sync)(ek_watch* watch) = nullptr;
};

// Opens the plugin's watch; the calling thread is the instance's lane. [lane]
Result<std::unique_ptr<Watch>> open_watch(Watched watched, const Call& call, OnHint on_hint);

}  // namespace evenkeel::plugin
