#pragma once

#include <map>
#include <string>
#include <vector>

#include "orchestrator/commands/describe.hpp"
#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/model/model.hpp"
#include "orchestrator/state/host.hpp"
#include "orchestrator/state/plan_hosts.hpp"

// What an edit changes of hosts themselves, beside the model.
namespace evenkeel::plans {

// The host's name, labels or environment, or that it is retired.
struct HostEdit {
    std::string host;  // id
    hosts::Patch patch = {};
    bool retires = false;
};

// What is described directly on the host.
struct ResourceEdit {
    enum class Kind {
        describe,
        remove,  // from the machine, then the description
        forget,  // the description alone, or what overrides the owners'
    };

    std::string host;  // id
    Kind kind{};
    commands::DescriptionRequest request;  // of `remove` and `forget` the ref alone
    commands::Authority authority = commands::Authority::direct;
};

// One host as an edit finds and leaves it.
struct EditedHost {
    state::Host before;
    state::Host after;
    std::vector<ResourceEdit> resources = {};  // one a resource
};
// By id. [any]
using EditedHosts = std::map<std::string, EditedHost>;
// The host as the edit leaves it.
const state::Host& as_left(const EditedHosts& edited, const state::Host& host);

// Reads the hosts that are edited. What is wrong is added to `wrong`, whose numbers are counted
// on from `first`: the hosts, then the resources. O(edits)
Result<EditedHosts> read_edited(const state::View& view, const std::vector<HostEdit>& hosts,
                                const std::vector<ResourceEdit>& resources,
                                const model::Model& after, std::size_t first,
                                std::vector<model::WrongChange>& wrong);

// Whether a host is in the environment itself once these are moved. O(hosts)
Result<bool> has_hosts_in(const state::View& view, const std::vector<HostEdit>& hosts,
                          std::string_view environment);

// Changes them, for a request with this id that may change hosts in protected environments, and
// tells the commands of that. Errors are those of hosts::change() and of commands. [lane]
Result<state::CommandsOfHosts> change_hosts(state::Edit& edit, const secrets::Protector& protector,
                                            const std::vector<HostEdit>& hosts,
                                            const std::vector<ResourceEdit>& resources,
                                            const std::string& request_id);

}  // namespace evenkeel::plans
