#include "orchestrator/state/audit_trail.hpp"

#include <utility>

#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// audit: number -> record; audit_ends: "head", "anchor" -> ChainEnd
namespace evenkeel::state {
namespace {

constexpr std::string_view kHead = "head";
constexpr std::string_view kAnchor = "anchor";

Result<crypto::ChainEnd> find_end(const store::ReadTxn& txn, const Tables& tables,
                                  std::string_view name) {
    const auto found = EK_TRY(
        find_record<crypto::ChainEnd>(txn, tables.audit_ends, name, crypto::decode_chain_end));
    return found.value_or(crypto::ChainEnd{.seq = 0, .hash = crypto::kNoHash});
}

}  // namespace

AuditTrail View::audit_trail() const {
    return AuditTrail(*this);
}

AuditTrailEdits Edit::audit_trail() {
    return AuditTrailEdits(*this);
}

Result<crypto::ChainEnd> AuditTrail::head() const {
    return find_end(*txn_, *tables_, kHead);
}

Result<crypto::ChainEnd> AuditTrail::anchor() const {
    return find_end(*txn_, *tables_, kAnchor);
}

Result<crypto::ChainEnd> AuditTrail::verify() const {
    crypto::ChainCheck check(EK_TRY(anchor()));
    Result<void> verdict;
    EK_CHECK(txn_->scan(tables_->audit, store::Range::all(),
                        [&](std::string_view, std::string_view text) {
                            verdict = check.next(parse_record(text).value_or(json::Value()));
                            return verdict.has_value();
                        }));
    EK_CHECK(verdict);
    const crypto::ChainEnd last = EK_TRY(head());
    EK_CHECK(check.finish(last));
    return check.end();
}

List AuditTrail::list() const {
    return Record::list(tables_->audit);
}

Result<json::Value> AuditTrail::read(const Entry& entry) {
    return parse_record(Record::text(entry));
}

std::string_view AuditTrail::text_of(const Entry& entry) {
    return Record::text(entry);
}

AuditTrailEdits::AuditTrailEdits(Edit& edit) : AuditTrail(edit), RepositoryEdits(edit) {}

Result<void> AuditTrailEdits::append(json::Object record) {
    const crypto::ChainEnd end = crypto::chain(record, EK_TRY(head()));
    EK_CHECK(
        write_->append(tables_->audit, store::number_key(end.seq), json::write(std::move(record))));
    return put_record(*write_, tables_->audit_ends, kHead, crypto::encode(end));
}

Result<void> AuditTrailEdits::prune(const std::string& before, std::uint64_t kept,
                                    std::size_t most) {
    const std::uint64_t stored = EK_TRY(write_->count(tables_->audit));
    const std::uint64_t surplus = stored > kept ? stored - kept : 0;
    std::uint64_t last = 0;
    std::size_t found = 0;
    EK_CHECK(txn_->scan(tables_->audit, store::Range::all(),
                        [&](std::string_view key, std::string_view text) {
                            const auto record = parse_record(text);
                            const bool old = record && record->string_or("time") < before;
                            if (found == most || (!old && found >= surplus)) return false;
                            last = store::number_of(key).value_or(last);
                            ++found;
                            return true;
                        }));
    return found == 0 ? Result<void>() : prune_to(last);
}

Result<void> AuditTrailEdits::prune_to(std::uint64_t number) {
    const auto text = EK_TRY(txn_->get(tables_->audit, store::number_key(number)));
    if (!text) return fail(Errc::not_found, "there is no such audit record");
    const json::Value record = EK_TRY(parse_record(*text));
    const crypto::ChainEnd cut{.seq = number, .hash = record.string_or("hash")};
    const std::uint64_t from = EK_TRY(anchor()).seq;
    const store::Range old{.from = "", .until = store::number_key(number + 1)};
    EK_CHECK(write_->erase(tables_->audit, old, SIZE_MAX));
    EK_CHECK(put_record(*write_, tables_->audit_ends, kAnchor, crypto::encode(cut)));
    // The chain itself says where it was cut, and with which hash.
    edit_->note("pruned", json::Object{{"from", from + 1}, {"to", number}, {"hash", cut.hash}});
    return edit_->audit({.method = "SYSTEM", .route = "retention", .object = "audit"});
}

}  // namespace evenkeel::state
