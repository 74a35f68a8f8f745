#include "core/plugin/remote/remote_instance.hpp"

#include <stdexcept>
#include <utility>

#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/broken_rule.hpp"

namespace evenkeel::plugin {
namespace {

constexpr std::uint64_t kLongestCloseNs = 5'000'000'000;

const char* name_of(Operation operation) {
    static constexpr const char* kNames[] = {
        "call",       "open",   "close",   "list",      "read",    "apply",     "remove",
        "apply_many", "invoke", "compare", "normalize", "upgrade", "watch_open"};
    return kNames[static_cast<std::size_t>(operation)];
}

void say(const ek_call& call, const std::string& sentence, ek_status status) {
    ek_diag diag{};
    diag.size = sizeof(diag);
    diag.severity = EK_SEV_ERROR;
    diag.summary = borrow(sentence);
    diag.status = status;
    call.out->diag(call.out->ctx, &diag);
}

ek_status status_of(const Error& error) {
    return error.code == Errc::conflict ? EK_E_CONFLICT : EK_E_UNAVAILABLE;
}

}  // namespace

ek_status status_of(const Outcome& outcome, const ek_call& call, const std::string& plugin) {
    if (outcome.broken_rule) throw BrokenRule{*outcome.broken_rule};
    if (outcome.exception) throw std::runtime_error(*outcome.exception);
    if (outcome.lost) say(call, "plugin " + plugin + ": " + *outcome.lost, outcome.status);
    return outcome.status;
}

RemoteInstance::RemoteInstance(const RemoteTable& table, std::string configuration)
    : table_(table), configuration_(std::move(configuration)), number_(plugin().next_number()) {}

// Where the process does not live until the instance is open the next one is tried, once: a plugin
// that always ends then is not to be held after a single call.
std::shared_ptr<ChildProcess> RemoteInstance::process(const ek_call& call, ek_status& status) {
    const Until until{call.deadline_ns, call.cancel_fd};
    const auto refuse = [&](const Error& error) {
        status = status_of(error);
        say(call, error.what, status);
        return nullptr;
    };
    for (bool is_last = false;; is_last = true) {
        auto child = plugin().process(until);
        if (!child) return refuse(child.error());
        const Turn turn(openings_, until);
        if (!turn) return refuse({Errc::unavailable, "it is being opened for another call"});
        if (open_in_.lock() == *child) return *child;
        const Outcome outcome = open_in(**child, call);
        const bool has_ended = outcome.lost && (*child)->has_ended();
        if (has_ended && outcome.status == EK_E_UNAVAILABLE && !is_last) continue;
        status = status_of(outcome, call, plugin().name());
        if (status != EK_OK) return nullptr;
        open_in_ = *child;
        backend_ = outcome.backend;
        return *child;
    }
}

Outcome RemoteInstance::open_in(ChildProcess& child, const ek_call& call) {
    auto channel = child.take_channel();
    if (!channel) {
        Outcome outcome;
        outcome.status = EK_E_UNAVAILABLE;
        outcome.lost = channel.error().what;
        return outcome;
    }
    Request request;
    request.operation = Operation::open;
    request.instance = number_;
    request.deadline_ns = call.deadline_ns;
    request.number = table_.index;
    request.request_id = call.request_id;
    request.first = borrow(configuration_);
    Outcome outcome =
        Exchange(child, **channel, call, name_of(request.operation), plugin().grace()).run(request);
    if (!outcome.lost) child.give_back(std::move(*channel));
    return outcome;
}

ek_status RemoteInstance::open(const ek_call& call) {
    ek_status status = EK_OK;
    process(call, status);
    return status;
}

ek_status RemoteInstance::call(const ek_call& call, Operation operation, ek_str first,
                               ek_str second, ek_str third, std::uint32_t number) {
    ek_status status = EK_OK;
    const auto child = process(call, status);
    if (!child) return status;
    auto channel = child->take_channel();
    if (!channel) {
        say(call, channel.error().what, EK_E_UNAVAILABLE);
        return EK_E_UNAVAILABLE;
    }
    Request request;
    request.operation = operation;
    request.instance = number_;
    request.flags = call.flags;
    request.deadline_ns = call.deadline_ns;
    request.number = number;
    request.request_id = call.request_id;
    request.first = first;
    request.second = second;
    request.third = third;
    request.stamps.assign(call.stamps, call.stamps + call.stamp_count);
    const Outcome outcome =
        Exchange(*child, **channel, call, name_of(operation), plugin().grace()).run(request);
    if (!outcome.lost) child->give_back(std::move(*channel));
    return status_of(outcome, call, plugin().name());
}

void RemoteInstance::close() {
    const auto child = open_in_.lock();
    if (!child || child->has_ended()) return;
    auto channel = child->take_channel();
    if (!channel) return;
    ek_call call{};
    call.size = sizeof(call);
    call.deadline_ns = now_monotonic_ns() + kLongestCloseNs;
    call.cancel_fd = -1;
    Request request;
    request.operation = Operation::close;
    request.instance = number_;
    request.deadline_ns = call.deadline_ns;
    const Outcome outcome =
        Exchange(*child, **channel, call, "close", plugin().grace()).run(request);
    if (!outcome.lost) child->give_back(std::move(*channel));
}

}  // namespace evenkeel::plugin
