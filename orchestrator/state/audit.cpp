#include "orchestrator/state/audit.hpp"

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/crypto/hash.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::state {
namespace {

// More would let a request make the audit grow faster than it makes the state grow.
constexpr std::size_t kDetailBytesMost = 16 * 1024;
constexpr std::size_t kObjectBytesMost = 1024;

json::Value bounded(json::Object detail) {
    const std::string text = json::write_canonical(detail);
    if (text.size() <= kDetailBytesMost) return detail;
    return json::Object{{"bytes", text.size()}, {"sha256", crypto::sha256_hex(text)}};
}

}  // namespace

Result<void> Edit::audit(const AuditContext& audit_context) {
    json::Object detail = audit_context.detail;
    for (const auto& [name, value] : notes_) detail.set(name, value);
    const std::string& object = audit_context.object;
    json::Object record{{"time", now_rfc3339()},
                        {"actor", json::Object{{"id", audit_context.actor.id},
                                               {"name", audit_context.actor.name},
                                               {"role", audit_context.actor.role}}},
                        {"address", audit_context.address},
                        {"request_id", audit_context.request_id},
                        {"method", audit_context.method},
                        {"route", audit_context.route},
                        {"object", printable(object.substr(0, kObjectBytesMost))},
                        {"outcome", audit_context.outcome},
                        {"detail", bounded(std::move(detail))},
                        {"revision", EK_TRY(revision())}};
    const crypto::ChainEnd end = crypto::chain(record, EK_TRY(audit_head()));
    EK_CHECK(
        write_->insert(tables_->audit, store::number_key(end.seq), json::write(std::move(record))));
    return put(tables_->audit_ends, "head", crypto::encode(end));
}

Result<void> Edit::prune_audit(std::uint64_t up_to) {
    const auto text = EK_TRY(txn_->get(tables_->audit, store::number_key(up_to)));
    if (!text) return fail(Errc::not_found, "there is no such audit record");
    const json::Value record = EK_TRY(parse_record(*text));
    const crypto::ChainEnd anchor{.seq = up_to, .hash = record.string_or("hash")};
    const std::uint64_t from = EK_TRY(audit_anchor()).seq;
    const store::Range old{.from = "", .until = store::number_key(up_to + 1)};
    EK_CHECK(write_->erase(tables_->audit, old, SIZE_MAX));
    EK_CHECK(put(tables_->audit_ends, "anchor", crypto::encode(anchor)));
    // The chain itself says where it was cut, and with which hash.
    note("pruned", json::Object{{"from", from + 1}, {"to", up_to}, {"hash", anchor.hash}});
    return audit({.method = "SYSTEM", .route = "retention", .object = "audit"});
}

Result<crypto::ChainEnd> verify_audit(const View& view) {
    crypto::ChainCheck check(EK_TRY(view.audit_anchor()));
    Result<void> verdict;
    EK_CHECK(view.scan(view.tables().audit, store::Range::all(),
                       [&](std::string_view, std::string_view text) {
                           verdict = check.next(parse_record(text).value_or(json::Value()));
                           return verdict.has_value();
                       }));
    EK_CHECK(verdict);
    const crypto::ChainEnd head = EK_TRY(view.audit_head());
    EK_CHECK(check.finish(head));
    return check.end();
}

Result<crypto::ChainEnd> verify_audit_of(const std::string& state_dir) {
    const store::Env env = EK_TRY(store::Env::open(state_dir + "/store", store_options()));
    const store::ReadTxn txn = EK_TRY(env.read());
    const Tables tables = tables_of(env);
    return verify_audit(View(txn, tables));
}

}  // namespace evenkeel::state
