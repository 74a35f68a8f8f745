#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::store {
class WriteSet;
}

namespace evenkeel::state {

class View;
enum class ModelKind;

// What one committed work has changed, for the parts of the program that wait for changes. It is
// derived only from the keys that the work has touched and their present records, so that any
// process that has the write sets and can read the store derives the same. The objects named here
// may have changed again meanwhile; each kind is in the order in which it was first touched.
struct Changes {
    struct Event {
        std::uint64_t revision = 0;
        std::string type;
    };
    std::vector<Event> events;                // recorded
    std::vector<std::string> hosts;           // ids of those whose record changed
    std::vector<std::string> counted_hosts;   // ids of those whose ComplianceCounts changed
    std::vector<std::string> ended_commands;  // ids
    std::vector<std::string> queues;          // ids of hosts whose unfinished commands changed
    std::vector<std::string> enrolments;      // keys of those that changed or are forgotten
    std::vector<std::string> tokens;          // ids of API tokens
    std::vector<std::string> plans;           // ids of those that changed or are erased
    struct Certificate {
        std::string fingerprint;
        std::optional<std::string> host;  // nothing: it may not connect any more
    };
    std::vector<Certificate> certificates;
    struct ModelObject {
        ModelKind kind;
        std::string name;
    };
    std::vector<ModelObject> model_objects;  // put or erased
    std::vector<std::string> to_compile;     // ids of hosts that are in ToCompile now

    bool empty() const;
};

// Reads what `touched` means from `view`, which is of its commit or later. O(touched)
Result<Changes> changes_of(const store::WriteSet& touched, const View& view);

}  // namespace evenkeel::state
