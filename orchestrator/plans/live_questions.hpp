#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/plans/groups.hpp"

namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class SchemaCache;
class View;
}  // namespace evenkeel::state

// Which hosts are asked what they would do for a plan, and what they are asked: the dry run of
// exactly what it adds, changes and removes there. [any]
namespace evenkeel::plans {

struct Edits;
struct Trial;

inline constexpr std::size_t kAskedMost = 100;           // hosts
inline constexpr std::size_t kAskedBytesMost = 8 << 20;  // of all that they are asked

// Why a host was not asked, or has not answered: "host-offline", "limit", "timeout", ...
struct Unasked {
    std::string code;
    std::string detail;
};

// One host that is asked.
struct LiveHost {
    PlannedHost host;
    // What the plan does there, but for what no machine notices.
    struct Change {
        ChangeKind change{};
        wire::Ref ref;
        std::vector<std::string> paths;
    };
    std::vector<Change> changes = {};
    std::vector<wire::Request> requests = {};  // without timeouts
    std::vector<json::Value> replies = {};     // as they have come
    std::optional<Unasked> unasked = {};
};

// The hosts on which something changes, in the order in which they are worth asking: the first of
// each group, then the second of each, as far as groups name them, then the others. O(hosts)
std::vector<PlannedHost> asking_order(const Trial& trial);

// Compiles the hosts again and fills in what they are asked. A host on which nothing is left to ask
// has no requests. `cancelled` once `stops` is set; fails when the store does not read.
Result<void> make_questions(const state::View& view, const secrets::Protector& protector,
                            const state::SchemaCache& schemas, const Edits& edits,
                            std::vector<LiveHost>& hosts, const std::atomic<bool>& stops);

}  // namespace evenkeel::plans
