#pragma once

namespace evenkeel::agent {

class Admission;
class Catalog;
class CollectionRegistry;
class ComplianceTracker;
class Journal;
class Requests;

// What the uplink uses of the agent, all of which outlives it: commands go to the admission,
// questions to the requests, events come from the journal, and the others say how things stand.
struct UplinkParts {
    Admission& admission;
    Catalog& catalog;
    CollectionRegistry& registry;
    ComplianceTracker& tracker;
    Journal& journal;
    Requests& requests;
};

}  // namespace evenkeel::agent
