#include "core/agent/model/records.hpp"

namespace evenkeel::agent {

Result<bool> requests_absence(const json::Value& body) {
    const json::Value* ensure = body.find("ensure");
    if (!ensure) return false;
    if (ensure->is_string() && ensure->as_string() == "absent") return true;
    if (ensure->is_string() && ensure->as_string() == "present") return false;
    return fail(Errc::invalid, "'ensure' is neither \"present\" nor \"absent\"");
}

json::Value without_ensure(const json::Value& body) {
    json::Value out = body;
    if (out.is_object()) out.as_object().erase("ensure");
    return out;
}

json::Value shown_beside(const Metadata& metadata, json::Value body) {
    if (metadata.left_secret && body.is_object()) body.as_object().set("sensitive", true);
    return body;
}

}  // namespace evenkeel::agent
