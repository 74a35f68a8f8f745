#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/commands/describe.hpp"
#include "orchestrator/plans/difference.hpp"
#include "orchestrator/state/to_compile.hpp"

namespace evenkeel::model {
class Model;
}
namespace evenkeel::state {
struct Host;
}

namespace evenkeel::plans {

class HostCompiler;

// What is to be done to one host so that it has what it shall have, ready for a transaction.
struct HostRelease {
    std::vector<compile::CompileError> errors;  // with any, nothing else is done
    // What comes and what changes, each behind what it requires.
    std::vector<commands::DescriptionRequest> described;
    std::vector<ResourceDifference> owned;  // their owners alone change
    std::vector<ResourceDifference> going;  // removed or forgotten, in their order
    // What was there of those described and owned: the number of its body, 0 for what comes.
    std::map<wire::Ref, std::uint64_t> seen;
    std::vector<wire::Ref> wanted;  // all that it shall have; told where something goes
    std::size_t bytes = 0;          // of the descriptions, about
    bool is_assigned = false;       // anything to the host
    // Nothing is done before it is known whether fields with secrets are secret.
    bool awaits_schema = false;
};

// Compiles the host and holds it against what it has. O(resources of the host)
Result<HostRelease> make_release(HostCompiler& compiler, const state::View& view,
                                 const secrets::Protector& protector, const model::Model& model,
                                 const state::Host& host);

// What follows from one entry of state::ToCompile.
struct Release {
    std::string host;  // id
    // Both as they were seen: when one is another by then, the release is of no use.
    state::HostToCompile seen;
    std::uint64_t model = 0;                       // revision of the model
    bool was_held = false;                         // its difference
    std::optional<HostRelease> host_release = {};  // nothing when the host is not concerned itself
    Result<void> read = {};                        // else the host cannot be read
};

enum class Released {
    all,          // the entry is gone
    waits,        // what goes is still to be done, once what comes is there
    held,         // nothing was done: the difference waits for a plan to be applied
    outdated,     // nothing was done: the host is another by now
    other_model,  // nothing was done: the model is another by now
};
// Makes the commands of the release, notes how the host compiled, and takes the entry away. [lane]
Result<Released> carry_out(state::Edit& edit, const secrets::Protector& protector,
                           const Release& release);
// Notes why carry_out() is refused, although the host compiles, and takes the entry away. [lane]
Result<void> note_refusal(state::Edit& edit, const Release& release, const Error& error);

}  // namespace evenkeel::plans
