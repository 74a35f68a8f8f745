#include "orchestrator/model/stored_objects.hpp"

#include "core/secrets/protector.hpp"

namespace evenkeel::model {
namespace {

std::string purpose_of(const compile::Place& place) {
    return "setting " + compile::text_of(place);
}

}  // namespace

json::Value to_stored(const compile::Place& place, const compile::Setting& setting,
                      const secrets::Protector& protector) {
    json::Object body;
    if (setting.is_secret) {
        body.append("secret", true);
        body.append("sealed", protector.seal_text(json::write(setting.value), purpose_of(place)));
    } else {
        body.append("value", setting.value);
    }
    if (setting.link) {
        body.append("link", json::Object{{"scope", compile::text_of(setting.link->scope)},
                                         {"key", setting.link->key}});
    }
    if (!setting.source.empty()) body.append("source", setting.source);
    return body;
}

Result<compile::Setting> from_stored(const compile::Place& place, const json::Value& body,
                                     const secrets::Protector& protector) {
    compile::Setting setting{.value = body["value"],
                             .is_secret = body.bool_or("secret"),
                             .source = body.string_or("source")};
    if (setting.is_secret) {
        const std::string text =
            EK_TRY(protector.open_text(body.string_or("sealed"), purpose_of(place)));
        setting.value = EK_TRY(json::parse(text));
    }
    if (const json::Value* link = body.find("link")) {
        setting.link = compile::Link{EK_TRY(compile::read_scope(link->string_or("scope"))),
                                     link->string_or("key")};
    }
    return setting;
}

}  // namespace evenkeel::model
