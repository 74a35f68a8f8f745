#include "core/wire/mirrors.hpp"

#include <map>

#include "core/base/text.hpp"

namespace evenkeel::wire {
namespace {

const MirroredList* list_of(const std::vector<MirroredList>& lists, const std::string& field) {
    for (const MirroredList& list : lists)
        if (list.mirror.field == field) return &list;
    return nullptr;
}

std::string name_of(const Ref& ref) {
    return ref.collection + " " + printable(ref.id);
}

// Of what `naming` has in its list and `silent` has not in the one that mirrors it.
std::string words(const Ref& naming, const Mirror& mirror, const Ref& silent) {
    return name_of(naming) + " has \"" + printable(silent.id) + "\" in /" + mirror.field +
           ", but " + name_of(silent) + " has no \"" + printable(naming.id) + "\" in /" +
           mirror.other_field;
}

// Whether `naming` has `silent` in a list, and `silent` describes the other list without it.
const MirroredList* naming_list(const Ref& naming, const std::vector<MirroredList>& lists,
                                const Ref& silent, const std::vector<MirroredList>& others) {
    for (const MirroredList& list : lists) {
        if (list.mirror.collection != silent.collection || !list.names.contains(silent.id))
            continue;
        const MirroredList* other = list_of(others, list.mirror.other_field);
        if (other && !other->names.contains(naming.id)) return &list;
    }
    return nullptr;
}

}  // namespace

std::vector<Mirror> mirrors_of(const json::Value& schema) {
    std::vector<Mirror> mirrors;
    const json::Value& properties = schema["properties"];
    if (!properties.is_object()) return mirrors;
    for (const auto& [name, property] : properties.as_object()) {
        const json::Value& word = property["x-ek-mirrors"];
        if (!word.is_object()) continue;
        mirrors.push_back({name, word.string_or("collection"), word.string_or("property")});
    }
    return mirrors;
}

std::vector<MirroredList> mirrored_lists(const std::vector<Mirror>& mirrors,
                                         const json::Value& description) {
    std::vector<MirroredList> lists;
    if (description.string_or("ensure") == "absent") return lists;
    for (const Mirror& mirror : mirrors) {
        const json::Value& described = description[mirror.field];
        if (!described.is_array()) continue;
        MirroredList list{mirror, {}};
        for (const json::Value& item : described.as_array())
            if (item.is_string()) list.names.insert(item.as_string());
        lists.push_back(std::move(list));
    }
    return lists;
}

std::vector<WrongField> find_contradictions(const std::vector<MirroredResource>& request) {
    std::map<Ref, const MirroredResource*> by_ref;
    for (const MirroredResource& resource : request)
        if (!resource.lists.empty()) by_ref.emplace(resource.ref, &resource);
    std::vector<WrongField> wrong;
    for (const auto& [ref, naming] : by_ref) {
        for (const MirroredList& list : naming->lists) {
            for (const std::string& name : list.names) {
                const auto found = by_ref.find({list.mirror.collection, name});
                if (found == by_ref.end()) continue;
                const MirroredResource& silent = *found->second;
                const MirroredList* other = list_of(silent.lists, list.mirror.other_field);
                if (!other || other->names.contains(ref.id)) continue;
                wrong.push_back({naming->at + "/description/" + list.mirror.field, "invalid",
                                 words(ref, list.mirror, silent.ref) + " (" + silent.at +
                                     "/description/" + list.mirror.other_field + ")"});
            }
        }
    }
    return wrong;
}

std::string contradicts_stored(const MirroredResource& resource, const StoredLists& stored) {
    std::string found;
    if (const auto* list = naming_list(resource.ref, resource.lists, stored.ref, stored.lists))
        found = words(resource.ref, list->mirror, stored.ref);
    else if (const auto* other =
                 naming_list(stored.ref, stored.lists, resource.ref, resource.lists))
        found = words(stored.ref, other->mirror, resource.ref);
    if (found.empty()) return found;
    return found +
           ": both are enforced and would undo each other; describe both in one request, or "
           "leave one of the two out";
}

}  // namespace evenkeel::wire
