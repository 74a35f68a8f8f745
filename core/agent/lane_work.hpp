#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/agent/agent_store.hpp"
#include "core/agent/compliance.hpp"
#include "core/agent/records.hpp"
#include "core/agent/unit.hpp"

// What lanes do: calls into one plugin, put together. No state of their own. [lane]
namespace evenkeel::agent {

// What an apply, remove or invoke came to, and how things stand afterwards.
struct Deed {
    std::vector<wire::Change> changes;
    std::optional<Error> error;
    Look look;
};

// Reads the resource and compares it with the description.
Look look_at(plugin::Collection& collection, const Description& description,
             const plugin::Call& call);

// The same for many; the read of all of them is one call. What `store` does not hold any more is
// left out.
using Looks = std::vector<std::pair<std::string, Look>>;
Looks look_at_all(Workplace& place, const AgentStore& store, const std::vector<std::string>& ids,
                  const plugin::Call& call);

// Brings the resources to their descriptions, or plans it (`audit` never writes; either all are
// under it or none), watches them as the policy says, and looks at them then. At least one; one
// call of a plugin that batches; a deed for each, in order.
std::vector<Deed> carry_out(Workplace& place, const std::vector<Description>& descriptions,
                            const plugin::Call& call);
// Removes the resource and stops watching it. Under `audit` nothing is removed, only planned.
Deed take_away(Workplace& place, const Description& description, const plugin::Call& call);
// For what must be written down before anything is changed: the deed, when the resource is in line
// and there is nothing to do; nothing, when there is.
std::optional<Deed> leave_in_line(Workplace& place, const Description& description,
                                  const plugin::Call& call);
// What would be changed: a deed for each, in order. Looks at nothing.
std::vector<Deed> plan(Workplace& place, const std::vector<Description>& descriptions,
                       const plugin::Call& call);

// Opens the watch (anew), watches what is to be watched, and brings descriptions of an older schema
// version up; returns those.
struct Opened {
    std::vector<Description> upgraded;
    std::size_t unwatched = 0;  // no watch could be had for so many
};
Opened open_watch(Workplace& place, const AgentStore& store, const std::vector<Head>& heads,
                  const plugin::OnHint& on_hint);

}  // namespace evenkeel::agent
