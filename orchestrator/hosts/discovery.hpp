#pragma once

#include <set>
#include <string>

#include "core/base/result.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/hosts/enrolment.hpp"
#include "orchestrator/state/enrolment.hpp"

// Machines without a token: they announce themselves, and people decide. [lane], inside
// State::submit.
namespace evenkeel::hosts {

inline constexpr std::size_t kPendingMost = 1'000;
inline constexpr std::size_t kPendingOfAddressMost = 20;

// The enrolment of the request's key, made and pending when the key is new. `waiting` has the
// fingerprints of those whose machine is connected now: when there are too many, others give way.
// `busy` when nobody can; `invalid` when the request is not one that could be signed.
Result<state::Enrolment> announce(state::Edit& edit, const wire::EnrolRequest& ask,
                                  const std::string& address, const std::set<std::string>& waiting,
                                  std::int64_t now_ms);

struct Acceptance {
    std::string name;  // empty: the one that it claims
    json::Value labels = json::Object{};
};
// Makes the host of an enrolment that is pending or rejected; its certificate is made when it asks
// for it. Of an active one it changes nothing; a clone's is forgotten, so that it may come in when
// nobody else is the host. `not_found`; `conflict` for a retired one, or when the name is taken.
Result<state::Enrolment> accept(state::Edit& edit, const std::string& id,
                                const Acceptance& acceptance, std::int64_t now_ms);
// Of one that is pending or held; again it changes nothing. `not_found`, `conflict`.
Result<state::Enrolment> reject(state::Edit& edit, const std::string& id);

// Gives an accepted machine the certificate that was made for it, unless it has one already.
Result<Enrolled> certify(state::Edit& edit, const std::string& fingerprint,
                         const std::string& certificate);

}  // namespace evenkeel::hosts
