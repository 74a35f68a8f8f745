#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orchestrator/model/model.hpp"

namespace evenkeel::plans {

// Who uses what in a model, so that finding the hosts that a change concerns tries neither all
// hosts nor all assignments. Immutable, like the model, which it keeps; made once for each. [any]
class ModelIndex {
  public:
    // O(settings + names used by the applications)
    explicit ModelIndex(model::Model model);
    // Of the model that the writes have made of that of `before`. What they leave alone is shared:
    // O(writes) where they change settings without links, O(links) with links, and with
    // assignments or applications O(names used).
    ModelIndex(const ModelIndex& before, model::Model after,
               const std::vector<model::ObjectWrite>& writes);

    const model::Model& model() const { return model_; }
    // The same of the model once it is committed under this revision.
    ModelIndex at(std::uint64_t revision) const;

    // An assignment that is enabled.
    using Assigned = compile::Assigned;
    // All of an application, of whatever version. O(1)
    const std::vector<Assigned>& assigned_of(std::string_view application) const;

    // The assigned applications, each version by itself, whose templates use the name, something
    // below it or something above it: who uses "host.labels" uses "host.labels.role". A setting's
    // name is its key without "APPLICATION:". O(log names + found)
    using Applications = std::set<const compile::Application*>;
    Applications users_of(std::string_view name) const;
    // The assignments whose filter uses it, likewise.
    std::vector<const compile::Assignment*> filtering_by(std::string_view name) const;
    // All that are assigned and use rules about other hosts.
    const Applications& with_peers() const { return users_->with_peers; }

    // The settings whose links lead to this place.
    using PlaceKey = std::pair<compile::Scope, std::string>;
    std::vector<PlaceKey> links_to(const PlaceKey& place) const;

  private:
    template <typename T>
    using ByName = std::map<std::string, std::vector<T>, std::less<>>;

    // What assignments and applications say.
    struct Users {
        ByName<Assigned> by_application = {};
        ByName<const compile::Application*> by_name = {};
        ByName<const compile::Assignment*> by_filter = {};
        Applications with_peers = {};
    };
    struct Links {
        std::map<PlaceKey, PlaceKey> leads_to = {};
        std::set<std::pair<PlaceKey, PlaceKey>> backwards = {};  // where to, from where

        void set(const PlaceKey& from, const compile::Setting* setting);
    };

    static std::shared_ptr<const Users> users_of_all(const model::Model& model);
    static std::shared_ptr<const Links> links_of_all(const model::Model& model);
    void update_links(const std::vector<model::ObjectWrite>& writes);

    model::Model model_;
    std::shared_ptr<const Users> users_;
    std::shared_ptr<const Links> links_;
};

// The name that templates have for the field of a filter over hosts: "labels.role" is
// "host.labels.role", "environment" is "environment.name".
std::string name_of_field(const std::string& field);
// Whether one is the other or lies below it.
bool overlap(std::string_view a, std::string_view b);
// Whether a template of the application looks up what the rule finds.
bool looks_up(const compile::Application& application, const compile::PeerRule& rule);
// Whether the hosts that the rule finds are part of what is compiled: they are looked up, or must
// be some.
bool uses_rule(const compile::Application& application, const compile::PeerRule& rule);

}  // namespace evenkeel::plans
