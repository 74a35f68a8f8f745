#include "orchestrator/state/wanted.hpp"

#include <utility>

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/plan_hosts.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/to_compile.hpp"
#include "orchestrator/state/to_rest.hpp"

// wanted: host id -> Wanted
namespace evenkeel::state {
namespace {

json::Value encode(const Wanted& wanted) {
    json::Array errors;
    for (const WantedError& error : wanted.errors) {
        errors.push_back(json::Object{{"assignment", error.assignment},
                                      {"pointer", error.pointer},
                                      {"code", error.code},
                                      {"detail", error.detail}});
    }
    return json::Object{{"status", to_string(wanted.status)},
                        {"errors", std::move(errors)},
                        {"revision", wanted.revision}};
}

Result<Wanted> decode_wanted(const json::Value& value) {
    Wanted wanted;
    wanted.status = EK_TRY(from_string<WantedStatus>(value.string_or("status")));
    for (const json::Value& error : value["errors"].as_array()) {
        wanted.errors.push_back({.assignment = error.string_or("assignment"),
                                 .pointer = error.string_or("pointer"),
                                 .code = error.string_or("code"),
                                 .detail = error.string_or("detail")});
    }
    wanted.revision = static_cast<std::uint64_t>(value.integer_or("revision"));
    return wanted;
}

}  // namespace

WantedOfHosts View::wanted() const {
    return WantedOfHosts(*this);
}

WantedOfHostsEdits Edit::wanted() {
    return WantedOfHostsEdits(*this);
}

Result<std::optional<Wanted>> WantedOfHosts::find(std::string_view host) const {
    return find_record<Wanted>(*txn_, tables_->wanted, host, decode_wanted);
}

WantedOfHostsEdits::WantedOfHostsEdits(Edit& edit) : WantedOfHosts(edit), RepositoryEdits(edit) {}

Result<void> WantedOfHostsEdits::put(std::string_view host, const Wanted& wanted) {
    return put_record(*write_, tables_->wanted, host, encode(wanted));
}

Result<void> WantedOfHostsEdits::announce(const std::string& host, const Wanted& wanted) {
    EK_CHECK(put(host, wanted));
    EK_CHECK(edit_->add_event(EventType::host_compiled, host, host,
                              state::encode(rest::CompiledEvent{host, wanted})));
    return {};
}

Result<void> WantedOfHostsEdits::hold(const std::string& host) {
    EK_CHECK(edit_->to_compile().take_back_edited(host));
    EK_CHECK(PlanHostEdits(*edit_).refused(host));
    auto wanted = EK_TRY(find(host)).value_or(Wanted{});
    if (std::exchange(wanted.status, WantedStatus::held) == WantedStatus::held) return {};
    EK_CHECK(edit_->to_compile().put(host, {kModelChanged}));
    return announce(host, wanted);
}

Result<void> WantedOfHostsEdits::erase(std::string_view host) {
    EK_CHECK(write_->erase(tables_->wanted, host));
    return {};
}

}  // namespace evenkeel::state
