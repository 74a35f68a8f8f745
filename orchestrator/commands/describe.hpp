#pragma once

#include <functional>
#include <optional>

#include "core/schema/schema.hpp"
#include "core/secrets/protector.hpp"
#include "core/wire/relations.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/state/resource.hpp"

// Requests of administrators: each changes the desired state of a host and makes the command that
// brings the change to it. [lane], inside State::submit. Errors: `not_found` for an unknown host or
// resource, `conflict` for a retired host or one in a protected environment, a local description or
// one that others require and that would go, or the error of the guard.
namespace evenkeel::commands {

// Checks preconditions on the stored resource, before anything is changed.
using Guard = std::function<Result<void>(const std::optional<state::Resource>&)>;

// `conflict` unless the description of the resource is still this one: the number of its body. A
// request that was made of a description is refused once there is a newer one.
Result<void> require_description(const std::optional<state::Resource>& there, std::uint64_t body);

// On whose behalf descriptions change, which decides what may become of owned ones.
enum class Authority {
    direct,      // of a caller, who may not change what assignments own
    overriding,  // of a caller whose description outweighs those of the owners
    compiled,    // of the owners, who may not change what outweighs them
};

// The host that a request concerns, its id, and its preconditions.
struct Requester {
    std::string host;
    std::string request_id;
    Guard guard = {};
    Authority authority = Authority::direct;
    // Told of each owned resource for which a direct request is refused, with its
    // DescriptionRequest::at.
    std::function<void(const state::Resource& owned, const std::string& at)> on_owned = {};
    // It comes in a plan that may change hosts in protected environments.
    bool is_approved = false;
    // Told of the protected environment for which a request that does not is refused.
    std::function<void(const std::string& environment)> on_protected = {};
};

// What a host has described, and which actions its collections offer, for wire::check_relations.
// Lives no longer than `view`. [any]
wire::RelationLookup known_of(const state::View& view, const std::string& host);

// What of a request can be computed before its transaction, which has enough to do.
struct PreparedDescription {
    json::Value sealed;
    json::Value redacted;
    std::string mac;  // Resource::description_mac
};

struct DescriptionRequest {
    wire::Ref ref;
    json::Value description;  // whole, checked; secrets in the clear
    wire::Policy policy = wire::Policy::report;
    wire::Relations relations = {};
    std::shared_ptr<const schema::Schema> schema;  // null when not known
    std::uint32_t schema_version = 0;
    std::optional<PreparedDescription> prepared = {};  // else describe() computes it
    std::vector<state::Owner> owners = {};             // by assignment; only if it was compiled
    std::string at = {};  // where it stands in its request's body: an RFC 6901 pointer
};
// Resource::description_mac of such a description. Costs one pass over it. [any]
std::string description_mac(const secrets::Protector& protector, const std::string& host,
                            const wire::Ref& ref, const json::Value& description);
// Costs two passes over the description and the cipher over its secrets. [any]
PreparedDescription prepare(const secrets::Protector& protector, const std::string& host,
                            const DescriptionRequest& request);
// One command for all of them, in this order. A description that is unchanged keeps its generation
// and is applied again. `conflict` when the relations do not fit what was described or forgotten
// meanwhile, when one is owned and the request is direct, or outweighs its owners and the request
// was compiled. What was compiled belongs to its owners from now on; an overriding description
// leaves them as they are.
Result<state::Command> describe(state::Edit& edit, const secrets::Protector& protector,
                                const Requester& requester,
                                const std::vector<DescriptionRequest>& requests);

// The same of more than one command may carry: several in this order, each small enough for the
// bus, told by their ids. All of them are checked together.
Result<std::vector<std::string>> describe_in_parts(state::Edit& edit,
                                                   const secrets::Protector& protector,
                                                   const Requester& requester,
                                                   const std::vector<DescriptionRequest>& requests);

// Which others require the resource, and what to do about it, for a message: at most this many by
// name, and how many there are. Empty when none does. O(dependents)
inline constexpr std::size_t kDependentsNamed = 5;
Result<std::string> words_of_dependents(const state::View& view, const std::string& host,
                                        const wire::Ref& ref);

// What describe() would refuse because of what is there now: the guard, and who owns it.
Result<void> refuse_present(const state::View& view, const Requester& requester,
                            const std::vector<DescriptionRequest>& requests);
// The same of one that would be removed or forgotten.
Result<void> refuse_owned(const Requester& requester, const state::Resource& there);

// Sets who owns a resource whose description is theirs already, which needs no command. Without
// owners it counts as described directly. Nothing is written or told when they are the same. The
// host is not read. O(1)
Result<void> own(state::Edit& edit, const std::string& host, const wire::Ref& ref,
                 std::vector<state::Owner> owners);

// Removes it from the machine and, once that has succeeded, its description from the store. Of an
// owned one an overriding request describes it as absent, since its owners would bring it back.
Result<state::Command> remove(state::Edit& edit, const secrets::Protector& protector,
                              const Requester& requester, const wire::Ref& ref);

// Deletes only the description, at once; the machine is not changed. A direct request on what
// outweighs its owners ends that instead: the description stays until theirs comes, and the command
// that is returned has ended and is not sent.
Result<state::Command> forget(state::Edit& edit, const Requester& requester, const wire::Ref& ref);

// A one-shot action; nothing need be described.
Result<state::Command> invoke(state::Edit& edit, const secrets::Protector& protector,
                              const Requester& requester, const wire::Ref& ref,
                              const std::string& action, const json::Value& arguments);

}  // namespace evenkeel::commands
