#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/json/json.hpp"
#include "sdk/client/cpp/result.hpp"

namespace evenkeel::cli {

// What the sources of -f describe, all of them together: one FILE for the API.
struct ResourceFiles {
    struct Entry {
        json::Value resource;  // {"collection","id","description",...}
        std::string source;    // the file it is from
        std::string pointer;   // to it, in its document
    };
    std::vector<Entry> entries;
    std::size_t documents = 0;

    // The FILE, as JSON.
    std::string file() const;
    // A failure whose pointers lead into file(): into the sources, where these differ.
    client::Failure located(client::Failure failure) const;
    // The entries in an order in which each comes before those that it requires.
    std::vector<const Entry*> dependents_first() const;
};

// Reads files, folders (their *.json, *.yaml and *.yml, by name) and "-". What begins with { is
// JSON, unless its name says YAML. A document is a FILE, what `ek get resources -o json|yaml`
// prints (without what describes nothing: state, compliance ..., and without what is the host's
// own), or one resource. The failure has the code kMisused.
client::Result<ResourceFiles> read_resource_files(const std::vector<std::string>& sources);

}  // namespace evenkeel::cli
