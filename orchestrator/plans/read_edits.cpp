#include "orchestrator/plans/read_edits.hpp"

#include <algorithm>
#include <utility>

#include "orchestrator/model/objects_json.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::plans {
namespace {

// What edits are checked against besides the model. What does not read is kept.
class Looking {
  public:
    Looking(const state::View& view, const std::vector<HostEdit>& hosts)
        : view_(view), hosts_(hosts) {}

    model::Lookup lookup() {
        return {.id_of = [this](std::string_view host) { return active_id(host); },
                .has_hosts_in =
                    [this](std::string_view environment) {
                        return value_of(has_hosts_in(view_, hosts_, environment));
                    },
                .body_of =
                    [this](std::string_view application, std::uint32_t version) {
                        const auto found =
                            value_of(view_.model_objects().find_version(application, version));
                        return found ? found->body : json::Value();
                    }};
    }
    // The first error of the store.
    const Result<void>& read() const { return read_; }

  private:
    template <typename T>
    T value_of(Result<T> found) {
        if (found) return *std::move(found);
        if (read_) read_ = fail(found.error());
        return T();
    }

    std::string active_id(std::string_view id_or_name) {
        const auto host = value_of(view_.hosts().resolve(id_or_name));
        const bool is_active = host && !host->retired() &&
                               std::none_of(hosts_.begin(), hosts_.end(), [&](const auto& edit) {
                                   return edit.retires && edit.host == host->id;
                               });
        return is_active ? host->id : "";
    }

    const state::View& view_;
    const std::vector<HostEdit>& hosts_;
    Result<void> read_ = {};
};

// The settings of hosts that are retired go with them.
std::vector<model::ObjectChange> changes_of(const EditRequest& request, const model::Model& model) {
    std::vector<model::ObjectChange> changes = request.changes;
    for (const HostEdit& edit : request.hosts) {
        const compile::Scope scope{compile::ScopeKind::host, edit.host};
        const auto* settings = edit.retires ? model.settings(scope) : nullptr;
        if (!settings) continue;
        for (const auto& [key, setting] : *settings) {
            std::string name = model::setting_name({scope, key});
            const bool is_changed =
                std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
                    return change.kind == model::ModelKind::setting && change.name == name;
                });
            if (is_changed) continue;
            changes.push_back({model::ModelKind::setting, std::move(name), json::Value()});
        }
    }
    return changes;
}

}  // namespace

Result<ReadEdits> read_edits(const EditRequest& request, const model::Model& model,
                             const state::View& view, const secrets::Protector& protector) {
    Looking looking(view, request.hosts);
    model::Edited edited =
        model::edit(model, changes_of(request, model), looking.lookup(), protector);
    EK_CHECK(looking.read());
    EditedHosts hosts = EK_TRY(read_edited(view, request.hosts, request.resources, edited.model,
                                           request.changes.size(), edited.wrong));
    return ReadEdits{{std::move(edited.model), std::move(edited.writes), std::move(hosts),
                      request.releases_held},
                     std::move(edited.wrong)};
}

}  // namespace evenkeel::plans
