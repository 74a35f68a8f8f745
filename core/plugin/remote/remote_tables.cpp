#include "core/plugin/remote/remote_tables.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include <evenkeel/ext/backend.h>

#include "core/plugin/abi.hpp"
#include "core/plugin/remote/remote_instance.hpp"
#include "core/plugin/remote/remote_watch.hpp"

namespace evenkeel::plugin {
namespace {

ek_status open(const ek_host*, const ek_call* call, const ek_collection* table,
               ek_str configuration, ek_instance** into) {
    auto instance = std::make_unique<RemoteInstance>(*reinterpret_cast<const RemoteTable*>(table),
                                                     copy(configuration));
    const ek_status status = instance->open(*call);
    if (status == EK_OK) *into = instance.release()->handle();
    return status;
}

void close(ek_instance* handle) {
    const std::unique_ptr<RemoteInstance> instance(&RemoteInstance::of(handle));
    instance->close();
}

template <Operation operation>
ek_status of_one(ek_instance* self, const ek_call* call, ek_str text) {
    return RemoteInstance::of(self).call(*call, operation, text);
}
template <Operation operation>
ek_status of_two(ek_instance* self, const ek_call* call, ek_str first, ek_str second) {
    return RemoteInstance::of(self).call(*call, operation, first, second);
}
ek_status invoke(ek_instance* self, const ek_call* call, ek_str id, ek_str action,
                 ek_str arguments) {
    return RemoteInstance::of(self).call(*call, Operation::invoke, id, action, arguments);
}
ek_status upgrade(ek_instance* self, const ek_call* call, std::uint32_t from, ek_str text) {
    return RemoteInstance::of(self).call(*call, Operation::upgrade, text, kAbsent, kAbsent, from);
}

ek_status watch_open(ek_instance* self, const ek_call* call, const ek_watch_host* host,
                     ek_watch** into) {
    ek_status status = EK_OK;
    auto watch = RemoteWatch::open(RemoteInstance::of(self), *call, *host, status);
    if (watch) *into = watch.release()->handle();
    return status;
}
ek_status watch_interest(ek_watch* watch, ek_str id, std::int32_t on) {
    return RemoteWatch::of(watch).interest(id, on != 0);
}
ek_status watch_ready(ek_watch* watch, std::int32_t, std::uint32_t) {
    return RemoteWatch::of(watch).ready();
}
void watch_close(ek_watch* watch) {
    const std::unique_ptr<RemoteWatch> closed(&RemoteWatch::of(watch));
}
ek_str backend(ek_instance* self) {
    const std::string& name = RemoteInstance::of(self).backend();
    return name.empty() ? kAbsent : borrow(name);
}

const void* extension(ek_instance*, const char* id) {
    static constexpr ek_backend kBackend{sizeof(ek_backend), 0, backend};
    return std::strcmp(id, EK_EXT_BACKEND) == 0 ? &kBackend : nullptr;
}

}  // namespace

std::function<ek_status(const Until&)> ask_watch(ek_watch* watch, ek_str id, bool on) {
    return RemoteWatch::of(watch).ask(id, on);
}

ek_module remote_module(const Tables& told) {
    ek_module module{};
    // Later fields than ours are not there.
    module.size = std::min<std::uint32_t>(told.size, sizeof(module));
    module.abi_major = static_cast<std::uint16_t>(told.abi_major);
    module.abi_minor = static_cast<std::uint16_t>(told.abi_minor);
    module.id = borrow(told.id);
    module.version = borrow(told.version);
    module.manifest_json = borrow(told.manifest);
    module.open = told.opens ? open : nullptr;
    module.close = told.opens ? close : nullptr;
    return module;
}

ek_collection remote_collection(const Tables::Collection& told) {
    ek_collection table{};
    const auto has = [&](std::uint64_t function) { return (told.functions & function) != 0; };
    table.size = std::min<std::uint32_t>(told.size, sizeof(table));
    table.schema_version = told.schema_version;
    table.caps = told.caps;
    table.name = borrow(told.name);
    table.schema_json = borrow(told.schema);
    table.config_schema_json = borrow(told.config_schema);
    table.actions_json = told.actions.empty() ? kAbsent : borrow(told.actions);
    if (has(EK_CAP_LIST)) table.list = of_one<Operation::list>;
    if (has(EK_CAP_READ)) table.read = of_one<Operation::read>;
    if (has(EK_CAP_APPLY)) table.apply = of_two<Operation::apply>;
    if (has(EK_CAP_REMOVE)) table.remove = of_one<Operation::remove>;
    if (has(EK_CAP_BATCH)) table.apply_many = of_one<Operation::apply_many>;
    if (has(EK_CAP_INVOKE)) table.invoke = invoke;
    if (has(EK_CAP_COMPARE)) table.compare = of_two<Operation::compare>;
    if (has(EK_CAP_NORMALIZE)) table.normalize = of_one<Operation::normalize>;
    if (has(EK_CAP_UPGRADE)) table.upgrade = upgrade;
    if (has(EK_CAP_WATCH)) {
        table.watch_open = watch_open;
        table.watch_interest = watch_interest;
        table.watch_ready = watch_ready;
        table.watch_close = watch_close;
    }
    table.extension = extension;
    return table;
}

}  // namespace evenkeel::plugin
