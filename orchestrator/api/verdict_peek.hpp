#pragma once

#include <string>

#include "orchestrator/state/list.hpp"

namespace evenkeel::api {

// Looks into records of resources as REST shows them now: while the host is offline, the verdict is
// unknown. One for the entries of one list, with the same names. [loop]
class VerdictPeek {
  public:
    // `offline_since` is empty while the host is online. False when it cannot be told.
    bool look_into(const state::Entry& entry, const std::string& offline_since,
                   const state::FieldNames& names, state::FieldValues& values);
    // Of the entry looked into last, as it is shown.
    const std::string& status() const { return status_; }

  private:
    state::FieldNames names_;  // and of the verdict
    std::string status_;
};

}  // namespace evenkeel::api
