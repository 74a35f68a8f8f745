#pragma once

#include <string>
#include <vector>

#include "sdk/client/cli/manifests/known_objects.hpp"

// From what manifests declare and what the orchestrator has to what must be changed.
namespace evenkeel::cli {

struct SourceOptions {
    std::string name;           // by --source; empty: objects keep theirs
    bool prune = false;         // what the source made and does not declare any more is deleted
    bool allows_empty = false;  // also when it declares nothing at all
};

struct FieldChange {
    std::string path;  // RFC 6901 pointer into the body; "/source"
    json::Value before;
    json::Value after;
};

enum class ObjectChangeKind { add, change, remove };
constexpr auto enum_names(ObjectChangeKind) {
    return names<ObjectChangeKind>("change", {{ObjectChangeKind::add, "add"},
                                              {ObjectChangeKind::change, "change"},
                                              {ObjectChangeKind::remove, "delete"}});
}

struct ObjectChange {
    ObjectKey key;
    ObjectChangeKind change{};
    std::vector<FieldChange> fields = {};  // of what is changed
    json::Value body = {};                 // as it is sent; null for what is deleted
    Place place = {};                      // where it is declared
    // False of a secret, which cannot be compared: the orchestrator finds whether it differs.
    bool is_known = true;
};

struct Changes {
    std::vector<ObjectChange> all;  // by key
    // Secrets whose variables are not set: they stay as they are. "environment:prod key: NAME".
    std::vector<std::string> kept;

    // Those that are known to differ.
    std::size_t count() const;
};

// Takes hosts by name or id. Fails with the places of what cannot be: unknown hosts, secrets that
// neither side has, a source that has become empty.
client::Result<Changes> find_changes(const Manifests& manifests, const KnownObjects& known,
                                     HostNames& hosts, const SourceOptions& options);

// What differs between two values, sorted: members of objects and items of lists at any depth.
std::vector<FieldChange> differing_fields(const json::Value& before, const json::Value& after);

}  // namespace evenkeel::cli
