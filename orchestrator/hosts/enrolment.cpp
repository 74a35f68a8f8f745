#include "orchestrator/hosts/enrolment.hpp"

#include <utility>

#include "core/base/id.hpp"
#include "core/base/time.hpp"
#include "orchestrator/hosts/claims.hpp"
#include "orchestrator/hosts/names.hpp"
#include "orchestrator/state/enrolment.hpp"
#include "orchestrator/state/enrolment_tokens.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/hosts.hpp"

namespace evenkeel::hosts {
namespace {

tl::unexpected<Error> refused() {
    return fail(Errc::denied, "the token is unknown, used up or expired");
}

// The record behind the secret that was shown, whether it still counts or not.
Result<state::EnrolmentToken> find_token(const state::View& view, const wire::EnrolRequest& ask) {
    const auto id = crypto::token_id(kTokenKind, ask.token);
    if (!id) return refused();
    auto token = EK_TRY(view.enrolment_tokens().find(*id));
    if (!token || !crypto::token_matches(ask.token, token->hash)) return refused();
    return *std::move(token);
}

bool counts(const state::EnrolmentToken& token, std::int64_t now_ms) {
    return token.uses_left > 0 && now_ms < token.expires_at_ms;
}

// The host that this key is already, if it may go on being it.
Result<std::optional<Enrolled>> known(const state::View& view, std::string_view key_sha256) {
    const auto key = EK_TRY(view.enrolments().find(key_sha256));
    // One that was accepted and has no certificate yet is not in either.
    if (!key || key->certificate.empty()) return std::optional<Enrolled>();
    const auto host = EK_TRY(view.hosts().find(key->host));
    if (!host || host->retired()) return std::optional<Enrolled>();
    return std::optional(Enrolled{.host = host->id,
                                  .certificate = key->certificate,
                                  .fingerprint = host->fingerprint,
                                  .fresh = false});
}

// The host that somebody has made of this key already, while it has no certificate yet.
Result<std::optional<state::Host>> accepted(const state::View& view, std::string_view key_sha256) {
    const auto key = EK_TRY(view.enrolments().find(key_sha256));
    if (!key || key->state != state::EnrolmentState::active || !key->certificate.empty()) {
        return std::optional<state::Host>();
    }
    auto host = EK_TRY(view.hosts().find(key->host));
    if (host && host->retired()) host.reset();
    return host;
}

}  // namespace

MadeToken make_enrolment_token(const TokenRequest& order) {
    crypto::Token made = crypto::make_token(kTokenKind);
    return {.record = {.id = made.id,
                       .hash = made.hash,
                       .name = order.name,
                       .created_at = now_rfc3339(),
                       .expires_at_ms = now_unix_ms() + order.lifetime.count(),
                       .uses = order.uses,
                       .uses_left = order.uses,
                       .labels = order.labels},
            .secret = std::move(made.text)};
}

Result<state::EnrolmentToken> check_token(const state::View& view, const wire::EnrolRequest& ask,
                                          std::int64_t now_ms) {
    state::EnrolmentToken token = EK_TRY(find_token(view, ask));
    if (counts(token, now_ms)) return token;
    // Used up or late, but perhaps by this very key, whose answer was lost.
    const auto key = crypto::request_key_fingerprint(ask.csr);
    if (!key) return refused();
    const auto before = EK_TRY(known(view, *key));
    if (!before) return refused();
    const auto host = EK_TRY(view.hosts().find(before->host));
    if (!host || host->token != token.id) return refused();
    return token;
}

Result<Candidate> make_candidate(const state::View& view, const crypto::Authority& authority,
                                 const wire::EnrolRequest& ask) {
    Candidate candidate;
    candidate.key_sha256 = EK_TRY(crypto::request_key_fingerprint(ask.csr));
    const auto host = EK_TRY(accepted(view, candidate.key_sha256));
    candidate.host = host ? host->id : make_id("host");
    candidate.certificate = EK_TRY(authority.sign_host(ask.csr, candidate.host));
    candidate.fingerprint = EK_TRY(crypto::certificate_fingerprint(candidate.certificate));
    return candidate;
}

Result<Enrolled> enrol(state::Edit& edit, const wire::EnrolRequest& ask, const Candidate& candidate,
                       std::int64_t now_ms, const std::string& address) {
    state::EnrolmentToken token = EK_TRY(check_token(edit, ask, now_ms));
    if (auto before = EK_TRY(known(edit, candidate.key_sha256))) return *std::move(before);
    const auto there = EK_TRY(accepted(edit, candidate.key_sha256));
    if (there && there->id != candidate.host) {
        return fail(Errc::busy, "the machine was accepted at this moment: ask again");
    }
    --token.uses_left;
    EK_CHECK(edit.enrolment_tokens().put(token));
    state::Enrolment enrolment = claimed_in(ask, address, now_ms);
    state::Host host = there.value_or(state::Host{});
    if (!there) {
        host.id = candidate.host;
        host.name = EK_TRY(free_name(edit, ask.name));
        host.created_at = enrolment.announced_at;
        EK_CHECK(edit.hosts().put_name(host.name, host.id));
    }
    host.version = enrolment.version;
    host.fingerprint = candidate.fingerprint;
    host.key_sha256 = candidate.key_sha256;
    host.token = token.id;
    host.facts = enrolment.facts;
    // What somebody has said of this very machine counts more than what the token says of many.
    for (const auto& [name, value] : token.labels.as_object()) {
        if (!host.labels.find(name)) host.labels.as_object().set(name, value);
    }
    EK_CHECK(edit.hosts().put_certificate(candidate.fingerprint, host.id));
    EK_CHECK(edit.hosts().announce(host));
    enrolment.fingerprint = candidate.key_sha256;
    enrolment.host = host.id;
    enrolment.certificate = candidate.certificate;
    enrolment.state = state::EnrolmentState::active;
    EK_CHECK(edit.enrolments().put(enrolment));
    return Enrolled{.host = host.id,
                    .certificate = candidate.certificate,
                    .fingerprint = candidate.fingerprint,
                    .fresh = true};
}

}  // namespace evenkeel::hosts
