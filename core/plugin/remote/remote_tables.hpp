#pragma once

#include <cstdint>

#include <evenkeel/plugin.h>

#include "core/plugin/channel/tables.hpp"

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

// Of an open watch of such a plugin: returns when all that was reported to the plugin until now has
// come as hints. [reactor]
void watch_sync(ek_watch* watch);

}  // namespace evenkeel::plugin
