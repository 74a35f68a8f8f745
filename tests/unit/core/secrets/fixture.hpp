#pragma once

#include <string>

#include <gtest/gtest.h>

#include "core/schema/schema.hpp"
#include "core/secrets/protector.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::secrets {

inline json::Value parsed(const std::string& text) {
    return json::parse(text).value();
}

// A schema with every kind of secret, and a key.
class SecretsTest : public ::testing::Test {
  protected:
    test::TempFolder folder_;
    const crypto::Sealer sealer_ =
        *crypto::Sealer::open(folder_ / "seal.key", crypto::Sealer::Missing::create);
    const Protector protector_{sealer_};
    const schema::Schema schema_ = *schema::Schema::compile(R"({
        "type": "object",
        "properties": {
            "content": {"type": "string", "writeOnly": true, "x-ek-compare": "digest"},
            "keys": {"type": "object", "x-ek-sensitive": true},
            "mode": {"type": "string"},
            "nested": {
                "properties": {
                    "by_ref": {"$ref": "#/$defs/secret"},
                    "deep": {"properties": {"b": {"allOf": [{"properties": {
                        "token": {"x-ek-sensitive": true}}}]}}},
                    "list": {"type": "array", "items": {"anyOf": [{"type": "null"},
                        {"properties": {"pin": {"x-ek-sensitive": true}}}]}},
                    "map": {"properties": {"open": {}},
                            "additionalProperties": {"x-ek-sensitive": true}},
                    "plain": {}
                }
            },
            "note": {"type": "string", "writeOnly": true},
            "password": {"type": "string", "x-ek-sensitive": true},
            "sensitive": {"type": "boolean", "writeOnly": true}
        },
        "$defs": {"secret": {"x-ek-sensitive": true}}
    })");
    const ResourceKey key_{"host_1", "files", "/etc/x"};
};

}  // namespace evenkeel::secrets
