#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/plugin/collection.hpp"
#include "core/plugin/package.hpp"

namespace evenkeel::tool {

// The path of the plugin's FILE without ".so", absolute; `invalid` when the name has no such end,
// `not_found` when there is no such file.
Result<std::string> stem_of(const std::string& file);

// What an agent finds that also takes files of the running user; the error is its first refusal.
Result<plugin::Package> whole_package(const std::string& file);

struct OpenOptions {
    std::string data_dir;    // empty: "data" beside the plugin
    std::string collection;  // the one that is configured; empty: each
    json::Value configuration = json::Object{};
};
// Loads the plugin as an agent does that is given its folder, and opens its collections. Runs code
// of the plugin, so not in this process: run_apart.
Result<std::vector<std::unique_ptr<plugin::Collection>>> open_plugin(const std::string& file,
                                                                     const OpenOptions& options);

// JSON, or @FILE with JSON in it.
Result<json::Value> read_value(const std::string& word);

}  // namespace evenkeel::tool
