#include "orchestrator/plans/model_index.hpp"

#include <algorithm>

#include "orchestrator/model/objects_json.hpp"

namespace evenkeel::plans {
namespace {

// Visits all whose name overlaps with `name`.
template <typename Map, typename Visit>
void each_overlapping(const Map& by_name, std::string_view name, const Visit& visit) {
    for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
         dot = name.find('.', dot + 1)) {
        const auto above = by_name.find(name.substr(0, dot));
        if (above != by_name.end()) visit(above->second);
    }
    const auto exact = by_name.find(name);
    if (exact != by_name.end()) visit(exact->second);
    const std::string below = std::string(name) + ".";
    for (auto at = by_name.lower_bound(below); at != by_name.end() && at->first.starts_with(below);
         ++at) {
        visit(at->second);
    }
}

bool uses_any_rule(const compile::Application& application) {
    return std::any_of(application.peers.begin(), application.peers.end(),
                       [&](const auto& rule) { return uses_rule(application, rule.second); });
}

}  // namespace

ModelIndex::ModelIndex(model::Model model)
    : model_(std::move(model)), users_(users_of_all(model_)), links_(links_of_all(model_)) {}

ModelIndex::ModelIndex(const ModelIndex& before, model::Model after,
                       const std::vector<model::ObjectWrite>& writes)
    : model_(std::move(after)), users_(before.users_), links_(before.links_) {
    // Where none is written, the model shares them too: what users_ points to is there.
    const bool has_users = std::any_of(writes.begin(), writes.end(), [](const auto& write) {
        return write.kind == model::ModelKind::application ||
               write.kind == model::ModelKind::assignment;
    });
    if (has_users) users_ = users_of_all(model_);
    update_links(writes);
}

ModelIndex ModelIndex::at(std::uint64_t revision) const {
    ModelIndex index = *this;
    index.model_.set_revision(revision);
    return index;
}

std::shared_ptr<const ModelIndex::Users> ModelIndex::users_of_all(const model::Model& model) {
    auto users = std::make_shared<Users>();
    Applications seen;
    for (const auto& [name, assignment] : model.assignments()) {
        if (!assignment->is_enabled) continue;
        const compile::Application* application =
            model.application(assignment->application, assignment->version);
        if (!application) continue;
        users->by_application[application->name].push_back({assignment.get(), application});
        if (assignment->host.empty()) {
            for (const filter::FieldUse& use : assignment->filter.fields()) {
                users->by_filter[name_of_field(use.name)].push_back(assignment.get());
            }
        }
        if (!seen.insert(application).second) continue;
        for (const std::string& used : application->names_used) {
            users->by_name[used].push_back(application);
        }
        if (uses_any_rule(*application)) users->with_peers.insert(application);
    }
    return users;
}

std::shared_ptr<const ModelIndex::Links> ModelIndex::links_of_all(const model::Model& model) {
    auto links = std::make_shared<Links>();
    for (const auto& [scope, settings] : model.scopes()) {
        for (const auto& [key, setting] : *settings) {
            if (setting.link) links->set({scope, key}, &setting);
        }
    }
    return links;
}

void ModelIndex::update_links(const std::vector<model::ObjectWrite>& writes) {
    std::shared_ptr<Links> own;
    for (const model::ObjectWrite& write : writes) {
        if (write.kind != model::ModelKind::setting) continue;
        const auto place = model::read_setting_name(write.name);
        if (!place) continue;
        const PlaceKey key{place->scope, place->key};
        const compile::Setting* setting = model_.setting(*place);
        const bool has_link = setting && setting->link;
        if (!has_link && !links_->leads_to.contains(key)) continue;
        if (!own) {
            own = std::make_shared<Links>(*links_);
            links_ = own;
        }
        own->set(key, setting);
    }
}

void ModelIndex::Links::set(const PlaceKey& from, const compile::Setting* setting) {
    const auto there = leads_to.find(from);
    if (there != leads_to.end()) {
        backwards.erase({there->second, from});
        leads_to.erase(there);
    }
    if (!setting || !setting->link) return;
    const PlaceKey to{setting->link->scope, setting->link->key};
    leads_to.emplace(from, to);
    backwards.emplace(to, from);
}

const std::vector<compile::Assigned>& ModelIndex::assigned_of(std::string_view application) const {
    static const std::vector<Assigned> kNone;
    const auto found = users_->by_application.find(application);
    return found == users_->by_application.end() ? kNone : found->second;
}

ModelIndex::Applications ModelIndex::users_of(std::string_view name) const {
    Applications found;
    each_overlapping(users_->by_name, name,
                     [&](const auto& users) { found.insert(users.begin(), users.end()); });
    return found;
}

std::vector<const compile::Assignment*> ModelIndex::filtering_by(std::string_view name) const {
    std::vector<const compile::Assignment*> found;
    each_overlapping(users_->by_filter, name, [&](const auto& users) {
        found.insert(found.end(), users.begin(), users.end());
    });
    return found;
}

std::vector<ModelIndex::PlaceKey> ModelIndex::links_to(const PlaceKey& place) const {
    std::vector<PlaceKey> found;
    for (auto at = links_->backwards.lower_bound({place, {}});
         at != links_->backwards.end() && at->first == place; ++at) {
        found.push_back(at->second);
    }
    return found;
}

std::string name_of_field(const std::string& field) {
    return field == "environment" ? "environment.name" : "host." + field;
}

bool overlap(std::string_view a, std::string_view b) {
    if (a.size() > b.size()) std::swap(a, b);
    return b.starts_with(a) && (b.size() == a.size() || b[a.size()] == '.');
}

bool looks_up(const compile::Application& application, const compile::PeerRule& rule) {
    const std::string peers = "peers." + rule.name;
    return std::any_of(application.names_used.begin(), application.names_used.end(),
                       [&](const std::string& name) { return overlap(name, peers); });
}

bool uses_rule(const compile::Application& application, const compile::PeerRule& rule) {
    return rule.at_least > 0 || looks_up(application, rule);
}

}  // namespace evenkeel::plans
