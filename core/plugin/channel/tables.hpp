#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <evenkeel/plugin.h>

#include "core/plugin/channel/frame.hpp"
#include "core/plugin/package.hpp"
#include "core/plugin/permissions.hpp"

// What the two ends tell each other before the first call. [any]
namespace evenkeel::plugin {

// What a plugin's process is to serve, and what it may do. It comes from the agent, so it is
// trusted.
struct Service {
    Package package;
    Permissions permissions;
    std::string agent_version;
    // Private and writable; empty: there is none. With a descriptor beside the frame the plugin is
    // given that folder, by a path that its own process alone can use.
    std::string data_dir;
    bool has_storage = false;         // the agent has "ek.storage/1"
    std::vector<std::string> hidden;  // what it is not to see if it stays root
    bool changes_user = false;
    std::uint32_t uid = 0, gid = 0;  // if it does
};
FrameWriter frame_of(const Service& service);
Service service_of(FrameReader& frame);

// The module's tables, without its functions: of those the EK_CAP_ bits that are there.
FrameWriter frame_of(const ek_module& module);

// The same as the other end has it: strings of its own, and no functions yet.
struct Tables {
    struct Collection {
        std::uint32_t size = 0, schema_version = 0;
        std::uint64_t caps = 0, functions = 0;  // EK_CAP_
        std::string name, schema, config_schema, actions;
        bool operator==(const Collection&) const = default;
    };
    std::uint32_t size = 0, abi_major = 0, abi_minor = 0;
    std::string id, version, manifest;
    bool opens = false;  // it has `open` and `close`
    std::vector<Collection> collections;
    bool operator==(const Tables&) const = default;
};
// Empty when they are too many.
Tables tables_of(FrameReader& frame);

}  // namespace evenkeel::plugin
