#include "orchestrator/api/verdict_peek.hpp"

#include <utility>

#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/to_rest.hpp"

namespace evenkeel::api {
namespace {

constexpr std::string_view kStatus = "compliance.status";
constexpr std::string_view kReason = "compliance.reason";
constexpr std::string_view kSince = "compliance.since";

std::string text_of(const json::Value& value) {
    return value.is_string() ? value.as_string() : "";
}

}  // namespace

bool VerdictPeek::look_into(const state::Entry& entry, const std::string& offline_since,
                            const state::FieldNames& names, state::FieldValues& values) {
    if (names_.empty()) {
        names_ = names;
        names_.push_back(kStatus);
        names_.push_back(kReason);
    }
    if (!state::Resources::peek(entry, names_, values)) return false;
    wire::Compliance stored;
    stored.reason = text_of(values.back());
    values.pop_back();
    status_ = text_of(values.back());
    values.pop_back();
    if (offline_since.empty()) return true;
    const wire::Compliance now = state::compliance_now(stored, offline_since).now;
    if (stored.is(wire::UnknownReason::off)) return true;
    status_ = wire::to_string(now.status);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == kStatus) values[i] = status_;
        if (names[i] == kReason) values[i] = now.reason;
        if (names[i] == kSince) values[i] = now.since;
    }
    return true;
}

}  // namespace evenkeel::api
