#pragma once

#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/names.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/documents.hpp"
#include "sdk/client/cpp/result.hpp"

// What is said once about many hosts, as folders of manifests say it. Plain values.
namespace evenkeel::cli {

using evenkeel::to_string;

// Before the name in the scope of an assignment's settings.
inline const std::string kAssignmentScope = "assignment:";

// In the order in which they are shown.
enum class ObjectKind { environment, setting, application, assignment };
constexpr auto enum_names(ObjectKind) {
    return names<ObjectKind>("kind", {{ObjectKind::environment, "environment"},
                                      {ObjectKind::setting, "setting"},
                                      {ObjectKind::application, "application"},
                                      {ObjectKind::assignment, "assignment"}});
}

struct ObjectKey {
    ObjectKind kind{};
    std::string name;  // of a setting "SCOPE KEY"

    friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};
ObjectKey setting_key(const std::string& scope, const std::string& key);
// Scope and key of a setting.
std::pair<std::string, std::string> parts_of_setting(const ObjectKey& key);
// "/v1/environments/prod%2Feu"
std::string path_of(const ObjectKey& key);

// Where something is written.
struct Place {
    std::shared_ptr<const Document> document;
    std::string file;
    std::string pointer;  // into the document

    // "site/web.yaml:12: /resources/0/id", the line where it is known.
    std::string text(const std::string& below = "") const;
};

// An object that a manifest declares.
struct Declared {
    json::Object body;  // as REST takes it, without `source` and an assignment's settings
    Place place;
    // The variable of a secret that is not set: the orchestrator keeps what it has.
    std::string unset = {};
    // What was read for its value, other than the manifests' folder: "the variable DB_PASSWORD".
    std::string from = {};
};

struct Manifests {
    std::map<ObjectKey, Declared> objects;
    // Assignments that declare all their settings.
    std::set<std::string> with_settings;
    // Variables, and files of other folders, that were read.
    std::set<std::string> from_elsewhere;
};

// All that is wrong, each with its place as the pointer.
using Problems = std::vector<client::FieldError>;
// One failure of all of them, with the code kMisused.
client::Failure failure_of(Problems problems);

// The body with its defaults in place of what is left out, so that bodies that mean the same are
// equal.
json::Object with_defaults(ObjectKind kind, const json::Value& body);

}  // namespace evenkeel::cli
