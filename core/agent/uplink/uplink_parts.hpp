#pragma once

namespace evenkeel::agent {

class Admission;
class Catalog;
class CollectionRegistry;
class ComplianceTracker;
class Journal;
class Requests;

// The parts of the agent that the uplink uses; all outlive it. Commands go to the admission,
// requests to Requests, events come from the journal; the others are read.
struct UplinkParts {
    Admission& admission;
    Catalog& catalog;
    CollectionRegistry& registry;
    ComplianceTracker& tracker;
    Journal& journal;
    Requests& requests;
};

}  // namespace evenkeel::agent
