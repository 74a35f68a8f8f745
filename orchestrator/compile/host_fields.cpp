#include "orchestrator/compile/host_fields.hpp"

#include <functional>

#include "orchestrator/compile/objects.hpp"

namespace evenkeel::compile {

HostFields::HostFields(const Host& host)
    : host_(host), id_(host.id), name_(host.name), environment_(host.environment) {}

const json::Value& HostFields::operator()(std::string_view field) const {
    static const json::Value kNothing;
    constexpr std::string_view kLabels = "labels.";
    constexpr std::string_view kFacts = "facts.";
    if (field == "id") return id_;
    if (field == "name") return name_;
    if (field == "environment") return environment_;
    if (field.starts_with(kLabels)) {
        return filter::field_of(host_.labels, field.substr(kLabels.size()), made_);
    }
    if (field.starts_with(kFacts)) {
        return filter::field_of(host_.facts, field.substr(kFacts.size()), made_);
    }
    return kNothing;
}

bool matches(const filter::Filter& filter, const Host& host) {
    if (filter.empty()) return true;
    const HostFields fields(host);
    return filter.matches(filter::Filter::LookUp(std::cref(fields)));
}

}  // namespace evenkeel::compile
