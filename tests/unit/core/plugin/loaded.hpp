#pragma once

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/plugin/collection.hpp"
#include "core/plugin/load.hpp"

namespace evenkeel::plugin {

// With EK_TEST_PLUGIN_HOST, that program, plugins run in processes of their own: all is as it is in
// this one.
inline std::optional<Isolation> test_isolation() {
    const char* program = std::getenv("EK_TEST_PLUGIN_HOST");
    if (program == nullptr) return std::nullopt;
    Isolation isolation;
    isolation.program = program;
    return isolation;
}

inline LoadOptions test_options() {
    LoadOptions options;
    options.isolation = test_isolation();
    options.accept_own_user = true;
    options.agent_version = "0.0.0";
    options.fingerprint = [](const std::string& bytes) {
        return "print-of-" + std::to_string(bytes.size()) + "-" +
               std::to_string(std::hash<std::string>()(bytes) % 1000);
    };
    return options;
}

// One collection of the test plugin `plugin`.
inline std::unique_ptr<Collection> open_collection(const std::string& plugin,
                                                   const std::string& name) {
    auto loaded = load({TEST_PLUGINS}, plugin, test_options());
    if (!loaded) {
        ADD_FAILURE() << loaded.error().what;
        return nullptr;
    }
    for (auto& collection : *loaded)
        if (collection->name() == name) return std::move(collection);
    ADD_FAILURE() << "no collection " << name;
    return nullptr;
}

inline json::Value value(const char* text) {
    return json::parse(text).value();
}

}  // namespace evenkeel::plugin
