#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "core/json/json.hpp"
#include "orchestrator/hosts/names.hpp"
#include "orchestrator/state/enrolment.hpp"

// Sanitizes what machines that are not trusted claim about themselves. [any]
namespace evenkeel::hosts {

inline constexpr std::size_t kFactsBytesMost = 16 * 1024;

// The facts as administrators may see them: objects and lists of at most 64 members, texts, numbers
// and truth values, at most four levels deep, names of [A-Za-z0-9._-], texts printable and at most
// 256 bytes. What does not fit is left out; too much altogether leaves nothing.
json::Value tidy_facts(const json::Value& claimed);
// Printable and at most `most` bytes.
std::string tidy_text(std::string_view claimed, std::size_t most = 128);

// A new enrolment with what the machine claims about itself in a wire::EnrolRequest or a
// wire::AgentHello.
template <typename Said>
state::Enrolment claimed_in(const Said& said, const std::string& address, std::int64_t now_ms) {
    state::Enrolment enrolment;
    enrolment.name = tidy_name(said.name);
    enrolment.machine_id = tidy_text(said.machine_id);
    enrolment.version = tidy_text(said.version);
    enrolment.address = address;
    enrolment.announced_at = to_rfc3339(now_ms);
    enrolment.facts = tidy_facts(said.facts);
    return enrolment;
}

}  // namespace evenkeel::hosts
