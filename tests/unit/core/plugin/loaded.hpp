#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/plugin/collection.hpp"
#include "core/plugin/load.hpp"

namespace evenkeel::plugin {

inline LoadOptions test_options() {
    LoadOptions options;
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
