#include "orchestrator/state/commands.hpp"

#include <algorithm>
#include <utility>

#include "core/base/time.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/plan_hosts.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/to_rest.hpp"

// commands: id -> Command; host_commands: host id, 0, id -> "1"
// queue: host id, 0, number -> id, of queued commands
// accepted: host id, 0, number -> "-" or, when it is to be stopped, "c"; and the id
// deadlines: milliseconds, id -> "1", of commands that have not ended
namespace evenkeel::state {
namespace {

constexpr char kCancelling = 'c';
constexpr char kNotCancelling = '-';
constexpr std::size_t kMarkBytes = 1;

std::string deadline_key(const Command& command) {
    return store::number_key(static_cast<std::uint64_t>(command.expires_at_ms)) + command.id;
}

store::Range deadlines_until(std::int64_t now_ms) {
    return {.from = "", .until = store::number_key(static_cast<std::uint64_t>(now_ms) + 1)};
}

// Ids that an index names in `range`, behind the first `skipped` bytes of its values.
Result<std::vector<std::string>> ids_in(const store::ReadTxn& txn, store::Table index,
                                        const store::Range& range, std::size_t skipped,
                                        std::size_t most = SIZE_MAX) {
    std::vector<std::string> ids;
    if (most == 0) return ids;
    EK_CHECK(txn.scan(index, range, [&](std::string_view, std::string_view value) {
        ids.emplace_back(value.substr(std::min(skipped, value.size())));
        return ids.size() < most;
    }));
    return ids;
}

Result<std::vector<Command>> find_all(const Commands& commands,
                                      const std::vector<std::string>& ids) {
    std::vector<Command> found;
    for (const std::string& id : ids) {
        auto one = EK_TRY(commands.find(id));
        if (!one) return fail(Errc::corrupt, "a queue names command " + id + ", which is gone");
        found.push_back(*std::move(one));
    }
    return found;
}

Result<void> visit_all(const Commands& commands, const std::vector<std::string>& ids,
                       const std::function<bool(const Command&)>& visit) {
    for (const std::string& id : ids) {
        const auto one = EK_TRY(commands.find(id));
        if (one && !visit(*one)) break;
    }
    return {};
}

// Only ids and words stand before the state in a record (encode), so its first mark is the right
// one.
Result<CommandState> state_at_the_beginning(std::string_view record) {
    auto state = from_string<CommandState>(EK_TRY(text_member(record, R"(,"state":")")));
    if (!state) return damaged_record(state.error().what);
    return *state;
}

}  // namespace

Commands View::commands() const {
    return Commands(*this);
}

CommandEdits Edit::commands() {
    return CommandEdits(*this);
}

Result<std::optional<Command>> Commands::find(std::string_view id) const {
    return find_record<Command>(*txn_, tables_->commands, id, decode_command);
}

Result<std::optional<CommandState>> Commands::state_of(std::string_view id) const {
    const auto record = EK_TRY(txn_->get(tables_->commands, id));
    if (!record) return std::nullopt;
    return EK_TRY(state_at_the_beginning(*record));
}

Result<std::vector<Command>> Commands::queued(std::string_view host, std::uint64_t after,
                                              std::size_t most) const {
    const auto range = store::Range::prefix(host_prefix(host)).after(queue_key(host, after));
    return find_all(*this, EK_TRY(ids_in(*txn_, tables_->queue, range, 0, most)));
}

Result<std::vector<Command>> Commands::accepted(std::string_view host, std::uint64_t after,
                                                std::size_t most) const {
    const auto range = store::Range::prefix(host_prefix(host)).after(queue_key(host, after));
    return find_all(*this, EK_TRY(ids_in(*txn_, tables_->accepted, range, kMarkBytes, most)));
}

Result<bool> Commands::is_queued(std::string_view host, std::uint64_t seq) const {
    return EK_TRY(txn_->get(tables_->queue, queue_key(host, seq))).has_value();
}

Result<bool> Commands::is_unfinished(std::string_view host, std::uint64_t seq) const {
    if (EK_TRY(is_queued(host, seq))) return true;
    return EK_TRY(txn_->get(tables_->accepted, queue_key(host, seq))).has_value();
}

Result<bool> Commands::has_unfinished(std::string_view host) const {
    const auto range = store::Range::prefix(host_prefix(host));
    if (EK_TRY(txn_->first(tables_->queue, range))) return true;
    return EK_TRY(txn_->first(tables_->accepted, range)).has_value();
}

Result<std::vector<std::string>> Commands::cancelling(std::string_view host) const {
    std::vector<std::string> ids;
    EK_CHECK(txn_->scan(tables_->accepted, store::Range::prefix(host_prefix(host)),
                        [&](std::string_view, std::string_view value) {
                            if (value.starts_with(kCancelling))
                                ids.emplace_back(value.substr(kMarkBytes));
                            return true;
                        }));
    return ids;
}

Result<bool> Commands::any_overdue(std::int64_t now_ms) const {
    return EK_TRY(txn_->first(tables_->deadlines, deadlines_until(now_ms))).has_value();
}

Result<std::vector<std::string>> Commands::overdue(std::int64_t now_ms, std::size_t most) const {
    std::vector<std::string> ids;
    if (most == 0) return ids;
    EK_CHECK(txn_->scan(tables_->deadlines, deadlines_until(now_ms),
                        [&](std::string_view key, std::string_view) {
                            ids.emplace_back(id_of_deadline(key));
                            return ids.size() < most;
                        }));
    return ids;
}

Result<std::size_t> Commands::queued_count() const {
    return txn_->count(tables_->queue);
}

Result<std::map<CommandState, std::size_t>> Commands::accepted_counts() const {
    std::map<CommandState, std::size_t> counts;
    const auto all = store::Range::all();
    for (const std::string& id : EK_TRY(ids_in(*txn_, tables_->accepted, all, kMarkBytes))) {
        const auto state = EK_TRY(state_of(id));
        if (state) ++counts[*state];
    }
    return counts;
}

Result<void> Commands::each_unfinished(const std::function<bool(const Command&)>& visit) const {
    const auto queued = EK_TRY(ids_in(*txn_, tables_->queue, store::Range::all(), 0));
    EK_CHECK(visit_all(*this, queued, visit));
    const auto all = store::Range::all();
    return visit_all(*this, EK_TRY(ids_in(*txn_, tables_->accepted, all, kMarkBytes)), visit);
}

List Commands::list() const {
    return Record::list(tables_->commands);
}

List Commands::list(std::string_view host) const {
    return Record::list(tables_->host_commands, store::Range::prefix(host_prefix(host)));
}

// The list of one host has ids only.
Result<std::optional<std::string>> Commands::text_of(const Entry& entry) const {
    const std::string_view id = id_of(entry);
    if (id.size() == entry.position().size()) return std::string(Record::text(entry));
    return txn_->get(tables_->commands, id);
}

Result<std::optional<Command>> Commands::read(const Entry& entry) const {
    const auto text = EK_TRY(text_of(entry));
    if (!text) return std::nullopt;
    return EK_TRY(decode_record<Command>(*text, decode_command));
}

Result<bool> Commands::peek(const Entry& entry, const FieldNames& names,
                            FieldValues& values) const {
    const auto text = EK_TRY(text_of(entry));
    return text && Record::peek(*text, names, values, {"created_at", "finished_at", "request_id"});
}

std::string_view Commands::id_of(const Entry& entry) {
    const std::string_view position = entry.position();
    const std::size_t end = position.rfind('\0');
    return end == std::string_view::npos ? position : position.substr(end + 1);
}

std::string_view Commands::id_of_deadline(std::string_view key) {
    return key.substr(std::min<std::size_t>(8, key.size()));
}

std::string Commands::position_of(std::string_view host, std::string_view id) {
    return host.empty() ? std::string(id) : host_key(host, id);
}

CommandEdits::CommandEdits(Edit& edit) : Commands(edit), RepositoryEdits(edit) {}

Result<void> CommandEdits::add(const Command& command) {
    for (const CommandEntry& entry : command.resources) {
        if (command.verb == wire::Verb::invoke) continue;
        EK_CHECK(edit_->bodies().hold_for_command(command.host, entry.ref, command.seq, command.id,
                                                  entry.body));
    }
    EK_CHECK(write_->put(tables_->queue, queue_key(command.host, command.seq), command.id));
    EK_CHECK(write_->append(tables_->deadlines, deadline_key(command), "1"));
    EK_CHECK(write_->put(tables_->host_commands, host_key(command.host, command.id), "1"));
    EK_CHECK(write_->append(tables_->commands, command.id, encode(command).take()));
    return tell(command);
}

Result<void> CommandEdits::put(Command& command) {
    const std::string place = queue_key(command.host, command.seq);
    if (command.state == CommandState::queued) {
        EK_CHECK(write_->erase(tables_->accepted, place));
        EK_CHECK(write_->put(tables_->queue, place, command.id));
    } else {
        EK_CHECK(write_->erase(tables_->queue, place));
        if (finished(command.state)) {
            EK_CHECK(end(command));
            EK_CHECK(PlanHostEdits(*edit_).command_ended(command));
        } else {
            const char mark = command.cancelling ? kCancelling : kNotCancelling;
            EK_CHECK(write_->put(tables_->accepted, place, mark + command.id));
        }
    }
    EK_CHECK(put_record(*write_, tables_->commands, command.id, encode(command)));
    return tell(command);
}

namespace {

// Under `audit` what was asked for is a plan.
bool has_succeeded(const CommandEntry& entry) {
    return entry.action.empty() && entry.body != 0 &&
           (entry.outcome == wire::Outcome::done || entry.outcome == wire::Outcome::planned);
}

}  // namespace

// Gives back what it has while it has not ended.
Result<void> CommandEdits::end(Command& command) {
    if (command.finished_at.empty()) command.finished_at = now_rfc3339();
    EK_CHECK(write_->erase(tables_->accepted, queue_key(command.host, command.seq)));
    EK_CHECK(write_->erase(tables_->deadlines, deadline_key(command)));
    BodyEdits bodies = edit_->bodies();
    for (CommandEntry& entry : command.resources) {
        if (command.verb == wire::Verb::apply && has_succeeded(entry))
            EK_CHECK(bodies.put_succeeded(command.host, entry.ref, entry.body));
        if (command.verb != wire::Verb::invoke) {
            EK_CHECK(bodies.release_from_command(command.host, entry.ref, command.seq));
        } else if (entry.body != 0) {
            EK_CHECK(bodies.erase(entry.body));
        }
        entry.body = 0;
        entry.relations = {};
    }
    return {};
}

Result<void> CommandEdits::tell(const Command& command) {
    EK_CHECK(edit_->add_event(EventType::command_changed, command.host, command.id,
                              write_shown(without_output(command))));
    return {};
}

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
    for (const Command& command : old) {
        EK_CHECK(write_->erase(tables_->commands, command.id));
        EK_CHECK(write_->erase(tables_->host_commands, host_key(command.host, command.id)));
    }
    return {};
}

}  // namespace evenkeel::state
