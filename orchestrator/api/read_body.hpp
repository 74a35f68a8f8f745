#pragma once

#include "core/base/time.hpp"
#include "core/json/shape.hpp"
#include "orchestrator/api/body.hpp"

// The tables of fields of what clients send: each gives the reading of a body, which reports all
// that is wrong, and its schema in the OpenAPI document. For the .cpp files that read one; see
// core/json/shape.hpp. [any]
namespace evenkeel::api {

// The body as a T, or all that is wrong with it. The labels of a T that has some may be null with
// `removing_labels`.
template <json::Shaped T>
ApiResult<T> read_body(const json::Value& body, bool removing_labels = false) {
    static const json::Value kSchema = json::shape_schema<T>();
    Findings findings;
    T read;
    if (findings.only(body, "", kSchema)) {
        json::decode_each(body, read, [&](const json::Wrong& wrong) {
            findings.invalid(wrong.pointer, wrong.detail);
        });
    }
    if constexpr (requires { read.labels; }) {
        if (body.find("labels")) check_labels(read.labels, "/labels", removing_labels, findings);
    }
    if (!findings.empty()) return refuse(findings.problem());
    return read;
}

template <json::Shaped T>
void add_schema(json::Object& schemas) {
    schemas.append(std::string(json::schema_name<T>()), json::shape_schema<T>());
}

// Text of so many bytes.
template <std::size_t least, std::size_t most>
struct Text : json::Codec<std::string> {
    static json::MaybeWrong decode(const json::Value& from, std::string& into) {
        const bool fits =
            from.is_string() && from.as_string().size() >= least && from.as_string().size() <= most;
        if (!fits) {
            return json::wrong("must be text of " +
                               (least == 0 ? "at most " : std::to_string(least) + " to ") +
                               std::to_string(most) + " bytes");
        }
        into = from.as_string();
        return std::nullopt;
    }
    static json::Value schema() {
        json::Value schema = json::Codec<std::string>::schema();
        if (least != 0) schema.as_object().set("minLength", least);
        return schema;
    }
};

// How long something counts, from a second to so many days: "90d".
template <int days>
struct Lifetime {
    static json::Value encode(std::chrono::milliseconds from) { return to_duration(from); }
    static json::MaybeWrong decode(const json::Value& from, std::chrono::milliseconds& into) {
        const auto read = parse_duration(from.is_string() ? from.as_string() : "");
        if (!read || *read < std::chrono::seconds(1) || *read > std::chrono::hours(24 * days)) {
            return json::wrong("must be a duration, 1s to " + std::to_string(days) +
                               "d: a whole number and one of s, m, h and d, such as 12h or 30d");
        }
        into = *read;
        return std::nullopt;
    }
    static json::Value schema() { return json::Codec<std::string>::schema(); }
};

// Labels as they are sent: check_labels() says all that is wrong with them.
struct UncheckedLabels : json::Codec<json::Value> {
    static json::Value schema() { return json::Labels::schema(); }
};

}  // namespace evenkeel::api
