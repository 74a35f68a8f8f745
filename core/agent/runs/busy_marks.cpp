#include "core/agent/runs/busy_marks.hpp"

#include <utility>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/model/catalog.hpp"

namespace evenkeel::agent {

void BusyMarks::add(const wire::Ref& ref) {
    CatalogEntry* entry = catalog_.find(ref);
    if (!entry || !refs_.insert(ref).second) return;
    entry->busy = true;
    ++entry->epoch;
    entry->stamp.clear();
}

void BusyMarks::release() {
    const auto refs = std::exchange(refs_, {});
    for (const wire::Ref& ref : refs) {
        if (CatalogEntry* entry = catalog_.find(ref)) entry->busy = false;
    }
    for (const wire::Ref& ref : refs) checker_.released(ref);
}

}  // namespace evenkeel::agent
