#pragma once

#include "orchestrator/plans/host_comparison.hpp"
#include "orchestrator/plans/reader.hpp"

namespace evenkeel::state {
class SchemaCache;
}

namespace evenkeel::plans {

// What one host shall have by the model, compiled now.
struct WantedNow {
    std::uint64_t revision = 0;  // of the model
    // Why it does not compile, or what it has stands against it: then there are no items.
    std::vector<compile::CompileError> errors;
    struct Item {
        wire::Ref ref;
        json::Value shown;  // as REST shows it, secrets redacted
    };
    std::vector<Item> items;  // by collection and id
};

// Of a retired host nothing. Where the host has not reported the schema of a collection, every
// field of a description counts as secret, as it does in resources. O(resources of the host), off
// the loop.
Result<WantedNow> find_wanted(const Moment& moment, const secrets::Protector& protector,
                              const state::SchemaCache& schemas, const state::Host& host);

}  // namespace evenkeel::plans
