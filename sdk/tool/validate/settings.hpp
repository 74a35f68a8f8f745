#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::validate {

// What the author says about how one collection can be tried; see docs/plugin-checks.md. Every
// "{scratch}" in a text stands for the scratch folder.
struct CollectionSettings {
    std::vector<std::string> ids;  // resources that may be made, changed and removed; or empty
    json::Object base;             // fields that every description has
    std::map<std::string, json::Value> fields;  // {"values", "with", "reason", "unique"} by field
    json::Value config = json::Object();        // what `open` is given
    json::Value bad_configs;                    // an array of what it has to refuse
    json::Value unavailable;  // a configuration whose back end is missing; null: none is known
    json::Value slow;         // a description whose apply takes a while; null: none is known
    json::Value older;        // by schema version: a description of then
    json::Value equal;        // pairs of a description and a state that are equal
    std::map<std::string, std::string> skip;  // by check: why it cannot be tried
    json::Value prepare;                      // {"files": {path: [lines]}, "run": [[argument]]}
    bool many = true;                         // thousands of resources may be made
    bool given = false;                       // the author says something about this collection
};

class Settings {
  public:
    // From the file, which need not be there. Errors name the path.
    static Result<Settings> read(const std::string& path, const std::string& scratch);

    // Of the collection; empty ones if the file says nothing of it.
    const CollectionSettings& of(const std::string& collection) const;
    // Whether some collection is tried on resources elsewhere than in that folder: neither their
    // ids nor the configuration lead there.
    bool leads_out_of(const std::string& folder) const;
    // Makes the files and runs the programs of every `prepare`, in order.
    Result<void> prepare() const;

  private:
    std::map<std::string, CollectionSettings> collections_;
};

}  // namespace evenkeel::validate
