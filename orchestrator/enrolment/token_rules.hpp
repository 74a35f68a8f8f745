#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/crypto/secret.hpp"
#include "orchestrator/enrolment/rules.hpp"
#include "orchestrator/state/token.hpp"

// What becomes of machines that show a token: what it is worth, and the host that they become.
// Functions of what they are given, each O(1). [any]
namespace evenkeel::enrolment {

inline constexpr std::string_view kTokenKind = "eke";

struct TokenRequest {
    std::string name;
    std::int64_t uses = 1;
    std::chrono::milliseconds lifetime{3'600'000};
    json::Value labels = json::Object{};
    std::string environment{state::kDefaultEnvironment};
    std::string replaces = {};  // id or name of a host; empty: none
};
struct MadeToken {
    state::EnrolmentToken record;
    crypto::Secret secret;  // shown once
};
// `replaces`: the id of the request's host, or empty; `by`: the name of who makes it.
MadeToken make_token(const TokenRequest& request, const std::string& replaces = {},
                     const std::string& by = {});

// The token once `by`, the name of somebody else than who made it, has approved it: then it counts
// in protected environments. Again it changes nothing. `denied` for the same name, and when it is
// not known who made it. [lane]
Result<state::EnrolmentToken> approve_token(state::Edit& edit, state::EnrolmentToken token,
                                            const std::string& by);

// The token of the request if it counts today, or `denied` with one text for every reason.
Result<state::EnrolmentToken> check_token(const state::View& view,
                                          const wire::EnrolRequest& request, std::int64_t now_ms);

// Which host the machine of a request is to become. Found before the transaction that makes it,
// because its certificate names it and takes its time to be signed.
struct Candidate {
    std::string key;   // SHA-256 of the machine's public key
    std::string host;  // id of a new host, of the one that is replaced, or was accepted
    Certificate certificate = {};
};
// Without a certificate. `invalid` for a request without a key.
Result<Candidate> find_candidate(const state::View& view, const wire::EnrolRequest& request);

// Takes the candidate in, or finds the host that the same key has already become: a lost answer
// costs nothing, and no use of the token. A machine that was accepted becomes the host that was
// made for it. With a token that replaces a host it becomes that host, whose identity before is
// retired (hosts::vacate). `denied` as check_token, and for a token that nobody has approved where
// the host would be in a protected environment; `busy` when it was accepted after the candidate
// was found; `conflict` when its key is another host, or was accepted as one. [lane]
Result<Enrolled> enrol(state::Edit& edit, const wire::EnrolRequest& request,
                       const Candidate& candidate, std::int64_t now_ms, const std::string& address);

}  // namespace evenkeel::enrolment
