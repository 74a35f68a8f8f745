#include "orchestrator/state/commands.hpp"

#include <utility>
#include <vector>

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// commands: id -> Command; host_commands: host id, 0, id; queue: host id, 0, number -> id
namespace evenkeel::state {

Commands View::commands() const {
    return Commands(*this);
}

CommandEdits Edit::commands() {
    return CommandEdits(*this);
}

Result<void> Commands::each_unfinished(const std::function<bool(const Command&)>& visit) const {
    std::vector<std::string> ids;
    EK_CHECK(
        txn_->scan(tables_->queue, store::Range::all(), [&](std::string_view, std::string_view id) {
            ids.emplace_back(id);
            return true;
        }));
    for (const std::string& id : ids) {
        const auto one = EK_TRY(find_record<Command>(*txn_, tables_->commands, id, decode_command));
        if (one && !visit(*one)) break;
    }
    return {};
}

List Commands::list() const {
    return Record::list(tables_->commands);
}

List Commands::list(std::string_view host) const {
    return Record::list(tables_->host_commands, store::Range::prefix(host_prefix(host)));
}

std::string_view Commands::id_of(const Entry& entry) {
    const std::string_view position = entry.position();
    const std::size_t end = position.rfind('\0');
    return end == std::string_view::npos ? position : position.substr(end + 1);
}

std::string Commands::position_of(std::string_view host, std::string_view id) {
    return host.empty() ? std::string(id) : host_key(host, id);
}

CommandEdits::CommandEdits(Edit& edit) : Commands(edit), RepositoryEdits(edit) {}

Result<void> CommandEdits::erase_ended(const std::string& before, std::size_t most) {
    std::vector<Command> old;
    // Ids are made in order of time: behind the first young one there are only younger ones.
    EK_CHECK(txn_->scan(tables_->commands, store::Range::all(),
                        [&](std::string_view, std::string_view text) {
                            auto command = decode_record<Command>(text, decode_command);
                            if (!command || command->created_at >= before) return false;
                            if (finished(command->state)) old.push_back(*std::move(command));
                            return old.size() < most;
                        }));
    for (const Command& command : old) EK_CHECK(edit_->erase_command(command));
    return {};
}

}  // namespace evenkeel::state
