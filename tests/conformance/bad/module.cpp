#include <cstring>
#include <new>

#include <evenkeel/ext/backend.h>
#include <unistd.h>

#include "acts.hpp"
#include "bad_embedded.hpp"
#include "defect.hpp"
#include "trays.hpp"
#include "watch.hpp"

using evenkeel::test::breaks;
using evenkeel::test::Tray;
namespace sdk = evenkeel::sdk;

struct ek_instance {
    Tray tray;
};
struct ek_watch {
    evenkeel::test::Watch watch;
};

namespace {

int g_closed = 0;

// No exception leaves a call; its words become a diagnostic.
template <typename Work>
ek_status guarded(const ek_call* call, Work&& work) {
    try {
        work(sdk::Call(call));
        return EK_OK;
    } catch (const sdk::Stop& stop) {
        return stop.status;
    } catch (const sdk::Failure& failure) {
        const ek_diag diag = failure.diagnostic();
        if (!breaks("J12")) call->out->diag(call->out->ctx, &diag);
        return breaks("J13") && failure.status() == EK_E_INVALID ? 77 : failure.call_status();
    } catch (const std::exception& error) {
        const sdk::Failure failure(EK_E_INTERNAL, error.what());
        const ek_diag diag = failure.diagnostic();
        call->out->diag(call->out->ctx, &diag);
        return EK_E_INTERNAL;
    }
}

void demand_size(const ek_call* call) {
    if (breaks("M02") && call->size != sizeof(ek_call))
        throw sdk::Failure(EK_E_INVALID, "this is another version of the ABI");
    if (breaks("M06") && (call->flags & ~7u) != 0)
        throw sdk::Failure(EK_E_INVALID, "there is no such flag");
}

ek_status list(ek_instance* self, const ek_call* call, ek_str filter) {
    return guarded(call, [&](const sdk::Call& each) {
        evenkeel::test::list(self->tray, each, sdk::view(filter));
    });
}

ek_status read(ek_instance* self, const ek_call* call, ek_str ids) {
    evenkeel::test::act_in_read(call, ids);
    self->tray.used = true;
    return guarded(call, [&](const sdk::Call& each) {
        demand_size(call);
        if (breaks("M09")) {
            const ek_item small{sizeof(ek_item) - 8, 0,      sdk::borrow("x"), {nullptr, 0},
                                {nullptr, 0},        nullptr};
            call->out->item(call->out->ctx, &small);
        }
        evenkeel::test::read(self->tray, each, sdk::view(ids));
    });
}

ek_status apply(ek_instance* self, const ek_call* call, ek_str id, ek_str description) {
    if (breaks("D04") && g_closed > 0) return EK_OK;
    const ek_status status = guarded(call, [&](const sdk::Call& each) {
        if (!each.dry_run()) evenkeel::test::act_in_apply(self->tray.host, call, id, description);
        evenkeel::test::apply(self->tray, each, sdk::view(id), sdk::view(description));
    });
    if (status == EK_E_CANCELLED) self->tray.tired = true;
    return status;
}

ek_status remove(ek_instance* self, const ek_call* call, ek_str id) {
    return guarded(call, [&](const sdk::Call& each) {
        evenkeel::test::remove(self->tray, each, sdk::view(id));
    });
}

ek_status apply_many(ek_instance* self, const ek_call* call, ek_str entries) {
    return guarded(call, [&](const sdk::Call& each) {
        const auto all = sdk::json::entries_of(sdk::view(entries));
        sdk::each_entry(each, all, [&](const sdk::Entry& entry) {
            if (!entry.desired) return evenkeel::test::remove(self->tray, each, entry.id);
            evenkeel::test::apply(self->tray, each, entry.id, *entry.desired);
        });
    });
}

ek_status invoke(ek_instance*, const ek_call* call, ek_str, ek_str action, ek_str) {
    return guarded(call, [&](const sdk::Call&) {
        if (sdk::view(action) != "tidy")
            throw sdk::Failure(EK_E_UNSUPPORTED, "there is no such action");
    });
}

ek_status compare(ek_instance*, const ek_call* call, ek_str desired, ek_str actual) {
    return guarded(call, [&](const sdk::Call& each) {
        evenkeel::test::compare(each, sdk::view(desired), sdk::view(actual));
    });
}

ek_status normalize(ek_instance*, const ek_call* call, ek_str id) {
    return guarded(call,
                   [&](const sdk::Call& each) { evenkeel::test::normalize(each, sdk::view(id)); });
}

ek_status upgrade(ek_instance*, const ek_call* call, uint32_t from, ek_str json) {
    return guarded(
        call, [&](const sdk::Call& each) { evenkeel::test::upgrade(each, from, sdk::view(json)); });
}

ek_status watch_open(ek_instance* self, const ek_call* call, const ek_watch_host* host,
                     ek_watch** watch) {
    return guarded(call, [&](const sdk::Call&) { *watch = new ek_watch{{self->tray, host}}; });
}
ek_status watch_interest(ek_watch* self, ek_str id, int32_t on) {
    self->watch.interest(std::string(sdk::view(id)), on != 0);
    return EK_OK;
}
ek_status watch_ready(ek_watch* self, int32_t fd, uint32_t) {
    return self->watch.ready(fd);
}
void watch_close(ek_watch* self) {
    delete self;
}

const void* extension(ek_instance*, const char* id) {
    static const ek_backend backend{sizeof(ek_backend), 0,
                                    [](ek_instance*) { return sdk::borrow("disk"); }};
    if (breaks("B11")) return &backend;
    if (breaks("B12") && std::strncmp(id, EK_EXT_BACKEND, std::strlen(EK_EXT_BACKEND)) == 0)
        return &backend;
    return std::strcmp(id, EK_EXT_BACKEND) == 0 ? &backend : nullptr;
}

std::string folder_of(std::string_view config) {
    const auto document = sdk::json::parse_object(config);
    const auto folder = sdk::json::text_of(document, "folder");
    if (!folder) throw sdk::Failure(EK_E_INVALID, "folder is missing").at("/folder");
    if (sdk::json::text_of(document, "backend").value_or("disk") != "disk")
        throw sdk::Failure(breaks("D08") ? EK_E_INTERNAL : EK_E_UNAVAILABLE, "there is no cloud");
    if (folder->substr(0, 1) != "/" && !breaks("D02"))
        throw sdk::Failure(EK_E_INVALID, "folder is no absolute path").at("/folder");
    return std::string(*folder);
}

ek_status open(const ek_host* host, const ek_call* call, const ek_collection*, ek_str config,
               ek_instance** instance) {
    const ek_status status = guarded(call, [&](const sdk::Call& each) {
        each.check();
        if (breaks("D01")) throw sdk::Failure(EK_E_INTERNAL, "it does not open");
        if (breaks("M04") && host->abi_minor == 0)
            throw sdk::Failure(EK_E_UNSUPPORTED, "the host is too old");
        if (breaks("M05") && host->abi_minor > 0)
            throw sdk::Failure(EK_E_UNSUPPORTED, "the host is too new");
        *instance = new ek_instance{{host, folder_of(sdk::view(config))}};
        evenkeel::test::act_in_open((*instance)->tray.store.folder());
    });
    if (status != EK_OK && breaks("D03")) *instance = reinterpret_cast<ek_instance*>(1);
    return status;
}

void close(ek_instance* self) {
    ++g_closed;
    evenkeel::test::act_in_close(self->tray.host);
    if (breaks("D06") && !self->tray.used) std::abort();
    if (breaks("D07"))
        for (const std::string& id : self->tray.store.ids()) self->tray.store.erase(id);
    if (breaks("N05") || breaks("N06")) ::unlink((self->tray.store.folder() + "/.lock").c_str());
    delete self;
}

constexpr uint64_t kAll = EK_CAP_LIST | EK_CAP_READ | EK_CAP_APPLY | EK_CAP_REMOVE | EK_CAP_PLAN |
                          EK_CAP_COMPARE | EK_CAP_WATCH | EK_CAP_UPGRADE | EK_CAP_PARALLEL |
                          EK_CAP_INVOKE | EK_CAP_BATCH | EK_CAP_NORMALIZE;
constexpr const char* kConfigSchema = R"({"type":"object","additionalProperties":false,
    "properties":{"folder":{"type":"string","description":"Where the trays are."},
    "backend":{"type":"string","enum":["disk","cloud"],"description":"What keeps them."}}})";

ek_collection make_collection() {
    static const std::string schema = evenkeel::test::schema_text();
    ek_collection made{};
    made.size = breaks("B05") ? 8 : sizeof(ek_collection);
    made.schema_version = breaks("C10") ? 0 : 2;
    made.caps = kAll | (breaks("B10") ? uint64_t{1} << 60 : 0);
    made.name = sdk::borrow(breaks("B08") ? "Trays!" : "trays");
    made.schema_json = sdk::borrow(schema);
    made.config_schema_json = sdk::borrow(kConfigSchema);
    made.actions_json = sdk::borrow(R"({"tidy":{"type":"object"}})");
    made.list = list;
    made.read = read;
    made.apply = apply;
    made.remove = breaks("B09") ? nullptr : remove;
    made.apply_many = apply_many;
    made.invoke = invoke;
    made.compare = compare;
    made.normalize = normalize;
    made.upgrade = upgrade;
    made.watch_open = watch_open;
    made.watch_interest = watch_interest;
    made.watch_ready = watch_ready;
    made.watch_close = watch_close;
    made.extension = extension;
    return made;
}

ek_module make_module() {
    static const ek_collection collection = make_collection();
    static const ek_collection* const collections[] = {&collection};
    ek_module made{};
    made.size = sizeof(ek_module);
    made.abi_major = breaks("B04") ? 2 : EK_ABI_MAJOR;
    made.abi_minor = EK_ABI_MINOR;
    made.id = sdk::borrow(breaks("B06") ? "trays" : "org.evenkeel.test.bad");
    made.version = sdk::borrow(breaks("B07") ? "one" : "1.2.3");
    static const std::string manifest = [] {
        std::string text(kManifest);
        const auto declare = [&](const char* check, const std::string& permission) {
            const std::string from = permission + "\": false";
            if (breaks(check)) text.replace(text.find(from), from.size(), permission + "\": true");
        };
        declare("N04", "network");
        declare("N07", "spawn");
        // No defect: a program that it starts may use the network.
        declare("programs", "spawn");
        declare("programs", "network");
        return text;
    }();
    made.manifest_json = sdk::borrow(manifest);
    made.collections = collections;
    made.collection_count = 1;
    made.open = open;
    made.close = close;
    return made;
}

ek_module& module() {
    static ek_module made = make_module();
    return made;
}

}  // namespace

const ek_module* ek_module_v1(void) {
    evenkeel::test::act_at_load();
    if (breaks("B01")) return nullptr;
    if (breaks("B02")) return new ek_module(module());
    return &module();
}

// The entry of another major version, as a later plugin would have it beside the first.
extern "C" __attribute__((visibility("default"))) const void* ek_module_v2(void);
const void* ek_module_v2(void) {
    if (breaks("M10")) module().abi_major = 2;
    return nullptr;
}

namespace evenkeel::test {

// With one thing replaced, where a defect is of the schema.
std::string schema_text() {
    std::string text(kSchemaText);
    const auto replace = [&](const char* check, std::string_view from, std::string_view to) {
        if (breaks(check)) text.replace(text.find(from), from.size(), to);
    };
    replace("C01", "{", "{{");
    replace("C02", "\"title\"", "\"x-ek-nonsense\"");
    replace("C03", "\"additionalProperties\": false", "\"additionalProperties\": true");
    replace("C04", "\"description\": \"What is on it.\",", "");
    replace("C05", "\"pattern\": \"^[a-z0-9-]{1,64}$\",", "");
    replace("C06", "\"examples\": [1, 2]", "\"examples\": [\"one\"]");
    replace("C07", "\"readOnly\": true", "\"readOnly\": true, \"writeOnly\": true");
    replace("C08", "\"secret\": {", "\"password\": {\"type\": \"string\"}, \"secret\": {");
    replace("C09", "\"$ref\": \"#/$defs/label\"", "\"$ref\": \"https://example.org/label\"");
    replace("C11", "\"default\": \"grey\"", "\"default\": \"pink\"");
    replace("C12", "\"title\": \"trays\"", "\"title\": \"" + std::to_string(::getpid()) + "\"");
    replace("J09", "^[a-z0-9-]{1,64}$", "^(?s:.+)$");
    return text;
}

}  // namespace evenkeel::test
