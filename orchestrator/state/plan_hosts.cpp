#include "orchestrator/state/plan_hosts.hpp"

#include <utility>

#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/command.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/plans.hpp"
#include "orchestrator/state/records.hpp"

// plan_parts: plan id, 0, "progress" -> PlanTally
//     plan id, 0, "host", 0, host id -> WaitingHost, until the host is done
//     host id, 0, command id or nothing (to be released), 0, plan id -> true
namespace evenkeel::state {

namespace {

constexpr std::string_view kRelease;  // in place of a command

std::string tally_key(std::string_view plan) {
    return host_key(plan, "progress");
}

std::string hosts_prefix(std::string_view plan) {
    return host_key(plan, host_prefix("host"));
}

std::string waiting_key(std::string_view plan, std::string_view host) {
    return hosts_prefix(plan).append(host);
}

std::string wait_prefix(std::string_view host, std::string_view command) {
    return host_key(host, host_prefix(command));
}

std::string wait_key(std::string_view host, std::string_view command, std::string_view plan) {
    return wait_prefix(host, command).append(plan);
}

json::Value encode(const PlanTally& tally) {
    return json::Object{{"hosts", tally.hosts},
                        {"waiting", tally.waiting},
                        {"succeeded", tally.succeeded},
                        {"failed", tally.failed}};
}

std::uint64_t count_in(const json::Value& value, std::string_view name) {
    return static_cast<std::uint64_t>(value.integer_or(name));
}

Result<PlanTally> decode_tally(const json::Value& value) {
    return PlanTally{.hosts = count_in(value, "hosts"),
                     .waiting = count_in(value, "waiting"),
                     .succeeded = count_in(value, "succeeded"),
                     .failed = count_in(value, "failed")};
}

json::Value encode(const WaitingHost& waiting) {
    return json::Object{{"commands", waiting.commands},
                        {"released", waiting.is_released},
                        {"failed", waiting.has_failed}};
}

Result<WaitingHost> decode_waiting(const json::Value& value) {
    return WaitingHost{.commands = count_in(value, "commands"),
                       .is_released = value.bool_or("released"),
                       .has_failed = value.bool_or("failed")};
}

}  // namespace

Result<PlanTally> PlanHosts::tally(std::string_view plan) const {
    const auto found =
        EK_TRY(find_record<PlanTally>(*txn_, tables_->plan_parts, tally_key(plan), decode_tally));
    return found.value_or(PlanTally{});
}

Result<bool> PlanHosts::is_waiting(std::string_view plan, std::string_view host) const {
    return EK_TRY(txn_->get(tables_->plan_parts, waiting_key(plan, host))).has_value();
}

Result<void> PlanHosts::each_waiting(
    std::string_view plan, std::string_view after,
    const std::function<bool(std::string_view host)>& visit) const {
    const std::string prefix = hosts_prefix(plan);
    auto range = store::Range::prefix(prefix);
    if (!after.empty()) range = range.after(prefix + std::string(after));
    return txn_->scan(tables_->plan_parts, range, [&](std::string_view key, std::string_view) {
        return visit(key.substr(prefix.size()));
    });
}

PlanHostEdits::PlanHostEdits(Edit& edit) : PlanHosts(edit), RepositoryEdits(edit) {}

Result<void> PlanHostEdits::begin(const std::string& plan, const std::vector<std::string>& hosts,
                                  const CommandsOfHosts& commands) {
    for (const std::string& host : hosts) {
        WaitingHost waiting;
        const auto made = commands.find(host);
        if (made != commands.end()) {
            for (const std::string& id : made->second) {
                EK_CHECK(wait_for(host, id, plan, waiting));
            }
        }
        EK_CHECK(
            put_record(*write_, tables_->plan_parts, waiting_key(plan, host), encode(waiting)));
        EK_CHECK(put_record(*write_, tables_->plan_parts, wait_key(host, kRelease, plan),
                            json::Value(true)));
    }
    return put_record(*write_, tables_->plan_parts, tally_key(plan),
                      encode(PlanTally{.hosts = hosts.size(), .waiting = hosts.size()}));
}

Result<std::vector<std::string>> PlanHostEdits::plans_waiting(std::string_view host,
                                                              std::string_view command) const {
    const std::string prefix = wait_prefix(host, command);
    std::vector<std::string> plans;
    EK_CHECK(txn_->scan(tables_->plan_parts, store::Range::prefix(prefix),
                        [&](std::string_view key, std::string_view) {
                            plans.emplace_back(key.substr(prefix.size()));
                            return true;
                        }));
    return plans;
}

Result<std::optional<WaitingHost>> PlanHostEdits::find(const std::string& host,
                                                       const std::string& plan) const {
    return find_record<WaitingHost>(*txn_, tables_->plan_parts, waiting_key(plan, host),
                                    decode_waiting);
}

Result<void> PlanHostEdits::wait_for(const std::string& host, const std::string& command,
                                     const std::string& plan, WaitingHost& waiting) {
    const std::string key = wait_key(host, command, plan);
    if (EK_TRY(txn_->get(tables_->plan_parts, key))) return {};
    ++waiting.commands;
    return put_record(*write_, tables_->plan_parts, key, json::Value(true));
}

Result<void> PlanHostEdits::released(const std::string& host,
                                     const std::vector<std::string>& commands, bool is_all) {
    for (const std::string& plan : EK_TRY(plans_waiting(host, kRelease))) {
        auto waiting = EK_TRY(find(host, plan));
        if (!waiting) continue;
        for (const std::string& command : commands) {
            EK_CHECK(wait_for(host, command, plan, *waiting));
        }
        if (is_all) {
            waiting->is_released = true;
            EK_CHECK(write_->erase(tables_->plan_parts, wait_key(host, kRelease, plan)));
        }
        EK_CHECK(keep_or_end(host, plan, *waiting));
    }
    return {};
}

Result<void> PlanHostEdits::refused(const std::string& host) {
    for (const std::string& plan : EK_TRY(plans_waiting(host, kRelease))) {
        auto waiting = EK_TRY(find(host, plan));
        if (!waiting) continue;
        waiting->is_released = true;
        waiting->has_failed = true;
        EK_CHECK(write_->erase(tables_->plan_parts, wait_key(host, kRelease, plan)));
        EK_CHECK(keep_or_end(host, plan, *waiting));
    }
    return {};
}

// The newest other one about the same resource that has not ended; empty where there is none.
Result<std::string> PlanHostEdits::find_successor(const Command& command) const {
    std::string found;
    for (const CommandEntry& entry : command.resources) {
        EK_CHECK(edit_->bodies().each_command(command.host, entry.ref,
                                              [&](std::uint64_t seq, std::string_view id) {
                                                  if (seq > command.seq) found = id;
                                                  return false;
                                              }));
        if (!found.empty()) break;
    }
    return found;
}

Result<void> PlanHostEdits::command_ended(const Command& command) {
    const auto plans = EK_TRY(plans_waiting(command.host, command.id));
    if (plans.empty()) return {};
    const bool is_superseded = command.state == CommandState::superseded;
    const bool has_succeeded = is_superseded || command.state == CommandState::succeeded;
    const std::string by = is_superseded ? EK_TRY(find_successor(command)) : "";
    for (const std::string& plan : plans) {
        EK_CHECK(write_->erase(tables_->plan_parts, wait_key(command.host, command.id, plan)));
        auto waiting = EK_TRY(find(command.host, plan));
        if (!waiting) continue;
        if (!by.empty()) EK_CHECK(wait_for(command.host, by, plan, *waiting));
        if (waiting->commands > 0) --waiting->commands;
        waiting->has_failed = waiting->has_failed || !has_succeeded;
        EK_CHECK(keep_or_end(command.host, plan, *waiting));
    }
    return {};
}

// What goes may wait for ever behind what has failed.
Result<void> PlanHostEdits::keep_or_end(const std::string& host, const std::string& plan,
                                        const WaitingHost& waiting) {
    if (waiting.commands == 0 && (waiting.is_released || waiting.has_failed)) {
        return end(host, plan, !waiting.has_failed);
    }
    return put_record(*write_, tables_->plan_parts, waiting_key(plan, host), encode(waiting));
}

Result<void> PlanHostEdits::end(const std::string& host, const std::string& plan,
                                bool has_succeeded) {
    EK_CHECK(write_->erase(tables_->plan_parts, waiting_key(plan, host)));
    EK_CHECK(write_->erase(tables_->plan_parts, wait_key(host, kRelease, plan)));
    PlanTally now = EK_TRY(tally(plan));
    --now.waiting;
    ++(has_succeeded ? now.succeeded : now.failed);
    EK_CHECK(put_record(*write_, tables_->plan_parts, tally_key(plan), encode(now)));
    if (now.waiting > 0) return {};
    auto ended = EK_TRY(edit_->plans().find(plan));
    return ended ? edit_->plans().put(*ended) : Result<void>();
}

Result<void> PlanHostEdits::forget(const std::string& plan) {
    std::vector<std::string> waits;
    EK_CHECK(each_waiting(plan, "", [&](std::string_view host) {
        waits.push_back(wait_key(host, kRelease, plan));
        return true;
    }));
    for (const std::string& key : waits) EK_CHECK(write_->erase(tables_->plan_parts, key));
    return {};
}

}  // namespace evenkeel::state
