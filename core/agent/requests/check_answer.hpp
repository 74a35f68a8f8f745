#pragma once

#include "core/agent/requests/local_protocol.hpp"

namespace evenkeel::json {
class Value;
}

namespace evenkeel::agent {

class Catalog;
class ComplianceTracker;

// The answer to `check`: what is known of each described resource, in the catalog's order, and how
// many have which status. Both forms have the same fields. [loop]

// {"resources", "counts"}
json::Value check_answer(const Catalog& catalog, const ComplianceTracker& tracker);

// A line for each resource, and the reply with the counts of those lines. Each line is made when
// it is asked for, of what is known by then, so that little is in memory however many there are.
// Refers to both arguments.
Lines check_lines(const Catalog& catalog, const ComplianceTracker& tracker);

}  // namespace evenkeel::agent
