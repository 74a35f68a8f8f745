#include "plugins/packages/compare.hpp"

#include <string>

#include <evenkeel/json.hpp>

namespace evenkeel::packages {

namespace json = sdk::json;

namespace {

void report_change(const sdk::Call& call, const char* path, std::string before, std::string after) {
    call.change({path, std::move(before), std::move(after), 0, EK_ACT_SET, EK_OUT_PLANNED});
}

void compare_version(const sdk::Call& call, std::string_view wanted, const json::Value& actual) {
    const auto version = json::text_of(actual, "version").value_or("");
    if (wanted == "latest") {
        const auto candidate = json::text_of(actual, "candidate");
        if (!candidate || json::flag_of(actual, "lists_stale", false))
            throw sdk::Failure(
                EK_E_STALE, "the lists of packages are too old to say what the latest version is")
                .at("/version")
                .hint("refresh them");
        wanted = *candidate;
    }
    if (version != wanted) report_change(call, "/version", sdk::quote(version), sdk::quote(wanted));
}

}  // namespace

void compare(const sdk::Call& call, std::string_view desired, std::string_view actual) {
    const json::Document description = json::parse_object(desired);
    const json::Document state = json::parse_object(actual);
    if (const auto condition = json::text_of(state, "condition").value_or("installed");
        condition != "installed")
        report_change(call, "/condition", sdk::quote(condition), "\"installed\"");
    if (json::flag_of(state, "automatic", false))
        report_change(call, "/automatic", "true", "false");
    if (json::find(description, "hold")) {
        const bool wanted = json::flag_of(description, "hold", false);
        const bool held = json::flag_of(state, "hold", false);
        if (wanted != held)
            report_change(call, "/hold", held ? "true" : "false", wanted ? "true" : "false");
    }
    if (const auto wanted = json::text_of(description, "version"))
        compare_version(call, *wanted, state);
}

}  // namespace evenkeel::packages
