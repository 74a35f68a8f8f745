#include "core/secrets/protector.hpp"
#include "orchestrator/model/editor.hpp"
#include "orchestrator/model/objects_json.hpp"
#include "orchestrator/model/stored_objects.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/list.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::model {
namespace {

class Loader {
  public:
    Loader(const state::View& view, const secrets::Protector& protector)
        : view_(view), protector_(protector), editor_(Model()) {}

    Result<Model> load() {
        EK_CHECK(each(ModelKind::environment, &Loader::add_environment));
        EK_CHECK(each(ModelKind::setting, &Loader::add_setting));
        EK_CHECK(each(ModelKind::application, &Loader::add_newest));
        EK_CHECK(each(ModelKind::assignment, &Loader::add_assignment));
        Model model = editor_.take();
        model.set_revision(EK_TRY(view_.model_objects().revision()));
        return model;
    }

  private:
    using Add = Result<void> (Loader::*)(const std::string& name, const json::Value& body);

    Result<void> each(ModelKind kind, Add add) {
        Result<void> added;
        EK_CHECK(view_.model_objects().list(kind).walk(view_, [&](const state::Entry& entry) {
            const std::string name(state::ModelObjects::name_of(entry));
            const auto object = state::ModelObjects::read(entry);
            added = object ? (this->*add)(name, object->body) : fail(object.error());
            if (!added) {
                added = fail(std::string(to_string(kind)) + " " + name, added.error());
            }
            return added.has_value();
        }));
        return added;
    }

    static Result<void> is_right(const std::vector<WrongChange>& wrong) {
        if (wrong.empty()) return {};
        return fail(Errc::corrupt, wrong.front().pointer + ": " + wrong.front().detail);
    }

    Result<void> add_environment(const std::string& name, const json::Value& body) {
        std::vector<WrongChange> wrong;
        editor_.put(read_environment(name, body, wrong));
        return is_right(wrong);
    }

    Result<void> add_setting(const std::string& name, const json::Value& body) {
        const compile::Place place = EK_TRY(read_setting_name(name));
        editor_.put(place, EK_TRY(from_stored(place, body, protector_)));
        return {};
    }

    Result<void> add_newest(const std::string& name, const json::Value& body) {
        return add_version(name, static_cast<std::uint32_t>(body.integer_or("version")),
                           body.string_or("source"));
    }

    Result<void> add_assignment(const std::string& name, const json::Value& body) {
        std::vector<WrongChange> wrong;
        compile::Assignment assignment = read_assignment(name, body, wrong);
        EK_CHECK(is_right(wrong));
        if (!editor_.now().application(assignment.application, assignment.version)) {
            EK_CHECK(add_version(assignment.application, assignment.version));
        }
        editor_.put(std::move(assignment));
        return {};
    }

    Result<void> add_version(const std::string& name, std::uint32_t version,
                             const std::string& source = "") {
        const auto object = EK_TRY(view_.model_objects().find_version(name, version));
        if (!object) {
            return fail(Errc::corrupt, "version " + std::to_string(version) + " of application " +
                                           name + " is missing");
        }
        std::vector<compile::WrongPlace> wrong;
        auto application = compile::read_application(name, version, object->body, wrong);
        application.source = source;
        editor_.put(std::move(application));
        if (wrong.empty()) return {};
        return fail(Errc::corrupt, wrong.front().pointer + ": " + wrong.front().detail);
    }

    const state::View& view_;
    const secrets::Protector& protector_;
    Editor editor_;
};

// The settings of an assignment are shown as a part of it: with one of them it has changed.
Result<void> touch_assignment(state::ModelObjectEdits& objects, const std::string& setting,
                              std::uint64_t revision) {
    const auto place = read_setting_name(setting);
    if (!place || place->scope.kind != compile::ScopeKind::assignment) return {};
    auto object = EK_TRY(objects.find(ModelKind::assignment, place->scope.name));
    if (!object || object->revision == revision) return {};
    object->revision = revision;
    return objects.put(ModelKind::assignment, place->scope.name, *object);
}

// The number of the newest version, beside which the versions are kept, and its source.
Result<void> put_application(state::ModelObjectEdits& objects, const ObjectWrite& write,
                             std::uint64_t revision) {
    json::Object kept{{"version", std::uint64_t{write.version}}};
    if (write.version != 0) {
        EK_CHECK(objects.put_version(write.name, write.version, {revision, write.body}));
    } else {
        const auto before = EK_TRY(objects.find(write.kind, write.name));
        if (!before) return fail(Errc::corrupt, "application " + write.name + " is missing");
        kept.set("version", before->body["version"]);
    }
    if (!write.source.empty()) kept.append("source", write.source);
    return objects.put(write.kind, write.name, {revision, std::move(kept)});
}

}  // namespace

Result<Model> Model::load(const state::View& view, const secrets::Protector& protector) {
    return Loader(view, protector).load();
}

Result<void> store(state::Edit& edit, const std::vector<ObjectWrite>& writes,
                   std::uint64_t revision) {
    auto objects = edit.model_objects();
    for (const ObjectWrite& write : writes) {
        if (write.body.is_null()) {
            EK_CHECK(objects.erase(write.kind, write.name, revision));
            if (write.kind == ModelKind::application) EK_CHECK(objects.erase_versions(write.name));
        } else if (write.kind == ModelKind::application) {
            EK_CHECK(put_application(objects, write, revision));
        } else {
            EK_CHECK(objects.put(write.kind, write.name, {revision, write.body}));
        }
    }
    for (const ObjectWrite& write : writes) {
        if (write.kind != ModelKind::setting) continue;
        EK_CHECK(touch_assignment(objects, write.name, revision));
    }
    return {};
}

}  // namespace evenkeel::model
