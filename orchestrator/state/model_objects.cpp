#include "orchestrator/state/model_objects.hpp"

#include <vector>

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// model: kind, 0, name -> ModelObject; application_versions: name, 0, number -> ModelObject
namespace evenkeel::state {
namespace {

constexpr std::string_view kRevision = "model";  // in counters

std::string prefix_of(std::string_view name) {
    std::string prefix(name);
    prefix.push_back('\0');
    return prefix;
}

std::string key_of(ModelKind kind, std::string_view name) {
    return prefix_of(to_string(kind)).append(name);
}

std::string version_key(std::string_view application, std::uint32_t version) {
    return prefix_of(application) + store::number_key(version);
}

json::Value encode(const ModelObject& object) {
    return json::Object{{"revision", object.revision}, {"body", object.body}};
}

Result<ModelObject> decode_object(const json::Value& value) {
    ModelObject object{.revision = static_cast<std::uint64_t>(value.integer_or("revision")),
                       .body = value["body"]};
    if (!object.body.is_object()) return fail(Errc::corrupt, "an object of the model has no body");
    return object;
}

}  // namespace

ModelObjects View::model_objects() const {
    return ModelObjects(*this);
}

ModelObjectEdits Edit::model_objects() {
    return ModelObjectEdits(*this);
}

Result<std::optional<ModelObject>> ModelObjects::find(ModelKind kind, std::string_view name) const {
    return find_record<ModelObject>(*txn_, tables_->model, key_of(kind, name), decode_object);
}

List ModelObjects::list(ModelKind kind, std::string_view prefix) const {
    return Record::list(tables_->model, store::Range::prefix(key_of(kind, prefix)));
}

Result<ModelObject> ModelObjects::read(const Entry& entry) {
    return Record::decode<ModelObject>(entry, decode_object);
}

std::string_view ModelObjects::name_of(const Entry& entry) {
    return entry.position().substr(entry.position().find('\0') + 1);
}

std::string ModelObjects::position_of(ModelKind kind, std::string_view name) {
    return key_of(kind, name);
}

std::string ModelObjects::positions_of_versions(std::string_view application) {
    return prefix_of(application);
}

Result<std::optional<ModelObject>> ModelObjects::find_version(std::string_view application,
                                                              std::uint32_t version) const {
    return find_record<ModelObject>(*txn_, tables_->application_versions,
                                    version_key(application, version), decode_object);
}

List ModelObjects::versions(std::string_view application) const {
    return Record::list(tables_->application_versions,
                        store::Range::prefix(prefix_of(application)));
}

Result<std::uint32_t> ModelObjects::version_of(const Entry& entry) {
    return static_cast<std::uint32_t>(EK_TRY(store::number_of(entry.position())));
}

Result<std::uint64_t> ModelObjects::revision() const {
    return read_counter(*txn_, *tables_, kRevision);
}

ModelObjectEdits::ModelObjectEdits(Edit& edit) : ModelObjects(edit), RepositoryEdits(edit) {}

Result<void> ModelObjectEdits::put(ModelKind kind, std::string_view name,
                                   const ModelObject& object) {
    EK_CHECK(write_counter(*write_, *tables_, kRevision, object.revision));
    return put_record(*write_, tables_->model, key_of(kind, name), encode(object));
}

Result<void> ModelObjectEdits::erase(ModelKind kind, std::string_view name,
                                     std::uint64_t revision) {
    EK_CHECK(write_counter(*write_, *tables_, kRevision, revision));
    EK_CHECK(write_->erase(tables_->model, key_of(kind, name)));
    return {};
}

Result<void> ModelObjectEdits::put_version(std::string_view application, std::uint32_t version,
                                           const ModelObject& object) {
    return put_record(*write_, tables_->application_versions, version_key(application, version),
                      encode(object));
}

Result<void> ModelObjectEdits::erase_versions(std::string_view application) {
    std::vector<std::string> keys;
    EK_CHECK(txn_->scan(tables_->application_versions, store::Range::prefix(prefix_of(application)),
                        [&](std::string_view key, std::string_view) {
                            keys.emplace_back(key);
                            return true;
                        }));
    for (const std::string& key : keys) {
        EK_CHECK(write_->erase(tables_->application_versions, key));
    }
    return {};
}

}  // namespace evenkeel::state
