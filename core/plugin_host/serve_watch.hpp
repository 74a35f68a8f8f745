#pragma once

#include "core/plugin/channel/frame.hpp"
#include "core/plugin_host/call_answers.hpp"
#include "core/plugin_host/served_plugin.hpp"

namespace evenkeel::plugin_host {

// Opens the watch that a call asks for, answers that call, and serves the watch until the other end
// of the channel is closed or the plugin gives up. The thread is the watch's reactor.
void serve_watch(ServedPlugin& plugin, ServedInstance& instance, plugin::FrameSocket& socket,
                 CallAnswers& answers);

}  // namespace evenkeel::plugin_host
