#include "core/plugin/channel/tables.hpp"

#include <algorithm>
#include <utility>

#include "core/plugin/abi.hpp"

namespace evenkeel::plugin {
namespace {

// More than a host takes, so that one with more is refused by the host and not here.
constexpr std::size_t kCollectionsMost = 65;

std::uint64_t functions_of(const ek_collection& c) {
    const bool watches = c.watch_open && c.watch_interest && c.watch_ready && c.watch_close;
    const std::pair<std::uint64_t, bool> functions[] = {
        {EK_CAP_LIST, c.list != nullptr},           {EK_CAP_READ, c.read != nullptr},
        {EK_CAP_APPLY, c.apply != nullptr},         {EK_CAP_REMOVE, c.remove != nullptr},
        {EK_CAP_BATCH, c.apply_many != nullptr},    {EK_CAP_INVOKE, c.invoke != nullptr},
        {EK_CAP_COMPARE, c.compare != nullptr},     {EK_CAP_UPGRADE, c.upgrade != nullptr},
        {EK_CAP_NORMALIZE, c.normalize != nullptr}, {EK_CAP_WATCH, watches}};
    std::uint64_t all = 0;
    for (const auto& [capability, there] : functions)
        if (there) all |= capability;
    return all;
}

void put(FrameWriter& frame, const std::vector<std::string>& texts) {
    frame.u32(static_cast<std::uint32_t>(texts.size()));
    for (const std::string& text : texts) frame.text(std::string_view(text));
}

std::vector<std::string> texts_of(FrameReader& frame) {
    std::vector<std::string> texts;
    for (std::uint32_t left = frame.u32(); left > 0 && frame.good(); --left)
        texts.push_back(copy(frame.text()));
    return texts;
}

}  // namespace

FrameWriter frame_of(const Service& service) {
    FrameWriter frame(FrameKind::configure);
    const Package& package = service.package;
    for (const std::string* text :
         {&package.name, &package.object, &package.sha256, &package.manifest, &package.id,
          &package.version, &service.agent_version, &service.data_dir})
        frame.text(std::string_view(*text));
    frame.u64(static_cast<std::uint64_t>(package.abi_major));
    put(frame, package.collections);
    put(frame, service.permissions.paths);
    put(frame, service.permissions.capabilities);
    frame.u32(service.permissions.network).u32(service.permissions.spawn);
    frame.u32(service.has_storage);
    put(frame, service.hidden);
    return frame.u32(service.changes_user).u32(service.uid).u32(service.gid), frame;
}

Service service_of(FrameReader& frame) {
    Service service;
    Package& package = service.package;
    for (std::string* text :
         {&package.name, &package.object, &package.sha256, &package.manifest, &package.id,
          &package.version, &service.agent_version, &service.data_dir})
        *text = copy(frame.text());
    package.abi_major = static_cast<std::int64_t>(frame.u64());
    package.collections = texts_of(frame);
    service.permissions.paths = texts_of(frame);
    service.permissions.capabilities = texts_of(frame);
    service.permissions.network = frame.u32() != 0;
    service.permissions.spawn = frame.u32() != 0;
    service.has_storage = frame.u32() != 0;
    service.hidden = texts_of(frame);
    service.changes_user = frame.u32() != 0;
    service.uid = frame.u32();
    service.gid = frame.u32();
    return service;
}

FrameWriter frame_of(const ek_module& module) {
    FrameWriter frame(FrameKind::hello);
    frame.u32(module.size).u32(module.abi_major).u32(module.abi_minor);
    frame.text(module.id).text(module.version).text(module.manifest_json);
    frame.u32(module.open != nullptr && module.close != nullptr ? 1 : 0);
    const std::size_t count = std::min(module.collection_count, kCollectionsMost);
    frame.u32(static_cast<std::uint32_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
        const ek_collection& collection = *module.collections[i];
        frame.u32(collection.size).u32(collection.schema_version).u64(collection.caps);
        frame.u64(functions_of(collection)).text(collection.name).text(collection.schema_json);
        frame.text(collection.config_schema_json).text(collection.actions_json);
    }
    return frame;
}

Tables tables_of(FrameReader& frame) {
    Tables tables;
    tables.size = frame.u32();
    tables.abi_major = frame.u32();
    tables.abi_minor = frame.u32();
    tables.id = copy(frame.text());
    tables.version = copy(frame.text());
    tables.manifest = copy(frame.text());
    tables.opens = frame.u32() != 0;
    const std::uint32_t count = frame.u32();
    // An empty one is far larger here than in the frame.
    if (count > kCollectionsMost) return {};
    for (std::uint32_t left = count; left > 0 && frame.good(); --left) {
        Tables::Collection& collection = tables.collections.emplace_back();
        collection.size = frame.u32();
        collection.schema_version = frame.u32();
        collection.caps = frame.u64();
        collection.functions = frame.u64();
        collection.name = copy(frame.text());
        collection.schema = copy(frame.text());
        collection.config_schema = copy(frame.text());
        collection.actions = copy(frame.text());
    }
    return tables;
}

}  // namespace evenkeel::plugin
