#include "orchestrator/enrolment/rules.hpp"

#include <optional>
#include <utility>

#include "core/base/id.hpp"
#include "core/base/time.hpp"
#include "core/crypto/x509.hpp"
#include "orchestrator/hosts/names.hpp"
#include "orchestrator/hosts/untrusted_claims.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/protected_hosts.hpp"
#include "orchestrator/state/steady_clock.hpp"

namespace evenkeel::enrolment {
namespace {

using state::Enrolment;

Result<Enrolment> require(const state::View& view, const std::string& key) {
    auto enrolment = EK_TRY(view.enrolments().find(key));
    if (!enrolment) return fail(Errc::not_found, "there is no enrolment with this id");
    return *std::move(enrolment);
}

// Makes room for one more; an undecided machine that is gone gives way to one that is there.
Result<void> make_room(state::Edit& edit, const std::string& address,
                       const std::set<std::string>& waiting) {
    std::size_t all = 0;
    std::size_t same = 0;
    std::optional<Enrolment> gone;
    std::optional<Enrolment> gone_same;
    const auto older = [](const std::optional<Enrolment>& a, const Enrolment& b) {
        return !a || b.announced_at < a->announced_at;
    };
    EK_CHECK(edit.enrolments().each_in(state::EnrolmentState::pending, [&](const Enrolment& one) {
        const bool is_same = one.address == address;
        ++all;
        if (is_same) ++same;
        if (waiting.contains(one.fingerprint)) return;
        if (older(gone, one)) gone = one;
        if (is_same && older(gone_same, one)) gone_same = one;
    }));
    const bool crowded = same >= kPendingOfAddressMost;
    if (!crowded && all < kPendingMost) return {};
    auto& victim = crowded ? gone_same : gone;
    if (!victim) return fail(Errc::busy, "too many machines wait to be accepted");
    victim->state = state::EnrolmentState::rejected;
    return edit.enrolments().erase(*victim);
}

}  // namespace

Result<Enrolment> announce(state::Edit& edit, const wire::EnrolRequest& request,
                           const std::string& address, const std::set<std::string>& waiting,
                           std::int64_t now_ms) {
    Enrolment made = hosts::claimed_in(request, address, now_ms);
    made.fingerprint = EK_TRY(crypto::request_key_fingerprint(request.csr));
    if (auto known = EK_TRY(edit.enrolments().find(made.fingerprint))) return *std::move(known);
    EK_CHECK(make_room(edit, address, waiting));
    made.state = state::EnrolmentState::pending;
    EK_CHECK(edit.enrolments().put(made));
    return made;
}

Result<Enrolment> accept(state::Edit& edit, const std::string& id, const Acceptance& acceptance,
                         std::int64_t now_ms) {
    Enrolment enrolment = EK_TRY(require(edit, state::key_of(id)));
    if (!enrolment.clone.empty()) {
        // The administrator says that it is no clone: its enrolment is erased, and the machine that
        // connects first is the host.
        enrolment.state = state::EnrolmentState::active;
        EK_CHECK(edit.enrolments().erase(enrolment));
        return enrolment;
    }
    if (enrolment.state == state::EnrolmentState::active) return enrolment;
    if (enrolment.state == state::EnrolmentState::retired)
        return fail(Errc::conflict, "its host was retired");
    state::Host host;
    host.id = make_id("host");
    host.name = acceptance.name;
    if (host.name.empty()) {
        host.name = EK_TRY(hosts::free_name(edit, enrolment.name, edit.clock().now_ms()));
    } else {
        EK_CHECK(hosts::require_free(edit, host.name, edit.clock().now_ms()));
    }
    host.created_at = to_rfc3339(now_ms);
    host.version = enrolment.version;
    host.key_sha256 = enrolment.fingerprint;
    host.labels = acceptance.labels;
    host.facts = enrolment.facts;
    EK_CHECK(edit.hosts().put_name(host.name, host.id));
    EK_CHECK(edit.hosts().announce(host));
    enrolment.host = host.id;
    enrolment.state = state::EnrolmentState::active;
    EK_CHECK(edit.enrolments().put(enrolment));
    return enrolment;
}

Result<std::string> protecting_from(const state::View& view, const std::string& id) {
    const auto enrolment = EK_TRY(view.enrolments().find(state::key_of(id)));
    if (!enrolment) return std::string();
    if (!enrolment->clone.empty()) return state::protecting_host(view, enrolment->host);
    const bool is_decided = enrolment->state == state::EnrolmentState::active ||
                            enrolment->state == state::EnrolmentState::retired;
    return is_decided ? std::string() : state::protecting(view, state::kDefaultEnvironment);
}

Result<Enrolment> reject(state::Edit& edit, const std::string& id) {
    Enrolment enrolment = EK_TRY(require(edit, state::key_of(id)));
    if (enrolment.state == state::EnrolmentState::rejected) return enrolment;
    if (enrolment.state != state::EnrolmentState::pending &&
        enrolment.state != state::EnrolmentState::quarantined) {
        return fail(Errc::conflict, "the enrolment is " + std::string(to_string(enrolment.state)));
    }
    enrolment.state = state::EnrolmentState::rejected;
    EK_CHECK(edit.enrolments().put(enrolment));
    return enrolment;
}

Result<Enrolled> identify(const state::View& view, const std::string& key) {
    const auto enrolment = EK_TRY(view.enrolments().find(key));
    if (!enrolment) return fail(Errc::not_found, "no host with this key is known here");
    const auto host = EK_TRY(view.hosts().find(enrolment->host));
    if (enrolment->state != state::EnrolmentState::active || !host || host->retired()) {
        return fail(Errc::denied, "it is " + std::string(to_string(enrolment->state)));
    }
    if (enrolment->certificate.empty()) {
        return fail(Errc::denied, "it was accepted and has no certificate yet");
    }
    return Enrolled{.host = host->id, .certificate = {enrolment->certificate, host->fingerprint}};
}

Result<Enrolled> certify(state::Edit& edit, const std::string& key,
                         const Certificate& certificate) {
    Enrolment enrolment = EK_TRY(require(edit, key));
    auto host = EK_TRY(edit.hosts().find(enrolment.host));
    if (enrolment.state != state::EnrolmentState::active || !host || host->retired()) {
        return fail(Errc::denied, "this machine is " + std::string(to_string(enrolment.state)));
    }
    if (enrolment.certificate.empty()) {
        if (certificate.pem.empty()) return fail(Errc::busy, "no certificate was made: ask again");
        enrolment.certificate = certificate.pem;
        host->fingerprint = certificate.fingerprint;
        EK_CHECK(edit.hosts().put_certificate(host->fingerprint, host->id));
        EK_CHECK(edit.hosts().put(*host));
        EK_CHECK(edit.enrolments().put(enrolment));
        EK_CHECK(edit.audit(
            state::host_audit_context(host->id, host->name, "enrol", enrolment.address)));
    }
    return Enrolled{
        .host = host->id, .certificate = {enrolment.certificate, host->fingerprint}, .fresh = true};
}

}  // namespace evenkeel::enrolment
