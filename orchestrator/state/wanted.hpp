#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/names.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

using evenkeel::to_string;

// Of what a host shall have by the model.
enum class WantedStatus {
    compiled,
    pending,  // is to be compiled, or to be released, later
    // An open plan has the difference: nothing is sent before its :apply, or an edit that shows all
    // that goes.
    held,
    error,  // does not compile: the host keeps what it has
};
constexpr auto enum_names(WantedStatus) {
    return names<WantedStatus>("status", {{WantedStatus::compiled, "compiled"},
                                          {WantedStatus::pending, "pending"},
                                          {WantedStatus::held, "held"},
                                          {WantedStatus::error, "error"}});
}

// Why a host does not compile.
struct WantedError {
    std::string assignment;
    std::string pointer;  // into its application
    std::string code;
    std::string detail;

    friend bool operator==(const WantedError&, const WantedError&) = default;
};

struct Wanted {
    WantedStatus status = WantedStatus::compiled;
    std::vector<WantedError> errors;
    std::uint64_t revision = 0;  // of the model that it was compiled with

    friend bool operator==(const Wanted&, const Wanted&) = default;
};

// How far each host has come with what the model says of it; a host that no assignment has ever
// concerned has no record, unless it was held.
class WantedOfHosts : protected Repository {
  public:
    explicit WantedOfHosts(const View& view) : Repository(view) {}

    // O(1)
    Result<std::optional<Wanted>> find(std::string_view host) const;
};

class WantedOfHostsEdits : public WantedOfHosts, private RepositoryEdits {
  public:
    explicit WantedOfHostsEdits(Edit& edit);

    // O(1)
    Result<void> put(std::string_view host, const Wanted& wanted);
    // put(), and the event host.compiled. O(1)
    Result<void> announce(const std::string& host, const Wanted& wanted);
    // Nothing is sent before somebody edits what the host shall have, or applies the plan of it:
    // what was edited before counts no more, and plans that wait for it to be released have failed
    // there. It is to be compiled, so that the difference is found. O(plans that wait for it)
    Result<void> hold(const std::string& host);
    // O(1)
    Result<void> erase(std::string_view host);
};

}  // namespace evenkeel::state
