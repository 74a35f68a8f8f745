#include "orchestrator/state/audit.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/crypto/hash.hpp"
#include "orchestrator/state/audit_trail.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/migrations.hpp"
#include "orchestrator/state/rest_fields.hpp"
#include "orchestrator/state/state.hpp"
#include "orchestrator/state/stopped_state.hpp"
#include "orchestrator/state/tables.hpp"

namespace evenkeel::state {
namespace {

// More would let a request make the audit grow faster than it makes the state grow.
constexpr std::size_t kDetailBytesMost = 16 * 1024;
constexpr std::size_t kObjectBytesMost = 1024;

json::Object bounded(json::Object detail) {
    const std::string text = json::write_canonical(detail);
    if (text.size() <= kDetailBytesMost) return detail;
    return json::Object{{"bytes", text.size()}, {"sha256", crypto::sha256_hex(text)}};
}

}  // namespace

Result<void> Edit::audit(const AuditContext& audit_context) {
    json::Object detail = audit_context.detail;
    for (const auto& [name, value] : notes_) detail.set(name, value);
    rest::AuditRecord record{.time = now_rfc3339(),
                             .context = audit_context,
                             .revision = EK_TRY(revision()),
                             .seq = 0,
                             .previous = {},
                             .hash = {},
                             .damaged = {}};
    record.context.object = printable(audit_context.object.substr(0, kObjectBytesMost));
    record.context.detail = bounded(std::move(detail));
    return audit_trail().append(json::encode_shape(record));
}

Result<crypto::ChainEnd> verify_audit_of(const std::string& state_dir) {
    // Every layout has these tables alike: an older store, or a backup of one, stays what it is.
    const auto env = store::Env::open_for_reading(
        state_dir + "/store", {.tables = {"audit", "audit_ends"}, .migrations = migrations()});
    if (!env) return fail(with_advice(env.error()));
    const store::ReadTxn txn = EK_TRY(env->read());
    Tables tables;
    tables.audit = env->table("audit");
    tables.audit_ends = env->table("audit_ends");
    return View(txn, tables).audit_trail().verify();
}

}  // namespace evenkeel::state
