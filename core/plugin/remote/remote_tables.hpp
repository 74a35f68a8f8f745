#pragma once

#include <cstdint>
#include <functional>

#include <evenkeel/plugin.h>

#include "core/plugin/channel/tables.hpp"
#include "core/plugin/until.hpp"

// The ABI's tables of a plugin in a process of its own. Their functions speak with that process.
namespace evenkeel::plugin {

class RemotePlugin;

// A table, and whose it is: from the table that `open` is given the plugin is found.
struct RemoteTable {
    ek_collection table;
    RemotePlugin* plugin;
    std::uint32_t index;
};

// Texts point into what was told, which outlives the table.
ek_module remote_module(const Tables& told);
ek_collection remote_collection(const Tables::Collection& told);

// Asks an open watch of such a plugin whether it watches the id, or, without one, whether all that
// was reported to the plugin until now has come as hints; see RemoteWatch::ask(). [reactor]
std::function<ek_status(const Until&)> ask_watch(ek_watch* watch, ek_str id, bool on);

}  // namespace evenkeel::plugin
