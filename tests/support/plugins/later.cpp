#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.h>

#include "later_embedded.hpp"

// A plugin of a later minor of the ABI, and of a 2.0 beside it: its tables and records are longer
// than in 1.0, and it uses numbers, flags and a capability that 1.0 does not know. Written without
// the wrapper, which has those of its own header only.
namespace evenkeel::test {
namespace {

namespace json = sdk::json;

constexpr std::int32_t kLater = 99;
constexpr std::uint32_t kLaterFlag = 1u << 30;

// What has been appended means nothing to who does not look for it.
template <typename Record>
struct Grown {
    explicit Grown(Record given) : record(given) {
        record.size = sizeof *this;
        std::memset(more, 0xa5, sizeof more);
    }
    const Record* operator&() const { return &record; }

    Record record;
    unsigned char more[64];
};

ek_str text(std::string_view words) {
    return {words.data(), words.size()};
}
std::string_view view(ek_str words) {
    return {words.ptr, words.len};
}
constexpr ek_str kNone{nullptr, 0};

struct Later {
    std::map<std::string, std::string> states;
};
Later& self_of(ek_instance* instance) {
    return *reinterpret_cast<Later*>(instance);
}

ek_diag diagnostic(std::int32_t severity, ek_status status) {
    return {0, severity, kNone, text("words of a later minor"), kNone, 0, status};
}

ek_status send(const ek_call* call, const std::string& id, const std::string& state) {
    const Grown<ek_diag> error(diagnostic(EK_SEV_ERROR, kLater));
    const bool fails = id == "unreadable";
    const Grown<ek_item> item(
        {0, kLaterFlag, text(id), fails ? kNone : text(state), kNone, fails ? &error : nullptr});
    return call->out->item(call->out->ctx, &item);
}

ek_status list(ek_instance* self, const ek_call* call, ek_str) {
    for (const auto& [id, state] : self_of(self).states)
        if (const ek_status status = send(call, id, state)) return status;
    return EK_OK;
}

ek_status read(ek_instance* self, const ek_call* call, ek_str ids) {
    for (const std::string& id : json::texts_of(json::parse(view(ids)))) {
        const auto found = self_of(self).states.find(id);
        if (found == self_of(self).states.end()) continue;
        if (const ek_status status = send(call, id, found->second)) return status;
    }
    return EK_OK;
}

ek_status apply(ek_instance* self, const ek_call* call, ek_str id, ek_str desired) {
    const ek_out& out = *call->out;
    const std::string state(view(desired));
    const Grown<ek_diag> note(diagnostic(kLater, EK_OK));
    const Grown<ek_progress> progress({0, 500, text("half way")});
    const Grown<ek_output> output({0, kLater, text("a program says so\n")});
    const Grown<ek_change> change(
        {0, kLater, text("/text"), kNone, text("\"new\""), kLater, kLaterFlag});
    const Grown<ek_state> after({0, kLaterFlag, text(state)});
    ek_status status = out.diag(out.ctx, &note);
    if (status == EK_OK) status = out.progress(out.ctx, &progress);
    if (status == EK_OK) status = out.output(out.ctx, &output);
    if (status == EK_OK) status = out.change(out.ctx, &change);
    if (status != EK_OK || (call->flags & EK_CALL_DRY_RUN) != 0) return status;
    self_of(self).states[std::string(view(id))] = state;
    return out.state(out.ctx, &after);
}

ek_status remove(ek_instance*, const ek_call* call, ek_str) {
    const Grown<ek_diag> error(diagnostic(EK_SEV_ERROR, EK_OK));
    call->out->diag(call->out->ctx, &error);
    return kLater;
}

ek_status apply_many(ek_instance* self, const ek_call* call, ek_str entries) {
    for (const sdk::Entry& entry : json::entries_of(view(entries))) {
        const Grown<ek_subject> subject({0, kLaterFlag, text(entry.id)});
        ek_status status = call->out->about(call->out->ctx, &subject);
        if (status == EK_OK)
            status = apply(self, call, text(entry.id), text(entry.desired.value_or("{}")));
        if (status != EK_OK) return status;
    }
    return EK_OK;
}

ek_status watch_open(ek_instance* self, const ek_call*, const ek_watch_host* host,
                     ek_watch** watch) {
    *watch = reinterpret_cast<ek_watch*>(self);
    const Grown<ek_hint> hint({0, kLater, text("one")});
    host->hint(host->ctx, &hint);
    return EK_OK;
}
ek_status watch_interest(ek_watch*, ek_str, std::int32_t) {
    return EK_OK;
}
ek_status watch_ready(ek_watch*, std::int32_t, std::uint32_t) {
    return EK_OK;
}
void watch_close(ek_watch*) {}

ek_status open(const ek_host*, const ek_call*, const ek_collection*, ek_str,
               ek_instance** instance) {
    *instance = reinterpret_cast<ek_instance*>(new Later);
    return EK_OK;
}
void close(ek_instance* instance) {
    delete &self_of(instance);
}

const ek_module* module() {
    static const Grown<ek_collection> collection(
        {0,
         1,
         EK_CAP_LIST | EK_CAP_READ | EK_CAP_APPLY | EK_CAP_REMOVE | EK_CAP_PLAN | EK_CAP_BATCH |
             EK_CAP_WATCH | (std::uint64_t{1} << 40),
         text("later"),
         text(kSchemaText),
         text(R"({"type":"object","additionalProperties":false})"),
         kNone,
         list,
         read,
         apply,
         remove,
         apply_many,
         nullptr,
         nullptr,
         nullptr,
         nullptr,
         watch_open,
         watch_interest,
         watch_ready,
         watch_close,
         nullptr});
    static const ek_collection* const collections[] = {&collection};
    static const Grown<ek_module> module({0, EK_ABI_MAJOR, kLater, text("org.evenkeel.test.later"),
                                          text("1.2.3"), text(kManifest), collections, 1, open,
                                          close});
    return &module;
}

}  // namespace
}  // namespace evenkeel::test

const ek_module* ek_module_v1(void) {
    return evenkeel::test::module();
}

// Of a 2.0 nobody here knows a thing.
extern "C" __attribute__((visibility("default"))) const void* ek_module_v2(void);
const void* ek_module_v2(void) {
    return nullptr;
}
