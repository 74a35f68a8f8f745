#include "orchestrator/state/events.hpp"

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// events: revision -> encode_event(); counters: events_floor
namespace evenkeel::state {
namespace {

constexpr std::string_view kFloor = "events_floor";

}  // namespace

Events View::events() const {
    return Events(*this);
}

EventEdits Edit::events() {
    return EventEdits(*this);
}

Result<std::uint64_t> Events::floor() const {
    return read_counter(*txn_, *tables_, kFloor);
}

Result<void> Events::after(std::uint64_t revision, const Visit& visit) const {
    return txn_->scan(tables_->events, store::Range::all().after(store::number_key(revision)),
                      [&](std::string_view key, std::string_view record) {
                          const auto number = store::number_of(key);
                          const auto event = decode_event(record);
                          return !number || !event || visit(*number, *event);
                      });
}

Result<std::uint64_t> Events::before(std::string_view time, std::uint64_t now) const {
    std::uint64_t low = EK_TRY(floor());
    std::uint64_t high = now;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        std::uint64_t earlier = 0;  // the first event past the middle, if it is before the time
        EK_CHECK(after(middle, [&](std::uint64_t revision, const StoredEvent& event) {
            if (recorded_time(event) < time) earlier = revision;
            return false;
        }));
        if (earlier > 0) low = earlier;
        else high = middle;
    }
    return low;
}

EventEdits::EventEdits(Edit& edit) : Events(edit), RepositoryEdits(edit) {}

Result<void> EventEdits::erase_old(const std::string& before, std::uint64_t kept,
                                   std::size_t most) {
    const std::uint64_t stored = EK_TRY(write_->count(tables_->events));
    std::uint64_t surplus = stored > kept ? stored - kept : 0;
    std::uint64_t last = 0;
    std::size_t found = 0;
    EK_CHECK(txn_->scan(tables_->events, store::Range::all(),
                        [&](std::string_view key, std::string_view record) {
                            const auto event = decode_event(record);
                            const bool old = !event || recorded_time(*event) < before;
                            if (found == most || (!old && surplus == 0)) return false;
                            if (surplus > 0) --surplus;
                            last = store::number_of(key).value_or(last);
                            ++found;
                            return true;
                        }));
    if (found == 0) return {};
    EK_CHECK(write_->erase(tables_->events, store::Range::all(), found));
    return write_counter(*write_, *tables_, kFloor, last);
}

Result<void> EventEdits::erase_all(std::uint64_t revision) {
    EK_CHECK(write_->erase(tables_->events, store::Range::all(), SIZE_MAX));
    return write_counter(*write_, *tables_, kFloor, revision);
}

}  // namespace evenkeel::state
