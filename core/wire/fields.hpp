#pragma once

#include "core/json/shape.hpp"
#include "core/wire/resource.hpp"

// The tables of what agent and orchestrator, and the orchestrator and its REST clients, say alike
// about resources. For the .cpp files that encode and decode; see core/json/shape.hpp.
namespace evenkeel {

// An error's code by its name; one of a newer peer reads as `internal`.
struct ErrcName {
    static json::Value encode(Errc from) { return to_string(from); }
    static json::MaybeWrong decode(const json::Value& from, Errc& into) {
        into = from.is_string() ? errc_from(from.as_string()) : Errc::internal;
        return std::nullopt;
    }
    static json::Value schema() { return json::Codec<std::string>::schema(); }
};
constexpr auto fields_of(json::Of<Error>) {
    return json::shape(json::field_as<ErrcName>("code", &Error::code),
                       json::field("detail", &Error::what).lenient())
        .called("Error");
}

namespace wire {

constexpr auto fields_of(json::Of<Ref>) {
    return json::shape(json::field_as<json::NonEmpty>("collection", &Ref::collection),
                       json::field_as<json::NonEmpty>("id", &Ref::id))
        .called("Ref", "A resource of the same host.")
        .nothing_else();
}

constexpr auto fields_of(json::Of<Notification>) {
    return json::shape(json::inlined(&Notification::ref),
                       json::field_as<json::NonEmpty>("action", &Notification::action))
        .called("Notice", "An action on another resource, run after this one was changed.")
        .nothing_else();
}

constexpr auto fields_of(json::Of<Generation>) {
    return json::shape(json::field("stream", &Generation::stream),
                       json::field("revision", &Generation::revision))
        .called("Generation",
                "Which edition of a description: the orchestrator's stream and revision.")
        .null_too()
        .promising_nothing();
}
// That of a local description stands as null.
struct GenerationOrNull : json::Codec<Generation> {
    static json::Value encode(const Generation& from) {
        return from.empty() ? json::Value() : json::Value(json::encode_shape(from));
    }
    static void write(const Generation& from, json::Text& out) {
        if (from.empty()) out.add(nullptr);
        else json::write_shape(from, out);
    }
    static json::MaybeWrong decode(const json::Value& from, Generation& into) {
        into = {};
        return from.is_null() ? std::nullopt : json::decode_shape(from, into);
    }
};

constexpr auto fields_of(json::Of<Change>) {
    return json::shape(
               json::field("path", &Change::path), json::field("before", &Change::before),
               json::field("after", &Change::after), json::field("action", &Change::action),
               json::field("outcome", &Change::outcome),
               json::field("needs", &Change::needs)
                   .lenient()
                   .written_if([](const Change& from) { return from.needs != Needs::nothing; })
                   .says("What has to be started anew before it takes effect."))
        .called("Change")
        .promising_nothing();
}

constexpr auto fields_of(json::Of<Output>) {
    return json::shape(json::field("text", &Output::text).lenient(),
                       json::field_as<json::Whole<0, INT64_MAX>>("bytes", &Output::bytes).lenient(),
                       json::field("cut", &Output::cut).lenient())
        .called("Output", "What programs have printed: of a long one the beginning and the end.");
}

constexpr auto fields_of(json::Of<FieldDrift>) {
    return json::shape(json::field("path", &FieldDrift::path),
                       json::field("expected", &FieldDrift::expected),
                       json::field("actual", &FieldDrift::actual))
        .promising_nothing();
}

constexpr auto fields_of(json::Of<Compliance>) {
    using json::TextOrNull;
    return json::shape(json::field("status", &Compliance::status),
                       json::field_as<TextOrNull>("reason", &Compliance::reason),
                       json::field("fields", &Compliance::fields).optional(),
                       json::field_as<TextOrNull>("since", &Compliance::since),
                       json::field_as<TextOrNull>("seen_by", &Compliance::seen_by));
}

constexpr auto fields_of(json::Of<Relations>) {
    return json::shape(
        json::field("requires", &Relations::required)
            .optional()
            .written_if([](const Relations& from) { return !from.required.empty(); }),
        json::field("notifies", &Relations::notified)
            .optional()
            .written_if([](const Relations& from) { return !from.notified.empty(); }));
}

constexpr auto fields_of(json::Of<ResourceRequest>) {
    constexpr auto is_described = [](const ResourceRequest& from) {
        return from.description.is_object();
    };
    // Also of a removal: under `audit` nothing is removed, even where the host has no description.
    constexpr auto has_policy = [](const ResourceRequest& from) {
        return from.description.is_object() || from.policy != Policy::report;
    };
    constexpr auto has_action = [](const ResourceRequest& from) { return !from.action.empty(); };
    return json::shape(
        json::inlined(&ResourceRequest::ref),
        json::field_as<json::ObjectOrNull>("description", &ResourceRequest::description)
            .written_if(is_described),
        json::field("policy", &ResourceRequest::policy).optional().written_if(has_policy),
        json::inlined(&ResourceRequest::relations),
        json::field_as<GenerationOrNull>("generation", &ResourceRequest::generation),
        json::field("action", &ResourceRequest::action).lenient().written_if(has_action),
        json::field("arguments", &ResourceRequest::arguments).written_if(has_action));
}

}  // namespace wire
}  // namespace evenkeel
