#include "orchestrator/enrolment/token_rules.hpp"

#include <optional>
#include <utility>

#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/crypto/token.hpp"
#include "core/crypto/x509.hpp"
#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/hosts/names.hpp"
#include "orchestrator/hosts/replacement.hpp"
#include "orchestrator/hosts/untrusted_claims.hpp"
#include "orchestrator/state/enrolment_tokens.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/protected_hosts.hpp"
#include "orchestrator/state/steady_clock.hpp"

namespace evenkeel::enrolment {
namespace {

tl::unexpected<Error> refused() {
    return fail(Errc::denied, "the token is unknown, used up or expired");
}

tl::unexpected<Error> is_other_host() {
    return fail(Errc::conflict,
                "the key of this machine is that of another host: enrol with new keys");
}

// The record behind the secret that was shown, whether it still counts or not.
Result<state::EnrolmentToken> find_token(const state::View& view,
                                         const wire::EnrolRequest& request) {
    const auto id = crypto::token_id(kTokenKind, request.token);
    if (!id) return refused();
    auto token = EK_TRY(view.enrolment_tokens().find(*id));
    if (!token || !crypto::token_matches(request.token, token->hash)) return refused();
    return *std::move(token);
}

bool counts(const state::EnrolmentToken& token, std::int64_t now_ms) {
    return token.uses_left > 0 && now_ms < token.expires_at_ms;
}

// The host that this key is already, if it may go on being it. One that was accepted and has no
// certificate yet is none.
Result<std::optional<Enrolled>> enrolled_before(const state::View& view, std::string_view key) {
    const auto enrolment = EK_TRY(view.enrolments().find(key));
    if (!enrolment || enrolment->state != state::EnrolmentState::active ||
        enrolment->certificate.empty()) {
        return std::optional<Enrolled>();
    }
    const auto host = EK_TRY(view.hosts().find(enrolment->host));
    if (!host || host->retired()) return std::optional<Enrolled>();
    return std::optional(
        Enrolled{.host = host->id, .certificate = {enrolment->certificate, host->fingerprint}});
}

// The host that an administrator has made of this key already, while it has no certificate yet.
Result<std::optional<state::Host>> accepted_before(const state::View& view, std::string_view key) {
    const auto enrolment = EK_TRY(view.enrolments().find(key));
    if (!enrolment || enrolment->state != state::EnrolmentState::active ||
        !enrolment->certificate.empty()) {
        return std::optional<state::Host>();
    }
    auto host = EK_TRY(view.hosts().find(enrolment->host));
    if (host && host->retired()) host.reset();
    return host;
}

Result<state::Host> make_host(state::Edit& edit, const Candidate& candidate,
                              const wire::EnrolRequest& request, const std::string& created_at) {
    state::Host host;
    host.id = candidate.host;
    host.name = EK_TRY(hosts::free_name(edit, request.name, edit.clock().now_ms(), candidate.key));
    host.created_at = created_at;
    EK_CHECK(edit.hosts().put_name(host.name, host.id));
    return host;
}

// A host that is replaced stays where it was, and so does one that was moved since it was accepted.
// An environment that was deleted meanwhile keeps no machine out.
Result<void> enter_environment(const state::View& view, state::Host& host,
                               const state::EnrolmentToken& token) {
    const bool stays = !token.replaces.empty() || host.environment != state::kDefaultEnvironment;
    if (!stays) host.environment = token.environment;
    if (EK_TRY(hosts::has_environment(view, host.environment))) return {};
    log::warning("a host enrols into an environment that was deleted: it is in `default`",
                 {{"host", host.id}, {"environment", host.environment}, {"token", token.id}});
    host.environment = state::kDefaultEnvironment;
    return {};
}

// What was approved is the place that the token names, not one that the host has come to since.
Result<void> require_approved(const state::View& view, const state::Host& host,
                              const state::EnrolmentToken& token) {
    const bool is_its_place = !token.replaces.empty() || host.environment == token.environment;
    if (!token.approved_by.empty() && is_its_place) return {};
    const std::string name = EK_TRY(state::protecting(view, host.environment));
    if (name.empty()) return {};
    return fail(Errc::denied, "environment " + name +
                                  " is protected: somebody else than who made the token has to "
                                  "approve it first");
}

// What was said of this very machine counts more than what the token says of many.
void add_labels(state::Host& host, const json::Value& labels) {
    for (const auto& [name, value] : labels.as_object()) {
        if (!host.labels.find(name)) host.labels.as_object().set(name, value);
    }
}

}  // namespace

MadeToken make_token(const TokenRequest& request, const std::string& replaces,
                     const std::string& by) {
    crypto::Token made = crypto::make_token(kTokenKind);
    return {.record = {.id = made.id,
                       .hash = made.hash,
                       .name = request.name,
                       .created_at = now_rfc3339(),
                       .expires_at_ms = now_unix_ms() + request.lifetime.count(),
                       .uses = request.uses,
                       .uses_left = request.uses,
                       .labels = request.labels,
                       .environment = request.environment,
                       .replaces = replaces,
                       .created_by = by},
            .secret = std::move(made.text)};
}

Result<state::EnrolmentToken> approve_token(state::Edit& edit, state::EnrolmentToken token,
                                            const std::string& by) {
    if (!token.approved_by.empty()) return token;
    if (token.created_by.empty()) {
        return fail(Errc::denied, "it is not known who made this token: make another one");
    }
    if (token.created_by == by) {
        return fail(Errc::denied,
                    "an enrolment token is approved by a token of another name than its maker's");
    }
    token.approved_by = by;
    EK_CHECK(edit.enrolment_tokens().put(token));
    return token;
}

Result<state::EnrolmentToken> check_token(const state::View& view,
                                          const wire::EnrolRequest& request, std::int64_t now_ms) {
    state::EnrolmentToken token = EK_TRY(find_token(view, request));
    if (counts(token, now_ms)) return token;
    // Used up or late, but perhaps by this very key, whose answer was lost.
    const auto key = crypto::request_key_fingerprint(request.csr);
    if (!key) return refused();
    const auto before = EK_TRY(enrolled_before(view, *key));
    if (!before) return refused();
    const auto host = EK_TRY(view.hosts().find(before->host));
    if (!host || host->token != token.id) return refused();
    return token;
}

Result<Candidate> find_candidate(const state::View& view, const wire::EnrolRequest& request) {
    const std::string key = EK_TRY(crypto::request_key_fingerprint(request.csr));
    const state::EnrolmentToken token = EK_TRY(find_token(view, request));
    if (!token.replaces.empty()) return Candidate{.key = key, .host = token.replaces};
    const auto host = EK_TRY(accepted_before(view, key));
    return Candidate{.key = key, .host = host ? host->id : make_id("host")};
}

Result<Enrolled> enrol(state::Edit& edit, const wire::EnrolRequest& request,
                       const Candidate& candidate, std::int64_t now_ms,
                       const std::string& address) {
    state::EnrolmentToken token = EK_TRY(check_token(edit, request, now_ms));
    if (auto before = EK_TRY(enrolled_before(edit, candidate.key))) {
        if (!token.replaces.empty() && before->host != token.replaces) return is_other_host();
        return *std::move(before);
    }
    auto host = EK_TRY(accepted_before(edit, candidate.key));
    if (host && !token.replaces.empty()) return is_other_host();
    if (host && host->id != candidate.host) {
        return fail(Errc::busy, "the machine was accepted at this moment: ask again");
    }
    if (!token.replaces.empty()) host = EK_TRY(hosts::vacate(edit, token.replaces));
    --token.uses_left;
    EK_CHECK(edit.enrolment_tokens().put(token));
    state::Enrolment enrolment = hosts::claimed_in(request, address, now_ms);
    if (!host) host = EK_TRY(make_host(edit, candidate, request, enrolment.announced_at));
    host->version = enrolment.version;
    host->fingerprint = candidate.certificate.fingerprint;
    host->key_sha256 = candidate.key;
    host->token = token.id;
    host->facts = enrolment.facts;
    add_labels(*host, token.labels);
    EK_CHECK(enter_environment(edit, *host, token));
    EK_CHECK(require_approved(edit, *host, token));
    EK_CHECK(edit.hosts().put_certificate(host->fingerprint, host->id));
    EK_CHECK(edit.hosts().announce(*host));
    enrolment.fingerprint = candidate.key;
    enrolment.host = host->id;
    enrolment.certificate = candidate.certificate.pem;
    enrolment.state = state::EnrolmentState::active;
    EK_CHECK(edit.enrolments().put(enrolment));
    return Enrolled{.host = host->id,
                    .certificate = candidate.certificate,
                    .fresh = true,
                    .replaces = !token.replaces.empty()};
}

}  // namespace evenkeel::enrolment
