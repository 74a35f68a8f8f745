#include "core/wire/relations.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/base/text.hpp"

namespace evenkeel::wire {
namespace {

constexpr std::size_t kIdBytesMost = 4096;

// One member of "requires" or "notifies", the latter with an action.
std::optional<Notification> read_one(const json::Value& item, const std::string& at,
                                     bool has_action, std::vector<WrongField>& wrong) {
    if (!item.is_object()) {
        wrong.push_back({at, "invalid", "must be an object"});
        return std::nullopt;
    }
    const std::size_t before = wrong.size();
    for (const auto& [name, value] : item.as_object()) {
        if (name == "collection" || name == "id" || (has_action && name == "action")) continue;
        wrong.push_back({json::pointer(at, name), "unknown-field",
                         "there is no field '" + printable(name.substr(0, 100)) + "'"});
    }
    const auto text = [&](const char* name, std::size_t most) {
        const json::Value& value = item[name];
        const bool fits = value.is_string() && !value.as_string().empty() &&
                          value.as_string().size() <= most &&
                          value.as_string().find('\0') == std::string::npos;
        if (fits) return value.as_string();
        wrong.push_back({json::pointer(at, name), "invalid",
                         "must be text of 1 to " + std::to_string(most) + " bytes"});
        return std::string();
    };
    Notification notice;
    notice.ref = {text("collection", kIdBytesMost), text("id", kIdBytesMost)};
    if (has_action) notice.action = text("action", kActionBytesMost);
    if (wrong.size() != before) return std::nullopt;
    return notice;
}

std::vector<Notification> read_list(const json::Value& entry, const char* name,
                                    const std::string& at, bool has_action,
                                    std::vector<WrongField>& wrong) {
    std::vector<Notification> out;
    const json::Value* list = entry.find(name);
    if (!list) return out;
    const std::string here = json::pointer(at, name);
    if (!list->is_array() || list->as_array().size() > kRelationsMost) {
        wrong.push_back(
            {here, "invalid", "must be an array of at most " + std::to_string(kRelationsMost)});
        return out;
    }
    std::set<Notification> seen;
    for (std::size_t i = 0; i < list->as_array().size(); ++i) {
        const std::string one = json::pointer(here, std::to_string(i));
        auto notice = read_one(list->as_array()[i], one, has_action, wrong);
        if (!notice) continue;
        if (seen.insert(*notice).second) {
            out.push_back(*std::move(notice));
        } else {
            wrong.push_back({one, "invalid", "is there twice"});
        }
    }
    return out;
}

// Walks along "requires" from the entries, also through what only the host has.
class CycleSearch {
  public:
    CycleSearch(const std::vector<RelatedResource>& entries, const RelationLookup& known)
        : known_(known) {
        for (const RelatedResource& entry : entries) by_ref_.emplace(entry.ref, &entry);
    }

    void from(const Ref& start, std::vector<WrongField>& wrong) {
        if (done_.contains(start)) return;
        enter(start);
        while (!path_.empty()) {
            Station& here = path_.back();
            if (here.next == here.required.size()) {
                done_.insert(here.ref);
                on_path_.erase(here.ref);
                path_.pop_back();
                continue;
            }
            const Ref next = here.required[here.next++];
            if (on_path_.contains(next)) {
                report(next, wrong);
            } else if (!done_.contains(next)) {
                enter(next);
            }
        }
    }

  private:
    struct Station {
        Ref ref;
        std::vector<Ref> required;
        std::size_t next = 0;
    };

    void enter(const Ref& ref) {
        const auto entry = by_ref_.find(ref);
        std::vector<Ref> required;
        if (entry != by_ref_.end()) {
            required = entry->second->relations.required;
        } else if (auto relations = known_.described(ref)) {
            required = std::move(relations->required);
        }
        on_path_.insert(ref);
        path_.push_back({ref, std::move(required)});
    }

    // The path ends in a member that is on it already: said where the FILE says so.
    void report(const Ref& closing, std::vector<WrongField>& wrong) const {
        const auto first = std::find_if(path_.begin(), path_.end(), [&](const Station& station) {
            return station.ref == closing;
        });
        std::string text;
        std::string pointer;
        for (auto at = first; at != path_.end(); ++at) {
            text += text_of(at->ref) + " -> ";
            const auto entry = by_ref_.find(at->ref);
            if (!pointer.empty() || entry == by_ref_.end()) continue;
            pointer = entry->second->at + "/requires/" + std::to_string(at->next - 1);
        }
        const bool itself = path_.back().ref == closing && first + 1 == path_.end();
        wrong.push_back(
            {pointer, "invalid",
             itself ? "it requires itself" : "a cycle: " + std::move(text) + text_of(closing)});
    }

    const RelationLookup& known_;
    std::map<Ref, const RelatedResource*> by_ref_;
    std::vector<Station> path_;
    std::set<Ref> on_path_;
    std::set<Ref> done_;
};

// Whether what is described now relates to it already: what has gone since must not stand in the
// way of every other change.
bool is_kept(const Ref& ref, const std::optional<Relations>& now) {
    return now && std::find(now->required.begin(), now->required.end(), ref) != now->required.end();
}
bool is_kept(const Notification& notice, const std::optional<Relations>& now) {
    return now &&
           std::find(now->notified.begin(), now->notified.end(), notice) != now->notified.end();
}

WrongField missing(const Ref& ref, std::string at, const char* list) {
    return {std::move(at), "invalid",
            text_of(ref) +
                " is neither given here nor described on the host: describe it, or "
                "leave it out of " +
                list};
}

}  // namespace

std::string text_of(const std::vector<WrongField>& wrong) {
    std::string text;
    for (const WrongField& field : wrong) {
        text.append(text.empty() ? "" : "; ").append(field.pointer).append(": ");
        text += field.detail;
    }
    return text;
}

Relations read_relations(const json::Value& entry, const std::string& at,
                         std::vector<WrongField>& wrong) {
    Relations relations;
    for (Notification& each : read_list(entry, "requires", at, false, wrong)) {
        relations.required.push_back(std::move(each.ref));
    }
    relations.notified = read_list(entry, "notifies", at, true, wrong);
    return relations;
}

std::vector<WrongField> check_relations(const std::vector<RelatedResource>& entries,
                                        const RelationLookup& known) {
    std::vector<WrongField> wrong;
    std::set<Ref> given;
    for (const RelatedResource& entry : entries) given.insert(entry.ref);
    const auto is_there = [&](const Ref& ref) {
        return given.contains(ref) || known.described(ref).has_value();
    };
    for (const RelatedResource& entry : entries) {
        for (std::size_t i = 0; i < entry.relations.required.size(); ++i) {
            const Ref& ref = entry.relations.required[i];
            if (is_there(ref) || is_kept(ref, known.described(entry.ref))) continue;
            wrong.push_back(missing(ref, entry.at + "/requires/" + std::to_string(i), "requires"));
        }
        for (std::size_t i = 0; i < entry.relations.notified.size(); ++i) {
            const Notification& notice = entry.relations.notified[i];
            const std::string at = entry.at + "/notifies/" + std::to_string(i);
            if (!is_there(notice.ref)) {
                if (is_kept(notice, known.described(entry.ref))) continue;
                wrong.push_back(missing(notice.ref, at, "notifies"));
                continue;
            }
            if (known.offers(notice)) continue;
            wrong.push_back({at + "/action", "invalid",
                             "the collection " + printable(notice.ref.collection) +
                                 " has no action '" + printable(notice.action) + "'"});
        }
    }
    for (WrongField& each : find_cycles(entries, known)) wrong.push_back(std::move(each));
    return wrong;
}

std::vector<WrongField> find_cycles(const std::vector<RelatedResource>& entries,
                                    const RelationLookup& known) {
    std::vector<WrongField> wrong;
    CycleSearch cycles(entries, known);
    for (const RelatedResource& entry : entries) cycles.from(entry.ref, wrong);
    return wrong;
}

Result<std::vector<std::size_t>> in_order(const std::vector<RelatedResource>& entries) {
    std::map<Ref, std::size_t> position;
    for (std::size_t i = 0; i < entries.size(); ++i) position.emplace(entries[i].ref, i);
    std::vector<std::size_t> missing(entries.size(), 0);
    std::vector<std::vector<std::size_t>> waiting(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        for (const Ref& need : entries[i].relations.required) {
            const auto found = position.find(need);
            if (found == position.end()) continue;
            ++missing[i];
            waiting[found->second].push_back(i);
        }
    }
    std::set<std::size_t> ready;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (missing[i] == 0) ready.insert(i);
    }
    std::vector<std::size_t> order;
    while (!ready.empty()) {
        const std::size_t next = *ready.begin();
        ready.erase(ready.begin());
        order.push_back(next);
        for (const std::size_t one : waiting[next]) {
            if (--missing[one] == 0) ready.insert(one);
        }
    }
    if (order.size() == entries.size()) return order;
    const RelationLookup nothing{[](const Ref&) { return std::nullopt; },
                                 [](const Notification&) { return true; }};
    const auto wrong = find_cycles(entries, nothing);
    return fail(Errc::invalid, wrong.empty() ? "a cycle" : wrong.front().detail);
}

}  // namespace evenkeel::wire
