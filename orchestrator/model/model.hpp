#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/compile/compile.hpp"
#include "orchestrator/compile/objects.hpp"
#include "orchestrator/state/model_objects.hpp"

namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class Edit;
class View;
}  // namespace evenkeel::state

// What is said once about many hosts, in memory and ready to compile with. Hosts themselves are not
// in it.
namespace evenkeel::model {

using state::ModelKind;

// One object is made, replaced (a body) or deleted (null).
struct ObjectChange {
    ModelKind kind{};
    std::string name;
    json::Value body = {};  // as a client gives it, checked against nothing yet

    bool deletes() const { return body.is_null(); }
};

// What an edit writes into the store; the body is null for what is deleted.
struct ObjectWrite {
    ModelKind kind{};
    std::string name;
    json::Value body = {};      // secrets sealed
    std::uint32_t version = 0;  // of an application; 0 = no new one
    std::string source = {};    // of an application, whose versions are without it
};

// Something wrong with a change: where in its body, and why.
struct WrongChange {
    std::size_t change = 0;  // its number
    std::string pointer;     // RFC 6901
    std::string code;        // "invalid", "unknown-field", "not-found", "in-use", ...
    std::string detail;
};

using ScopeSettings = std::map<std::string, compile::Setting, std::less<>>;

// What a change is checked against besides the model.
struct Lookup {
    // The id of the active host with this id or name; empty when there is none.
    std::function<std::string(std::string_view host)> id_of;
    // Whether a host is in the environment itself.
    std::function<bool(std::string_view environment)> has_hosts_in;
    // The body of an older version of an application; null when there is none.
    std::function<json::Value(std::string_view application, std::uint32_t version)> body_of;
};

// Immutable, so that it may be used on any thread while a newer one is made: edit() copies what it
// changes and shares the rest. [any]
class Model {
  public:
    Model();  // empty but for the environment `default`
    // All objects of the store. O(objects)
    static Result<Model> load(const state::View& view, const secrets::Protector& protector);

    // Of the last change that is in it; that of an edit is set once it is committed.
    std::uint64_t revision() const { return revision_; }
    void set_revision(std::uint64_t revision) { revision_ = revision; }

    const compile::Environment* environment(std::string_view name) const;
    const compile::Setting* setting(const compile::Place& place) const;
    const ScopeSettings* settings(const compile::Scope& scope) const;
    const compile::Assignment* assignment(std::string_view name) const;
    // Version 0 is the latest. Only the latest and those that an assignment names are here.
    const compile::Application* application(std::string_view name, std::uint32_t version = 0) const;

    template <typename T>
    using Objects = std::map<std::string, std::shared_ptr<const T>, std::less<>>;
    const Objects<compile::Environment>& environments() const { return *environments_; }
    const Objects<compile::Assignment>& assignments() const { return *assignments_; }
    using Scopes = std::map<compile::Scope, std::shared_ptr<const ScopeSettings>>;
    const Scopes& scopes() const { return *settings_; }  // with settings

    // The assignments that count for the host, by name. O(assignments)
    std::vector<compile::Assigned> assigned_to(const compile::Host& host) const;

  private:
    friend class Editor;

    template <typename T>
    using Shared = std::shared_ptr<const Objects<T>>;
    // By number.
    using Versions = std::map<std::uint32_t, std::shared_ptr<const compile::Application>>;

    std::uint64_t revision_ = 0;
    Shared<compile::Environment> environments_;
    Shared<compile::Assignment> assignments_;
    Shared<Versions> applications_;
    std::shared_ptr<const Scopes> settings_;
};

// What a list of changes comes to.
struct Edited {
    Model model;
    std::vector<ObjectWrite> writes;  // of what differs from before
    std::vector<WrongChange> wrong;   // when there are any, the rest is of no use
};
// Applies them to the model, taken together: their order does not matter. O(changes), and
// O(objects) when something is deleted.
Edited edit(const Model& model, const std::vector<ObjectChange>& changes, const Lookup& lookup,
            const secrets::Protector& protector);

// Writes what an edit changes, under its revision. [lane]
Result<void> store(state::Edit& edit, const std::vector<ObjectWrite>& writes,
                   std::uint64_t revision);

}  // namespace evenkeel::model
