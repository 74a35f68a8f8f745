#include "orchestrator/state/edit.hpp"

#include "core/base/time.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/repository.hpp"
#include "orchestrator/state/shapes.hpp"

namespace evenkeel::state {
namespace {

std::int64_t& slot(ComplianceCounts& counts, wire::Verdict verdict) {
    switch (verdict) {
        case wire::Verdict::compliant:
            return counts.compliant;
        case wire::Verdict::drifted:
            return counts.drifted;
        case wire::Verdict::failed:
            return counts.failed;
        case wire::Verdict::unknown:
            break;
    }
    return counts.unknown;
}

}  // namespace

RepositoryEdits::RepositoryEdits(Edit& edit) : edit_(&edit), write_(edit.write_) {}

Result<std::uint64_t> Edit::next_number(std::string_view name) {
    const std::uint64_t number = EK_TRY(read_counter(*write_, *tables_, name)) + 1;
    EK_CHECK(write_counter(*write_, *tables_, name, number));
    return number;
}

Result<std::uint64_t> Edit::next_revision() {
    return next_number("revision");
}

Result<std::uint64_t> Edit::add_event(EventType type, const std::string& host,
                                      std::string_view subject, const json::Value& data) {
    const std::uint64_t revision = EK_TRY(next_revision());
    EK_CHECK(add_event_at(revision, type, host, subject, data));
    return revision;
}

Result<void> Edit::add_event_at(std::uint64_t revision, EventType type, const std::string& host,
                                std::string_view subject, const json::Value& data) {
    const std::string record =
        encode_event({.id = event_id(*stream_, revision), .type = type, .host = host}, subject,
                     now_rfc3339(), data);
    return write_->put(tables_->events, store::number_key(revision), record);
}

Result<void> Edit::shift_counts(const std::string& host, const Resource* from, const Resource* to) {
    if (from && to && from->compliance.status == to->compliance.status) return {};
    ComplianceCounts counts = EK_TRY(View::counts(host));
    if (from) --slot(counts, from->compliance.status);
    if (to) ++slot(counts, to->compliance.status);
    return put_record(*write_, tables_->tallies, host, encode(counts));
}

Result<void> Edit::put_resource(const std::string& host, const Resource& resource) {
    const auto before = EK_TRY(View::resource(host, resource.ref));
    EK_CHECK(shift_counts(host, before ? &*before : nullptr, &resource));
    return put_record(*write_, tables_->resources, resource_key(host, resource.ref),
                      encode(resource));
}

Result<void> Edit::erase_resource(const std::string& host, const wire::Ref& ref) {
    const auto before = EK_TRY(View::resource(host, ref));
    if (!before) return {};
    EK_CHECK(shift_counts(host, &*before, nullptr));
    EK_CHECK(write_->erase(tables_->resources, resource_key(host, ref)));
    return {};
}

Result<void> Edit::put_command(Command& command) {
    if (finished(command.state)) {
        if (command.finished_at.empty()) command.finished_at = now_rfc3339();
        for (CommandEntry& entry : command.resources) {
            entry.description = nullptr;
            entry.arguments.clear();
            entry.relations = {};
        }
        EK_CHECK(write_->erase(tables_->queue, queue_key(command.host, command.seq)));
    } else {
        EK_CHECK(write_->put(tables_->queue, queue_key(command.host, command.seq), command.id));
    }
    EK_CHECK(put_record(*write_, tables_->commands, command.id, encode(command)));
    EK_CHECK(write_->put(tables_->host_commands, host_key(command.host, command.id), "1"));
    EK_CHECK(add_event(EventType::command_changed, command.host, command.id, show(command)));
    return {};
}

Result<void> Edit::erase_command(const Command& command) {
    EK_CHECK(write_->erase(tables_->commands, command.id));
    EK_CHECK(write_->erase(tables_->host_commands, host_key(command.host, command.id)));
    EK_CHECK(write_->erase(tables_->queue, queue_key(command.host, command.seq)));
    return {};
}

}  // namespace evenkeel::state
