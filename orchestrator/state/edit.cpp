#include "orchestrator/state/edit.hpp"

#include "core/base/time.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {
Edit::Edit(store::WriteTxn& txn, const Tables& tables, const std::string& stream,
           const SteadyClock& clock)
    : View(txn, tables), write_(&txn), stream_(&stream), clock_(&clock) {}

RepositoryEdits::RepositoryEdits(Edit& edit) : edit_(&edit), write_(edit.write_) {}

Result<std::uint64_t> Edit::next_number(std::string_view name) {
    const std::uint64_t number = EK_TRY(read_counter(*write_, *tables_, name)) + 1;
    EK_CHECK(write_counter(*write_, *tables_, name, number));
    return number;
}

Result<std::uint64_t> Edit::next_revision() {
    return next_number("revision");
}

void Edit::happened_at(std::string_view time) {
    happened_ = time_of_host(time);
}

std::string Edit::happened() const {
    return happened_.empty() ? now_rfc3339() : happened_;
}

Result<std::uint64_t> Edit::add_event(EventType type, const std::string& host,
                                      std::string_view subject, const json::Value& data) {
    json::Text text;
    text.add(data);
    return add_event(type, host, subject, text);
}

Result<std::uint64_t> Edit::add_event(EventType type, const std::string& host,
                                      std::string_view subject, const json::Text& data) {
    const std::uint64_t revision = EK_TRY(next_revision());
    EK_CHECK(add_event_at(revision, type, host, subject, data));
    return revision;
}

Result<void> Edit::add_event_at(std::uint64_t revision, EventType type, const std::string& host,
                                std::string_view subject, const json::Text& data) {
    const std::string now = now_rfc3339();
    const EventTimes times{.happened = happened_.empty() ? now : happened_, .recorded = now};
    const std::string record = encode_event(
        {.id = event_id(*stream_, revision), .type = type, .host = host}, subject, times, data);
    return write_->append(tables_->events, store::number_key(revision), record);
}

}  // namespace evenkeel::state
