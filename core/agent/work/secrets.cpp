#include "core/agent/work/secrets.hpp"

#include "core/base/text.hpp"
#include "core/plugin/redact.hpp"
#include "core/plugin/words.hpp"

namespace evenkeel::agent {

json::Value redact(const json::Value& body, const schema::Schema& schema,
                   const crypto::Sealer& sealer) {
    const auto fingerprint = [&sealer](const std::string& bytes) {
        return sealer.fingerprint(bytes);
    };
    const plugin::Words words(schema);
    json::Value shown = body;
    for (const plugin::Field& field : words.fields()) {
        json::Value* value = shown.is_object() ? shown.as_object().find(field.name) : nullptr;
        if (value && words.secret(field, body)) *value = plugin::redacted(*value, fingerprint);
    }
    return shown;
}

Result<json::Value> keep_secrets(json::Value body, const json::Value* before) {
    if (!body.is_object()) return body;
    for (auto& [name, value] : body.as_object()) {
        if (!value.is_object() || value.as_object().size() != 1 || !value["redacted"].is_string()) {
            continue;
        }
        const json::Value* stored = before ? before->find(name) : nullptr;
        if (!stored) {
            return fail(Errc::invalid, "field '" + printable(name) +
                                           "' is redacted, and nothing is stored to stand for it");
        }
        value = *stored;
    }
    return body;
}

}  // namespace evenkeel::agent
