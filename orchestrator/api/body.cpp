#include "orchestrator/api/body.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "orchestrator/hosts/names.hpp"

namespace evenkeel::api {

void Findings::add(std::string pointer, std::string code, std::string detail) {
    errors_.push_back({std::move(pointer), std::move(code), std::move(detail)});
}

bool Findings::only(const json::Value& object, const std::string& pointer,
                    const json::Value& schema) {
    if (!object.is_object()) {
        invalid(pointer, "must be an object");
        return false;
    }
    for (const auto& [name, value] : object.as_object()) {
        if (schema["properties"].find(name)) continue;
        add(json::pointer(pointer, name), "unknown-field",
            "there is no field '" + printable(name.substr(0, 100)) + "'");
    }
    return true;
}

http::Problem Findings::problem() const {
    const auto all_are = [this](std::string_view code) {
        return std::all_of(errors_.begin(), errors_.end(),
                           [code](const http::FieldError& error) { return error.code == code; });
    };
    http::Code code = http::Code::invalid_description;
    if (all_are("unknown-field")) code = http::Code::unknown_field;
    else if (all_are("invalid-id")) code = http::Code::invalid_id;
    std::string detail = std::to_string(errors_.size()) + " fields are wrong";
    if (errors_.size() == 1) {
        const http::FieldError& only = errors_.front();
        // The pointer of the whole body is empty.
        detail =
            only.pointer.empty() ? "the body " + only.detail : only.pointer + ": " + only.detail;
    }
    return {.code = code, .detail = std::move(detail), .errors = errors_};
}

void check_labels(const json::Value& labels, const std::string& pointer, bool removing,
                  Findings& findings) {
    if (!labels.is_object()) return findings.invalid(pointer, "must be an object");
    if (labels.as_object().size() > 64) findings.invalid(pointer, "has more than 64 labels");
    for (const auto& [name, value] : labels.as_object()) {
        const std::string at = json::pointer(pointer, name);
        if (!hosts::is_name(name)) findings.invalid(at, "a label's name has [A-Za-z0-9._-] only");
        const bool text = value.is_string() && value.as_string().size() <= 256;
        if (!text && !(removing && value.is_null())) {
            findings.invalid(at, "a label is text of at most 256 bytes");
        }
    }
}

}  // namespace evenkeel::api
