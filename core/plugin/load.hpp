#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/plugin/isolation.hpp"
#include "core/plugin/package.hpp"
#include "core/secrets/redactor.hpp"

// From files on disk to open collections. Loaded code stays until the process ends, so plugins are
// loaded once, at the start. [any]
namespace evenkeel::plugin {

class Collection;
struct Package;

struct LoadOptions : Trust {
    std::string data_dir;  // private and writable; a folder for each plugin is made in it
    secrets::Fingerprint fingerprint;     // by the key that seals the agent's store
    secrets::KnownSecrets known_secrets;  // of all descriptions on this host; may be empty [any]
    std::string agent_version;
    // By collection: what its plugin is given to open it, an object. None: an empty one.
    std::map<std::string, json::Value> configurations;
    std::optional<Isolation> isolation = {};  // none: the plugin runs in this process
};

// Opens every collection of the plugin `name` ("files") found in the first of `folders` that has
// it; one that cannot be opened comes with its trouble(). Reads the manifest and the sums first;
// never loads what is not listed or whose owner, mode or sum is wrong. The error is one sentence
// that says what to do. Reads and hashes the plugin's whole file.
Result<std::vector<std::unique_ptr<Collection>>> load(const std::vector<std::string>& folders,
                                                      const std::string& name,
                                                      const LoadOptions& options);

// The two steps of it, for who has to know in which one a plugin does not come back. Loads the code
// of a checked package, which runs what the plugin does by itself when it is loaded.
Result<void> load_code(const Package& package);
// The collections of a package whose code is loaded; they are not open yet.
Result<std::vector<std::unique_ptr<Collection>>> collections_of(const Package& package,
                                                                const LoadOptions& options);

// The names of all plugins in `folders` (those with a manifest), sorted, each once.
std::vector<std::string> available(const std::vector<std::string>& folders);

}  // namespace evenkeel::plugin
