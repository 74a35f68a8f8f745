#include "core/wire/resource.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "core/wire/fields.hpp"

namespace evenkeel::wire {
namespace {

// What is no text is left out, and what is too much is cut: a peer that does not send them, or
// sends others, is understood all the same.
struct Notes : json::List<std::string> {
    static json::MaybeWrong decode(const json::Value& from, std::vector<std::string>& into) {
        into.clear();
        if (!from.is_array()) return std::nullopt;
        for (const json::Value& item : from.as_array()) {
            if (item.is_string() && into.size() < kNotesMost) into.push_back(item.as_string());
        }
        into = bounded_notes(std::move(into));
        return std::nullopt;
    }
};

struct BoundedOutput : json::Codec<std::optional<Output>> {
    static json::MaybeWrong decode(const json::Value& from, std::optional<Output>& into) {
        auto bad = json::Codec<std::optional<Output>>::decode(from, into);
        if (!bad && into) into = bounded(*std::move(into));
        return bad;
    }
};

// The first `most` bytes of UTF-8, without a part of a character.
void cut_to(std::string& text, std::size_t most) {
    const auto continues = [&] { return (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80; };
    while (most > 0 && continues()) --most;
    text.resize(most);
}

}  // namespace

constexpr auto fields_of(json::Of<ResourceResult>) {
    return json::shape(
        json::inlined(&ResourceResult::ref),
        json::field_as<GenerationOrNull>("generation", &ResourceResult::generation),
        json::field("outcome", &ResourceResult::outcome),
        json::field("changes", &ResourceResult::changes).optional(),
        json::field("error", &ResourceResult::error).lenient(),
        json::field("action", &ResourceResult::action)
            .lenient()
            .written_if([](const ResourceResult& from) { return !from.action.empty(); }),
        json::field_as<json::ObjectOrNull>("state", &ResourceResult::state),
        json::field("compliance", &ResourceResult::compliance),
        json::field_as<Notes>("notes", &ResourceResult::notes)
            .lenient()
            .written_if([](const ResourceResult& from) { return !from.notes.empty(); }),
        json::field_as<BoundedOutput>("output", &ResourceResult::output)
            .lenient()
            .written_if([](const ResourceResult& from) { return from.output.has_value(); }));
}

std::vector<std::string> bounded_notes(std::vector<std::string> notes) {
    if (notes.size() > kNotesMost) notes.resize(kNotesMost);
    for (std::string& note : notes) {
        if (note.size() <= kNoteBytesMost) continue;
        constexpr std::string_view kCut = "...";
        cut_to(note, kNoteBytesMost - kCut.size());
        note += kCut;
    }
    return notes;
}

Output bounded(Output output) {
    if (output.text.size() <= kOutputBytesMost) return output;
    cut_to(output.text, kOutputBytesMost);
    output.cut = true;
    return output;
}

json::Value encode(const Output& output) {
    return json::encode_shape(output);
}

Output decode_output(const json::Value& value) {
    return json::decode<Output>(value).value_or(Output{});
}

bool needs_reboot(const std::vector<Change>& changes) {
    return std::any_of(changes.begin(), changes.end(), [](const Change& change) {
        return change.needs == Needs::reboot && change.outcome == Outcome::done;
    });
}

json::Value encode(const std::vector<Ref>& refs) {
    return json::List<Ref>::encode(refs);
}

json::Value encode(const std::vector<Notification>& notifications) {
    return json::List<Notification>::encode(notifications);
}

void put_relations(json::Object& into, const Relations& relations) {
    const json::Object members = json::encode_shape(relations);
    for (const auto& [name, value] : members) into.set(name, value);
}

Result<Relations> decode_relations(const json::Value& value) {
    return json::decode<Relations>(value);
}

std::string text_of(const Ref& ref) {
    return printable(ref.collection) + " " + printable(ref.id);
}

json::Value encode(const Generation& generation) {
    return GenerationOrNull::encode(generation);
}

Result<Generation> decode_generation(const json::Value& value) {
    Generation generation;
    const auto bad = json::inside("generation", GenerationOrNull::decode(value, generation));
    if (bad) return fail(json::error_of(*bad));
    return generation;
}

json::Value encode(const Change& change) {
    return json::encode_shape(change);
}

Result<Change> decode_change(const json::Value& value) {
    return json::decode<Change>(value);
}

json::Value encode(const std::vector<Change>& changes) {
    return json::List<Change>::encode(changes);
}

Result<std::vector<Change>> decode_changes(const json::Value& value) {
    std::vector<Change> changes;
    const auto bad = json::inside("changes", json::List<Change>::decode(value, changes));
    if (bad) return fail(json::error_of(*bad));
    return changes;
}

Result<json::Value> decode_state(const json::Value& value) {
    if (value.is_object() || value.is_null()) return value;
    return fail(Errc::invalid, "a state is no object");
}

json::Value encode(const Error& error) {
    return json::encode_shape(error);
}

Error decode_error(const json::Value& value) {
    Error error{Errc::internal, "no detail given"};
    (void)json::decode_shape(value, error);  // whatever it is, it is an error
    return error;
}

json::Value encode(const Compliance& compliance) {
    return json::encode_shape(compliance);
}

Result<Compliance> decode_compliance(const json::Value& value) {
    return json::decode<Compliance>(value);
}

json::Value encode(const ResourceRequest& request) {
    return json::encode_shape(request);
}

Result<ResourceRequest> decode_resource_request(const json::Value& value) {
    return json::decode<ResourceRequest>(value);
}

json::Value encode(const ResourceResult& result) {
    return json::encode_shape(result);
}

Result<ResourceResult> decode_resource_result(const json::Value& value) {
    return json::decode<ResourceResult>(value);
}

}  // namespace evenkeel::wire
