#pragma once

#include <optional>
#include <string>
#include <vector>

#include <evenkeel/cpp/call.hpp>
#include <evenkeel/cpp/failure.hpp>

namespace evenkeel::sdk {

// One entry of apply_many, as json::entries_of reads it.
struct Entry {
    std::string id;
    std::optional<std::string> desired;  // the description as JSON; none: to be removed
};

// Runs `work(entry)` for each and tells whom its answers are about. A Failure is that of its entry
// and keeps no other from its turn; what else is thrown, and a call cancelled or late, ends all.
template <typename Work>
void each_entry(const Call& call, const std::vector<Entry>& entries, Work&& work) {
    bool failed = false;
    for (const Entry& entry : entries) {
        call.about(entry.id);
        try {
            work(entry);
        } catch (Failure& failure) {
            // All of the call ends with it, so its status is this and not EK_E_PARTIAL.
            failure.partial(false);
            if (failure.status() == EK_E_CANCELLED || failure.status() == EK_E_TIMEOUT) throw;
            call.error(failure);
            failed = true;
        }
    }
    if (failed) throw Stop{EK_E_PARTIAL};
}

}  // namespace evenkeel::sdk
