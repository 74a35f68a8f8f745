#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/base/result.hpp"
#include "core/crypto/token.hpp"
#include "core/crypto/x509.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/token.hpp"

// How a machine becomes a host: it shows a token and a request for a certificate. [any]
namespace evenkeel::hosts {

inline constexpr std::string_view kTokenKind = "eke";

struct TokenRequest {
    std::string name;
    std::int64_t uses = 1;
    std::chrono::milliseconds lifetime{3'600'000};
    json::Value labels = json::Object{};
};
struct MadeToken {
    state::EnrolmentToken record;
    crypto::Secret secret;  // shown once
};
MadeToken make_enrolment_token(const TokenRequest& order);

// The token of the request if it counts today, or `denied` with one text for every reason.
Result<state::EnrolmentToken> check_token(const state::View& view, const wire::EnrolRequest& ask,
                                          std::int64_t now_ms);

// What an enrolment needs beside the store: made before it, because signing takes its time.
struct Candidate {
    std::string host;  // id of a new host, or of the one that the key was accepted as
    std::string key_sha256;
    std::string certificate;  // PEM
    std::string fingerprint;
};
// `invalid` for a request that the authority would not sign.
Result<Candidate> make_candidate(const state::View& view, const crypto::Authority& authority,
                                 const wire::EnrolRequest& ask);

struct Enrolled {
    std::string host;
    std::string certificate;
    std::string fingerprint;
    bool fresh = false;  // a host that was not there before
};
// Takes the candidate in, or finds the host that the same key has already become: a lost answer
// costs nothing, and no use of the token. A machine that was accepted becomes the host that was
// made for it. `denied` as check_token; `busy` when it was accepted after the candidate was made.
Result<Enrolled> enrol(state::Edit& edit, const wire::EnrolRequest& ask, const Candidate& candidate,
                       std::int64_t now_ms, const std::string& address = "");

}  // namespace evenkeel::hosts
