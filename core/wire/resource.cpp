#include "core/wire/resource.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace evenkeel::wire {
namespace {

Result<std::string> text_member(const json::Value& value, std::string_view name) {
    const json::Value& member = value[name];
    if (member.is_string()) return member.as_string();
    return fail(Errc::invalid, "member '" + std::string(name) + "' is not a string");
}

Result<Ref> decode_ref(const json::Value& value) {
    Ref ref;
    ref.collection = EK_TRY(text_member(value, "collection"));
    ref.id = EK_TRY(text_member(value, "id"));
    if (ref.collection.empty() || ref.id.empty()) {
        return fail(Errc::invalid, "an empty collection or id");
    }
    return ref;
}

json::Object encode_ref(const Ref& ref) {
    return json::Object{{"collection", ref.collection}, {"id", ref.id}};
}

}  // namespace

json::Value encode(const std::vector<Ref>& refs) {
    json::Array out;
    for (const Ref& ref : refs) out.push_back(encode_ref(ref));
    return out;
}

json::Value encode(const std::vector<Notification>& notices) {
    json::Array out;
    for (const Notification& notice : notices) {
        json::Object one = encode_ref(notice.ref);
        one.set("action", notice.action);
        out.push_back(std::move(one));
    }
    return out;
}

void put_relations(json::Object& into, const Relations& relations) {
    if (!relations.required.empty()) into.set("requires", encode(relations.required));
    if (!relations.notified.empty()) into.set("notifies", encode(relations.notified));
}

Result<Relations> decode_relations(const json::Value& value) {
    Relations relations;
    for (const char* name : {"requires", "notifies"}) {
        const json::Value& list = value[name];
        if (!list.is_null() && !list.is_array()) {
            return fail(Errc::invalid, "member '" + std::string(name) + "' is no array");
        }
    }
    if (const json::Value& list = value["requires"]; list.is_array()) {
        for (const json::Value& item : list.as_array()) {
            relations.required.push_back(EK_TRY(decode_ref(item)));
        }
    }
    if (const json::Value& list = value["notifies"]; list.is_array()) {
        for (const json::Value& item : list.as_array()) {
            Notification notice{EK_TRY(decode_ref(item)), EK_TRY(text_member(item, "action"))};
            if (notice.action.empty()) return fail(Errc::invalid, "an empty action");
            relations.notified.push_back(std::move(notice));
        }
    }
    return relations;
}

std::string text_of(const Ref& ref) {
    return printable(ref.collection) + " " + printable(ref.id);
}

json::Value encode(const Generation& generation) {
    if (generation.empty()) return nullptr;
    return json::Object{{"stream", generation.stream}, {"revision", generation.revision}};
}

Result<Generation> decode_generation(const json::Value& value) {
    if (value.is_null()) return Generation{};
    Generation generation;
    generation.stream = EK_TRY(text_member(value, "stream"));
    const json::Value& revision = value["revision"];
    if (!revision.is_integer() || revision.as_integer() < 0) {
        return fail(Errc::invalid, "member 'revision' is not a revision");
    }
    generation.revision = static_cast<std::uint64_t>(revision.as_integer());
    return generation;
}

json::Value encode(const Change& change) {
    return json::Object{{"path", change.path},
                        {"before", change.before},
                        {"after", change.after},
                        {"action", to_string(change.action)},
                        {"outcome", to_string(change.outcome)}};
}

Result<Change> decode_change(const json::Value& value) {
    Change change;
    change.path = EK_TRY(text_member(value, "path"));
    change.before = value["before"];
    change.after = value["after"];
    change.action = EK_TRY(from_string<Action>(value.string_or("action")));
    change.outcome = EK_TRY(outcome_from(value.string_or("outcome")));
    return change;
}

json::Value encode(const std::vector<Change>& changes) {
    json::Array out;
    for (const Change& change : changes) out.push_back(encode(change));
    return out;
}

Result<std::vector<Change>> decode_changes(const json::Value& value) {
    std::vector<Change> changes;
    if (value.is_null()) return changes;
    if (!value.is_array()) return fail(Errc::invalid, "changes are no list");
    for (const json::Value& change : value.as_array()) {
        changes.push_back(EK_TRY(decode_change(change)));
    }
    return changes;
}

Result<json::Value> decode_state(const json::Value& value) {
    if (value.is_object() || value.is_null()) return value;
    return fail(Errc::invalid, "a state is no object");
}

json::Value encode(const Error& error) {
    return json::Object{{"code", to_string(error.code)}, {"detail", error.what}};
}

Error decode_error(const json::Value& value) {
    return Error{errc_from(value.string_or("code")), value.string_or("detail", "no detail given")};
}

json::Value encode(const Compliance& compliance) {
    json::Array fields;
    for (const FieldDrift& field : compliance.fields) {
        fields.push_back(json::Object{
            {"path", field.path}, {"expected", field.expected}, {"actual", field.actual}});
    }
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? json::Value() : json::Value(text);
    };
    return json::Object{{"status", to_string(compliance.status)},
                        {"reason", text_or_null(compliance.reason)},
                        {"fields", std::move(fields)},
                        {"since", text_or_null(compliance.since)},
                        {"seen_by", text_or_null(compliance.seen_by)}};
}

Result<Compliance> decode_compliance(const json::Value& value) {
    Compliance compliance;
    compliance.status = EK_TRY(from_string<Verdict>(value.string_or("status")));
    compliance.reason = value.string_or("reason");
    compliance.since = value.string_or("since");
    compliance.seen_by = value.string_or("seen_by");
    if (const json::Value& fields = value["fields"]; fields.is_array()) {
        for (const json::Value& field : fields.as_array()) {
            compliance.fields.push_back(
                FieldDrift{EK_TRY(text_member(field, "path")), field["expected"], field["actual"]});
        }
    }
    return compliance;
}

json::Value encode(const ResourceRequest& wanted) {
    json::Object out{{"collection", wanted.ref.collection}, {"id", wanted.ref.id}};
    if (wanted.description.is_object()) {
        out.set("description", wanted.description);
        out.set("policy", to_string(wanted.policy));
    }
    put_relations(out, wanted.relations);
    out.set("generation", encode(wanted.generation));
    if (!wanted.action.empty()) {
        out.set("action", wanted.action);
        out.set("arguments", wanted.arguments);
    }
    return out;
}

Result<ResourceRequest> decode_resource_request(const json::Value& value) {
    ResourceRequest wanted;
    wanted.ref = EK_TRY(decode_ref(value));
    wanted.description = value["description"];
    if (!wanted.description.is_null() && !wanted.description.is_object()) {
        return fail(Errc::invalid, "member 'description' is not an object");
    }
    if (const json::Value* policy = value.find("policy")) {
        if (!policy->is_string()) return fail(Errc::invalid, "member 'policy' is not a string");
        wanted.policy = EK_TRY(policy_from(policy->as_string()));
    }
    wanted.relations = EK_TRY(decode_relations(value));
    wanted.generation = EK_TRY(decode_generation(value["generation"]));
    wanted.action = value.string_or("action");
    wanted.arguments = value["arguments"];
    return wanted;
}

json::Value encode(const ResourceResult& done) {
    json::Object out{{"collection", done.ref.collection},
                     {"id", done.ref.id},
                     {"generation", encode(done.generation)},
                     {"outcome", to_string(done.outcome)},
                     {"changes", encode(done.changes)},
                     {"error", done.error ? encode(*done.error) : json::Value()}};
    if (!done.action.empty()) out.set("action", done.action);
    out.set("state", done.state);
    out.set("compliance", done.compliance ? encode(*done.compliance) : json::Value());
    return out;
}

Result<ResourceResult> decode_resource_result(const json::Value& value) {
    ResourceResult done;
    done.ref = EK_TRY(decode_ref(value));
    done.action = value.string_or("action");
    done.generation = EK_TRY(decode_generation(value["generation"]));
    done.outcome = EK_TRY(outcome_from(value.string_or("outcome")));
    done.changes = EK_TRY(decode_changes(value["changes"]));
    if (const json::Value& error = value["error"]; error.is_object()) {
        done.error = decode_error(error);
    }
    done.state = EK_TRY(decode_state(value["state"]));
    if (const json::Value& compliance = value["compliance"]; compliance.is_object()) {
        done.compliance = EK_TRY(decode_compliance(compliance));
    }
    return done;
}

}  // namespace evenkeel::wire
