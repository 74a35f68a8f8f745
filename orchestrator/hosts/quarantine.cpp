#include "orchestrator/hosts/quarantine.hpp"

#include "core/crypto/hash.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/hosts/untrusted_claims.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/hosts.hpp"

namespace evenkeel::hosts {
namespace {

// Distinguishes the clones of one key.
std::string clone_mark(const wire::AgentHello& hello) {
    return crypto::sha256_hex(hello.machine_id).substr(0, 16);
}

}  // namespace

Result<void> quarantine(state::Edit& edit, const std::string& id, const wire::AgentHello& hello,
                        const std::string& address, std::int64_t now_ms) {
    const auto host = EK_TRY(edit.hosts().find(id));
    if (!host) return fail(Errc::not_found, "there is no such host");
    state::Enrolment clone = claimed_in(hello, address, now_ms);
    clone.fingerprint = host->key_sha256;
    clone.clone = clone_mark(hello);
    if (EK_TRY(edit.enrolments().find(clone.key()))) return {};
    if (EK_TRY(edit.enrolments().clones_of(clone.fingerprint)).size() >= kClonesMost) return {};
    clone.host = id;
    clone.state = state::EnrolmentState::quarantined;
    EK_CHECK(edit.enrolments().put(clone));
    state::AuditContext audit_context = state::host_audit_context(id, host->name, "held", address);
    audit_context.detail = {{"enrolment", clone.id()}, {"machine_id", clone.machine_id}};
    return edit.audit(audit_context);
}

Result<bool> is_quarantined(const state::View& view, const state::Host& host,
                            const wire::AgentHello& hello) {
    // A clone of the whole machine has the machine id of the host: the two cannot be distinguished.
    if (tidy_text(hello.machine_id) == host.machine_id) return false;
    state::Enrolment clone;
    clone.fingerprint = host.key_sha256;
    clone.clone = clone_mark(hello);
    return EK_TRY(view.enrolments().find(clone.key())).has_value();
}

}  // namespace evenkeel::hosts
