#pragma once

#include <set>
#include <string>
#include <vector>

#include "orchestrator/model/model.hpp"

namespace evenkeel::model {

// Makes a model of another one, map by map: each is copied when it is changed first. Inside this
// folder only.
class Editor {
  public:
    explicit Editor(const Model& model) : model_(model) {}

    void put(compile::Environment environment);
    void put(compile::Assignment assignment);
    void put(const compile::Place& place, compile::Setting setting);
    void put(compile::Application application);
    void erase_environment(const std::string& name);
    void erase_assignment(const std::string& name);
    void erase_setting(const compile::Place& place);
    void erase_settings(const compile::Scope& scope);
    void erase_application(const std::string& name);

    // What it is by now.
    const Model& now() const { return model_; }
    Model take() { return std::move(model_); }

  private:
    template <typename T>
    static T& own(std::shared_ptr<const T>& shared, bool& is_own);

    Model model_;
    bool owns_environments_ = false;
    bool owns_assignments_ = false;
    bool owns_applications_ = false;
    bool owns_settings_ = false;
    std::set<compile::Scope> owned_scopes_;
};

}  // namespace evenkeel::model
