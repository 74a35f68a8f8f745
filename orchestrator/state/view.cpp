#include "orchestrator/state/view.hpp"

#include <utility>

#include "orchestrator/state/records.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

Repository::Repository(const View& view) : txn_(view.txn_), tables_(view.tables_) {}

Result<std::uint64_t> View::revision() const {
    return read_counter(*txn_, *tables_, "revision");
}

Result<ComplianceCounts> View::counts(std::string_view host) const {
    const auto text = EK_TRY(txn_->get(tables_->tallies, host));
    return text ? decode_counts(EK_TRY(parse_record(*text))) : ComplianceCounts{};
}

Result<std::optional<Resource>> View::resource(std::string_view host, const wire::Ref& ref) const {
    return find_record<Resource>(*txn_, tables_->resources, resource_key(host, ref),
                                 decode_resource);
}

Result<std::optional<Command>> View::command(std::string_view id) const {
    return find_record<Command>(*txn_, tables_->commands, id, decode_command);
}

Result<std::vector<Command>> View::unfinished(std::string_view host, std::uint64_t after,
                                              std::size_t most) const {
    std::vector<std::string> ids;
    EK_CHECK(txn_->scan(tables_->queue,
                        store::Range::prefix(host_prefix(host)).after(queue_key(host, after)),
                        [&](std::string_view, std::string_view id) {
                            ids.emplace_back(id);
                            return ids.size() < most;
                        }));
    std::vector<Command> found;
    for (const std::string& id : ids) {
        auto record = EK_TRY(command(id));
        if (!record)
            return fail(Errc::corrupt, "the queue names command " + id + ", which is gone");
        found.push_back(*std::move(record));
    }
    return found;
}

Result<bool> View::has_unfinished(std::string_view host) const {
    return EK_TRY(txn_->first(tables_->queue, store::Range::prefix(host_prefix(host)))).has_value();
}

}  // namespace evenkeel::state
