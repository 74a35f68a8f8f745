#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/names.hpp"
#include "core/json/json.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

using evenkeel::to_string;

class List;

// What is said once about many hosts.
enum class ModelKind { environment, setting, application, assignment };
constexpr auto enum_names(ModelKind) {
    return names<ModelKind>("kind", {{ModelKind::environment, "environment"},
                                     {ModelKind::setting, "setting"},
                                     {ModelKind::application, "application"},
                                     {ModelKind::assignment, "assignment"}});
}

// One of them, as it was checked and is kept: what it means is known above.
struct ModelObject {
    std::uint64_t revision = 0;  // when it last changed: the ETag
    json::Value body;            // an object; secrets sealed
};

// The model's objects by kind and name. A setting is named by scope and key, "global port"; of an
// application the object is the newest version, and older ones are kept beside it.
class ModelObjects : protected Repository {
  public:
    explicit ModelObjects(const View& view) : Repository(view) {}

    // O(1)
    Result<std::optional<ModelObject>> find(ModelKind kind, std::string_view name) const;
    // By name: all of a kind, or those whose names begin with `prefix`.
    List list(ModelKind kind, std::string_view prefix = "") const;
    static Result<ModelObject> read(const Entry& entry);
    static std::string_view name_of(const Entry& entry);
    static std::string position_of(ModelKind kind, std::string_view name);

    // O(1)
    Result<std::optional<ModelObject>> find_version(std::string_view application,
                                                    std::uint32_t version) const;
    // The oldest first.
    List versions(std::string_view application) const;
    static Result<std::uint32_t> version_of(const Entry& entry);
    // How the positions of its versions begin.
    static std::string positions_of_versions(std::string_view application);

    // Of the last change of any object; 0 = none yet. O(1)
    Result<std::uint64_t> revision() const;
};

class ModelObjectEdits : public ModelObjects, private RepositoryEdits {
  public:
    explicit ModelObjectEdits(Edit& edit);

    // With a revision from Edit::next_revision(). O(1)
    Result<void> put(ModelKind kind, std::string_view name, const ModelObject& object);
    // O(1)
    Result<void> erase(ModelKind kind, std::string_view name, std::uint64_t revision);
    // O(1)
    Result<void> put_version(std::string_view application, std::uint32_t version,
                             const ModelObject& object);
    // O(versions)
    Result<void> erase_versions(std::string_view application);
};

}  // namespace evenkeel::state
