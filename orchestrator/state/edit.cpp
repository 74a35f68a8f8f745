#include "orchestrator/state/edit.hpp"

#include "core/base/time.hpp"
#include "orchestrator/state/event.hpp"
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

Result<void> Edit::put(store::Table table, std::string_view key, const json::Value& value) {
    return write_->put(table, key, json::write(value));
}

Result<void> Edit::put_counter(std::string_view name, std::uint64_t value) {
    return write_->put(tables_->counters, name, std::to_string(value));
}

Result<std::uint64_t> Edit::next_number(std::string_view name) {
    const std::uint64_t number = EK_TRY(counter(name)) + 1;
    EK_CHECK(put_counter(name, number));
    return number;
}

Result<std::uint64_t> Edit::next_revision() {
    return next_number("revision");
}

Result<std::uint64_t> Edit::add_event(std::string_view type, const std::string& host,
                                      std::string_view subject, const json::Value& data) {
    const std::uint64_t revision = EK_TRY(next_revision());
    EK_CHECK(add_event_at(revision, type, host, subject, data));
    return revision;
}

Result<void> Edit::add_event_at(std::uint64_t revision, std::string_view type,
                                const std::string& host, std::string_view subject,
                                const json::Value& data) {
    const std::string record =
        encode_event({.id = event_id(*stream_, revision), .type = std::string(type), .host = host},
                     subject, now_rfc3339(), data);
    EK_CHECK(write_->put(tables_->events, store::number_key(revision), record));
    effects_->events = true;
    ++effects_->event_types[std::string(type)];
    return {};
}

Result<void> Edit::put_host(const Host& host) {
    return put(tables_->hosts, host.id, encode(host));
}

Result<void> Edit::announce_host(const Host& host) {
    EK_CHECK(put_host(host));
    const ComplianceCounts counts = EK_TRY(View::counts(host.id));
    EK_CHECK(add_event("host.changed", host.id, host.id, show(host, counts)));
    return {};
}

Result<void> Edit::put_name(std::string_view name, std::string_view host) {
    return write_->put(tables_->names, name, host);
}

Result<void> Edit::erase_name(std::string_view name) {
    EK_CHECK(write_->erase(tables_->names, name));
    return {};
}

Result<void> Edit::put_fingerprint(std::string_view fingerprint, std::string_view host) {
    return write_->put(tables_->fingerprints, fingerprint, host);
}

Result<void> Edit::erase_fingerprint(std::string_view fingerprint) {
    EK_CHECK(write_->erase(tables_->fingerprints, fingerprint));
    return {};
}

Result<void> Edit::put_mark(std::string_view host, const EventMark& mark) {
    return put(tables_->marks, host, encode(mark));
}

Result<void> Edit::put_collections(const std::string& host, const std::vector<Collection>& all) {
    EK_CHECK(write_->erase(tables_->collections, store::Range::prefix(host_prefix(host)), 10'000));
    for (const Collection& collection : all) {
        EK_CHECK(put(tables_->collections, host_key(host, collection.name), encode(collection)));
    }
    return {};
}

Result<void> Edit::put_schema(std::string_view sha256, std::string_view text) {
    return write_->put(tables_->schemas, sha256, text);
}

Result<void> Edit::put_api_token(const ApiToken& token) {
    return put(tables_->tokens, token.id, encode(token));
}

Result<void> Edit::put_enrolment_token(const EnrolmentToken& token) {
    return put(tables_->enrolment_tokens, token.id, encode(token));
}

Result<void> Edit::erase_enrolment_token(std::string_view id) {
    EK_CHECK(write_->erase(tables_->enrolment_tokens, id));
    return {};
}

Result<void> Edit::put_kept_reply(std::string_view record, const KeptReply& reply) {
    return put(tables_->replies, record, encode(reply));
}

Result<void> Edit::shift_counts(const std::string& host, const Resource* from, const Resource* to) {
    if (from && to && from->compliance.status == to->compliance.status) return {};
    ComplianceCounts counts = EK_TRY(View::counts(host));
    if (from) --slot(counts, from->compliance.status);
    if (to) ++slot(counts, to->compliance.status);
    return put(tables_->tallies, host, encode(counts));
}

Result<void> Edit::put_resource(const std::string& host, const Resource& resource) {
    const auto before = EK_TRY(View::resource(host, resource.ref));
    EK_CHECK(shift_counts(host, before ? &*before : nullptr, &resource));
    return put(tables_->resources, resource_key(host, resource.ref), encode(resource));
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
    EK_CHECK(put(tables_->commands, command.id, encode(command)));
    EK_CHECK(write_->put(tables_->host_commands, host_key(command.host, command.id), "1"));
    EK_CHECK(add_event("command.changed", command.host, command.id, show(command)));
    effects_->queues.insert(command.host);
    effects_->commands.push_back(command.id);
    return {};
}

Result<void> Edit::erase_command(const Command& command) {
    EK_CHECK(write_->erase(tables_->commands, command.id));
    EK_CHECK(write_->erase(tables_->host_commands, host_key(command.host, command.id)));
    EK_CHECK(write_->erase(tables_->queue, queue_key(command.host, command.seq)));
    return {};
}

}  // namespace evenkeel::state
