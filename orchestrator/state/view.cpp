#include "orchestrator/state/view.hpp"

#include "orchestrator/state/records.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

Repository::Repository(const View& view) : txn_(view.txn_), tables_(view.tables_) {}

Result<std::uint64_t> View::revision() const {
    return read_counter(*txn_, *tables_, "revision");
}

}  // namespace evenkeel::state
