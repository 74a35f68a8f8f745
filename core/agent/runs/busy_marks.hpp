#pragma once

#include <set>

#include "core/wire/resource.hpp"

namespace evenkeel::agent {

class Catalog;
class Checker;

// Marks the resources that one run works on. The results of checks meanwhile are ignored; checks
// that are requested meanwhile follow at the release. [loop]
class BusyMarks {
  public:
    BusyMarks(Catalog& catalog, Checker& checker) : catalog_(catalog), checker_(checker) {}

    // Nothing happens when it is not described, or is reserved already.
    void add(const wire::Ref& ref);
    void release();

  private:
    Catalog& catalog_;
    Checker& checker_;
    std::set<wire::Ref> refs_;
};

}  // namespace evenkeel::agent
