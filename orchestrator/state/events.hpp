#pragma once

#include <cstdint>
#include <functional>

#include "orchestrator/state/event.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

// The events that are kept, in order of their revisions. Edit::add_event records one.
class Events : protected Repository {
  public:
    explicit Events(const View& view) : Repository(view) {}

    // Events up to and including this revision may have been thrown away. O(1)
    Result<std::uint64_t> floor() const;
    // The revision behind which the first event recorded at `time` (RFC 3339, as we write it) or
    // later stands, `now` being the store's. Where the clock was set in between, one such place.
    // O(log revisions)
    Result<std::uint64_t> before(std::string_view time, std::uint64_t now) const;
    // Shows those past a revision until `visit` returns false; what does not read is passed over.
    // O(visited)
    using Visit = std::function<bool(std::uint64_t revision, const StoredEvent& event)>;
    Result<void> after(std::uint64_t revision, const Visit& visit) const;
};

class EventEdits : public Events, private RepositoryEdits {
  public:
    explicit EventEdits(Edit& edit);

    // Throws away what is older than `before` (RFC 3339) and what there is more than `kept`, at
    // most `most` of them. O(thrown away)
    Result<void> erase_old(const std::string& before, std::uint64_t kept, std::size_t most);
    // Forgets all of them, up to this revision. O(events)
    Result<void> erase_all(std::uint64_t revision);
};

}  // namespace evenkeel::state
