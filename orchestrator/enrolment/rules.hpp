#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "core/json/json.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/enrolment/signer.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/enrolment.hpp"

// What becomes of machines without a token: they announce themselves, and administrators decide.
// Functions of what they are given, inside one transaction. [lane]
namespace evenkeel::enrolment {

inline constexpr std::size_t kPendingMost = 1'000;
inline constexpr std::size_t kPendingOfAddressMost = 20;

// The enrolment of the request's key, made and pending when the key is new. `waiting` has the keys
// of those whose machine is connected now: when there are too many, others give way. `busy` when
// none can; `invalid` when the request has no key. O(enrolments) for a new key, else O(1).
Result<state::Enrolment> announce(state::Edit& edit, const wire::EnrolRequest& request,
                                  const std::string& address, const std::set<std::string>& waiting,
                                  std::int64_t now_ms);

struct Acceptance {
    std::string name;  // empty: the one that it claims
    json::Value labels = json::Object{};
};
// Makes the host of an enrolment that is pending or rejected; its certificate is made when the
// machine asks for it. An active one stays as it is; a clone's is forgotten, so that the clone may
// come in when no other machine is the host. `not_found`; `conflict` for a retired one, or when the
// name is taken. O(1)
Result<state::Enrolment> accept(state::Edit& edit, const std::string& id,
                                const Acceptance& acceptance, std::int64_t now_ms);
// The protected environment into which accepting it would let a machine, as another host or as the
// one whose clone it is; empty when there is none. O(1)
Result<std::string> protecting_from(const state::View& view, const std::string& id);
// Of one that is pending or a clone's; again it changes nothing. `not_found`, `conflict`. O(1)
Result<state::Enrolment> reject(state::Edit& edit, const std::string& id);

// A machine that has become a host, or was one already.
struct Enrolled {
    std::string host;
    Certificate certificate;
    bool fresh = false;     // it was none before
    bool replaces = false;  // it took the place of another machine
};
// The host that the key is. `not_found` when it never was one, `denied` when it is none (any more).
// O(1) [any]
Result<Enrolled> identify(const state::View& view, const std::string& key);
// Gives the accepted machine of this key the certificate that was made for it, unless it has one
// already. `denied` when it is not accepted (any more); `busy` when it needs a certificate and
// none was made. O(1)
Result<Enrolled> certify(state::Edit& edit, const std::string& key, const Certificate& certificate);

}  // namespace evenkeel::enrolment
