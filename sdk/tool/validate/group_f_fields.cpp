#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/group_f.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate::group_f {

void omitted_stays(Bench& bench) {
    Subject subject(bench);
    const Samples& samples = bench.samples();
    subject.apply(samples.first());
    const json::Value before = subject.state();
    for (const schema::Field& field : samples.fields()) {
        if (samples.first().find(field.name) == nullptr) continue;
        for (const json::Value& variant : samples.variants(field)) {
            // Beside the field all that it needs, as it is already.
            json::Object description = variant.as_object();
            subject.apply(samples.first());
            if (!subject.instance().apply(subject.id, description)->ok()) continue;
            const json::Value after = subject.state();
            for (const schema::Field& other : samples.fields()) {
                const bool said = description.contains(other.name) || other.default_value ||
                                  other.property.read_only || other.property.write_only ||
                                  other.property.compare == schema::Comparison::changing;
                if (said) continue;
                demand(same(other, before[other.name], after[other.name]),
                       other.path + " has changed though the description leaves it out",
                       json::write(variant) + "\n" + json::write(after));
            }
        }
    }
}

void read_only_cannot_be_set(Bench& bench) {
    const Samples& samples = bench.samples();
    for (const schema::Field& field : samples.fields()) {
        const json::Value& type = samples.schema().document()["properties"][field.name]["type"];
        if (!field.property.read_only) continue;
        Subject subject(bench);
        subject.apply(samples.first());
        const json::Value before = subject.state()[field.name];
        json::Object description = samples.first().as_object();
        description.set(field.name, type == json::Value("integer") ? json::Value(123'456'789)
                                                                   : json::Value("made up"));
        const Told told = subject.instance().apply(subject.id, description);
        demand(told->ok() || told->error() != nullptr, "it fails and does not say why",
               told->transcript());
        if (field.property.compare == schema::Comparison::changing) continue;
        demand(subject.state()[field.name] == before,
               field.path + " is readOnly, and a description can set it", told->transcript());
    }
}

void unknown_property_is_no_state(Bench& bench) {
    Subject subject(bench);
    subject.apply(bench.samples().first());
    json::Object description = bench.samples().second().as_object();
    description.set("no_such_property", "made up");
    const Told told = subject.instance().apply(subject.id, description);
    demand(told->ok() || told->error() != nullptr, "it fails and does not say why",
           told->transcript());
    for (const Change& change : told->changes)
        demand(change.path != "/no_such_property", "it reports a change of an unknown property",
               told->transcript());
    demand(subject.state().find("no_such_property") == nullptr,
           "a property that the schema does not have becomes part of the state",
           told->transcript());
}

void each_property_alone(Bench& bench) {
    const Samples& samples = bench.samples();
    for (const schema::Field& field : samples.fields()) {
        for (const json::Value& description : samples.variants(field)) {
            Subject subject(bench);
            const Told told = subject.instance().apply(subject.id, description);
            demand(told->ok(),
                   "apply fails with " + field.path + " alone: " + json::write(description),
                   told->transcript());
            const auto paths =
                differing_paths(bench, subject.instance(), description, subject.state());
            demand(paths.empty(),
                   "after apply with " + field.path + " alone, it is not as described" +
                       (paths.empty() ? "" : " at " + paths[0]),
                   json::write(description) + "\n" + json::write(subject.state()));
        }
    }
}

// The description with every secret text replaced by `canary`; false: there is none.
bool plant(const schema::SensitivePlace& place, json::Value& value, const std::string& canary) {
    if (place.is_secret() && value.is_string()) {
        value = json::Value(canary);
        return true;
    }
    bool planted = false;
    if (value.is_object())
        for (auto& [name, member] : value.as_object())
            planted = plant(place.member(name), member, canary) || planted;
    return planted;
}

void secrets_stay_secret(Bench& bench) {
    static const std::string kCanary = "canary-4711-secret";
    const Samples& samples = bench.samples();
    json::Value description = samples.first();
    if (!plant(samples.schema().sensitive().root(), description, kCanary))
        skip("no description here has a text that is x-ek-sensitive");
    if (!samples.schema().validate(description, schema::Mode::description).empty())
        skip("a secret here has to have a form that the validator does not know");
    Subject subject(bench);
    std::vector<Told> all = {subject.instance().apply(subject.id, description)};
    if (bench.can(EK_CAP_PLAN))
        all.push_back(subject.instance().plan(subject.id, samples.second()));
    json::Object wrong = description.as_object();
    for (const schema::Field& field : samples.fields())
        if (!field.property.sensitive && wrong.contains(field.name))
            wrong.set(field.name, json::Object{{"made", "up"}});
    all.push_back(subject.instance().apply(subject.id, wrong));
    all.push_back(subject.instance().read(subject.id));
    std::string said;
    for (const LogLine& line : bench.log()) said += line.message + line.fields + "\n";
    for (const Told& told : all) {
        said += told->said();
        for (const Change& change : told->changes) {
            const auto* field = samples.fields().at(change.path);
            const bool secret = (field != nullptr && field->property.sensitive) ||
                                (change.flags & EK_CHG_SENSITIVE) != 0;
            if (!secret) said += change.before.value_or("") + change.after.value_or("");
        }
    }
    demand(said.find(kCanary) == said.npos,
           "a secret stands in a diagnostic, in progress, in the log or in a change that is not "
           "marked as secret");
}

}  // namespace evenkeel::validate::group_f
