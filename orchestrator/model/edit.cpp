#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "orchestrator/model/editor.hpp"
#include "orchestrator/model/objects_json.hpp"
#include "orchestrator/model/stored_objects.hpp"

// From a list of changes to a model in which all names lead somewhere.
namespace evenkeel::model {
namespace {

using compile::Scope;
using compile::ScopeKind;

bool is_same(const compile::Environment* there, const compile::Environment& given) {
    return there && *there == given;
}

bool is_same(const compile::Setting* there, const compile::Setting& given) {
    return there && *there == given;
}

bool is_same(const compile::Assignment* there, const compile::Assignment& given) {
    const auto fields = [](const compile::Assignment& one) {
        return std::tie(one.note, one.source, one.application, one.version, one.environment,
                        one.host, one.filter_text, one.policy, one.is_enabled, one.adopts,
                        one.on_leave);
    };
    return there && fields(*there) == fields(given);
}

// What is as it was is not written.
class ObjectEdit {
  public:
    ObjectEdit(const Model& model, const Lookup& lookup, const secrets::Protector& protector)
        : before_(model), editor_(model), lookup_(lookup), protector_(protector) {}

    void add(const ObjectChange& change, std::size_t number) {
        number_ = number;
        if (!seen_.emplace(change.kind, change.name).second) {
            return add("", "invalid", "there are two changes of " + text_of(change));
        }
        std::vector<WrongChange> wrong;
        change.deletes() ? erase(change) : put(change, wrong);
        for (WrongChange& each : wrong) {
            each.change = number_;
            wrong_.push_back(std::move(each));
        }
    }

    // Once all changes are in: what each of them names must be there.
    void check(const std::vector<ObjectChange>& changes) {
        for (number_ = 0; number_ < changes.size(); ++number_) {
            const ObjectChange& change = changes[number_];
            change.deletes() ? check_unused(change) : check_names(change);
        }
    }

    Edited take() { return {editor_.take(), std::move(writes_), std::move(wrong_)}; }
    bool has_wrong() const { return !wrong_.empty(); }

  private:
    static std::string text_of(const ObjectChange& change) {
        return std::string(to_string(change.kind)) + " " + change.name;
    }

    void add(std::string pointer, std::string code, std::string detail) {
        wrong_.push_back({number_, std::move(pointer), std::move(code), std::move(detail)});
    }
    void write(ModelKind kind, std::string name, json::Value body) {
        writes_.push_back({.kind = kind, .name = std::move(name), .body = std::move(body)});
    }

    void put(const ObjectChange& change, std::vector<WrongChange>& wrong) {
        switch (change.kind) {
            case ModelKind::environment:
                return put_environment(change, wrong);
            case ModelKind::setting:
                return put_setting(change, wrong);
            case ModelKind::application:
                return put_application(change, wrong);
            case ModelKind::assignment:
                return put_assignment(change, wrong);
        }
    }

    void put_environment(const ObjectChange& change, std::vector<WrongChange>& wrong) {
        if (!compile::is_environment_name(change.name)) {
            return add("", "invalid",
                       "the name must be names of [a-z0-9][a-z0-9._-]{0,62}, "
                       "joined by /");
        }
        compile::Environment environment = read_environment(change.name, change.body, wrong);
        if (is_same(editor_.now().environment(change.name), environment)) return;
        editor_.put(std::move(environment));
        write(change.kind, change.name, change.body);
    }

    void put_setting(const ObjectChange& change, std::vector<WrongChange>& wrong) {
        const auto place = read_setting_name(change.name);
        if (!place) return add("", "invalid", place.error().what);
        put_setting(*place, read_setting(change.body, wrong));
    }

    void put_setting(const compile::Place& place, compile::Setting setting) {
        if (is_same(editor_.now().setting(place), setting)) return;
        write(ModelKind::setting, setting_name(place), to_stored(place, setting, protector_));
        editor_.put(place, std::move(setting));
    }

    void put_application(const ObjectChange& change, std::vector<WrongChange>& wrong) {
        if (!compile::is_name(change.name)) return refuse_name();
        json::Value body = change.body;
        const std::string source = take_source(body, wrong);
        const compile::Application* newest = before_.application(change.name);
        const bool is_same = newest && newest->body == body;  // then there is no new version
        if (is_same && newest->source == source) return;
        const std::uint32_t version = newest ? newest->version + (is_same ? 0 : 1) : 1;
        std::vector<compile::WrongPlace> places;
        auto application = compile::read_application(change.name, version, body, places);
        application.source = source;
        for (compile::WrongPlace& place : places) {
            wrong.push_back({.pointer = std::move(place.pointer),
                             .code = std::move(place.code),
                             .detail = std::move(place.detail)});
        }
        editor_.put(std::move(application));
        writes_.push_back(
            {change.kind, change.name, std::move(body), is_same ? 0 : version, source});
    }

    void put_assignment(const ObjectChange& change, std::vector<WrongChange>& wrong) {
        if (!compile::is_name(change.name)) return refuse_name();
        compile::Assignment assignment = read_assignment(change.name, change.body, wrong);
        json::Value body = change.body;
        if (body.is_object() && body.find("settings")) {
            put_settings(change, wrong);
            body.as_object().erase("settings");
        }
        if (is_same(editor_.now().assignment(change.name), assignment)) return;
        editor_.put(std::move(assignment));
        write(change.kind, change.name, std::move(body));
    }

    // The member `settings` is all of the assignment's settings.
    void put_settings(const ObjectChange& change, std::vector<WrongChange>& wrong) {
        const json::Value& settings = change.body["settings"];
        if (!settings.is_object()) {
            wrong.push_back(
                {.pointer = "/settings", .code = "invalid", .detail = "must be an object"});
            return;
        }
        const Scope scope = Scope::assignment(change.name);
        erase_others(scope, settings);
        for (const auto& [key, body] : settings.as_object()) {
            const std::size_t before = wrong.size();
            const compile::Place place{scope, key};
            if (!compile::is_setting_key(key)) {
                wrong.push_back(
                    {.pointer = "", .code = "invalid", .detail = "is no setting's key"});
            }
            put_setting(place, read_setting(body, wrong));
            for (std::size_t i = before; i < wrong.size(); ++i) {
                wrong[i].pointer = json::pointer("/settings", key) + wrong[i].pointer;
            }
        }
    }

    void refuse_name() { add("", "invalid", "the name must be [a-z0-9][a-z0-9._-]{0,62}"); }

    void erase(const ObjectChange& change) {
        switch (change.kind) {
            case ModelKind::environment: {
                if (!before_.environment(change.name)) return add_missing(change);
                editor_.erase_environment(change.name);
                break;
            }
            case ModelKind::setting: {
                const auto place = read_setting_name(change.name);
                if (!place || !before_.setting(*place)) return add_missing(change);
                editor_.erase_setting(*place);
                break;
            }
            case ModelKind::application: {
                if (!before_.application(change.name)) return add_missing(change);
                editor_.erase_application(change.name);
                break;
            }
            case ModelKind::assignment: {
                if (!before_.assignment(change.name)) return add_missing(change);
                editor_.erase_assignment(change.name);
                erase_scope(Scope::assignment(change.name));
                break;
            }
        }
        write(change.kind, change.name, {});
    }

    void add_missing(const ObjectChange& change) {
        add("", "not-found", "there is no " + text_of(change));
    }

    // Those whose keys are not among the members.
    void erase_others(const Scope& scope, const json::Value& members) {
        const ScopeSettings* settings = editor_.now().settings(scope);
        if (!settings) return;
        std::vector<std::string> others;
        for (const auto& [key, setting] : *settings) {
            if (!members.find(key)) others.push_back(key);
        }
        for (const std::string& key : others) {
            write(ModelKind::setting, setting_name({scope, key}), {});
            editor_.erase_setting({scope, key});
        }
    }

    void erase_scope(const Scope& scope) {
        if (const ScopeSettings* settings = editor_.now().settings(scope)) {
            for (const auto& [key, setting] : *settings) {
                write(ModelKind::setting, setting_name({scope, key}), {});
            }
        }
        editor_.erase_settings(scope);
    }

    void check_names(const ObjectChange& change) {
        if (change.kind == ModelKind::environment) check_parent(change.name);
        if (change.kind == ModelKind::setting) {
            if (const auto place = read_setting_name(change.name)) check_scope(place->scope, "");
        }
        if (change.kind == ModelKind::assignment) {
            if (const auto* assignment = editor_.now().assignment(change.name)) {
                check_assignment(*assignment);
            }
        }
    }

    void check_parent(const std::string& name) {
        const std::size_t slash = name.rfind('/');
        if (slash == std::string::npos) return;
        const std::string parent = name.substr(0, slash);
        if (editor_.now().environment(parent)) return;
        add("", "not-found", "there is no environment " + parent + " to make this one in");
    }

    void check_scope(const Scope& scope, const std::string& pointer) {
        const Model& now = editor_.now();
        const bool is_there =
            scope.kind == ScopeKind::global ||
            (scope.kind == ScopeKind::environment && now.environment(scope.name)) ||
            (scope.kind == ScopeKind::assignment && now.assignment(scope.name)) ||
            (scope.kind == ScopeKind::host && lookup_.id_of(scope.name) == scope.name);
        if (!is_there) add(pointer, "not-found", "there is no " + compile::text_of(scope));
    }

    void check_assignment(const compile::Assignment& assignment) {
        const Model& now = editor_.now();
        if (!now.application(assignment.application)) {
            add("/application", "not-found", "there is no application " + assignment.application);
        } else if (!now.application(assignment.application, assignment.version)) {
            find_version(assignment.application, assignment.version);
        }
        if (!assignment.environment.empty()) {
            check_scope(Scope::environment(assignment.environment), "/environment");
        }
        if (!assignment.host.empty()) check_scope(Scope::host(assignment.host), "/host");
    }

    // An older version, which is read only now that it is assigned.
    void find_version(const std::string& name, std::uint32_t version) {
        const json::Value body = lookup_.body_of(name, version);
        if (body.is_null()) {
            return add("/version", "not-found",
                       "there is no version " + std::to_string(version) + " of " + name);
        }
        std::vector<compile::WrongPlace> wrong;
        editor_.put(compile::read_application(name, version, body, wrong));
        if (!wrong.empty()) add("/version", "invalid", wrong.front().detail);
    }

    // What is deleted must be named by nothing that is left.
    void check_unused(const ObjectChange& change) {
        std::vector<std::string> users;
        if (change.kind == ModelKind::environment) users = users_of_environment(change.name);
        if (change.kind == ModelKind::application) users = users_of_application(change.name);
        if (users.empty()) return;
        std::string names;
        for (std::size_t i = 0; i < users.size() && i < kUsersNamed; ++i) {
            names.append(i == 0 ? "" : ", ").append(users[i]);
        }
        if (users.size() > kUsersNamed) names += ", ...";
        add("", "in-use", text_of(change) + " is in use: " + names);
    }

    std::vector<std::string> users_of_environment(const std::string& name) const {
        std::vector<std::string> users;
        const Model& now = editor_.now();
        if (name == compile::kDefaultEnvironment) users.push_back("it is always there");
        if (lookup_.has_hosts_in(name)) users.push_back("hosts are in it");
        for (const auto& [other, environment] : now.environments()) {
            if (other.starts_with(name + "/")) users.push_back("environment " + other);
        }
        for (const auto& [other, assignment] : now.assignments()) {
            if (assignment->environment == name) users.push_back("assignment " + other);
        }
        if (now.settings(Scope::environment(name))) users.push_back("settings are in it");
        return users;
    }

    std::vector<std::string> users_of_application(const std::string& name) const {
        std::vector<std::string> users;
        for (const auto& [other, assignment] : editor_.now().assignments()) {
            if (assignment->application == name) users.push_back("assignment " + other);
        }
        return users;
    }

    static constexpr std::size_t kUsersNamed = 5;

    const Model& before_;
    Editor editor_;
    const Lookup& lookup_;
    const secrets::Protector& protector_;
    std::set<std::pair<ModelKind, std::string>> seen_;
    std::vector<ObjectWrite> writes_;
    std::vector<WrongChange> wrong_;
    std::size_t number_ = 0;  // of the change in work
};

}  // namespace

Edited edit(const Model& model, const std::vector<ObjectChange>& changes, const Lookup& lookup,
            const secrets::Protector& protector) {
    ObjectEdit edit(model, lookup, protector);
    // Settings of an assignment may come with it and beside it.
    for (const ModelKind kind : {ModelKind::environment, ModelKind::application,
                                 ModelKind::assignment, ModelKind::setting}) {
        for (std::size_t i = 0; i < changes.size(); ++i) {
            if (changes[i].kind == kind) edit.add(changes[i], i);
        }
    }
    if (!edit.has_wrong()) edit.check(changes);
    return edit.take();
}

}  // namespace evenkeel::model
