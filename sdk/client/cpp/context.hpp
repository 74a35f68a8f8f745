#pragma once

#include <map>
#include <string>

#include "client.hpp"

// The contexts of the `ek` command: named orchestrators in one file of the user's, which programs
// may share. The file holds the path of each token, never a token.
namespace evenkeel::client {

struct Context {
    std::string url;
    std::string token_file;  // absolute path, or empty
    std::string ca_file;     // absolute path, or empty
};

struct Contexts {
    std::string current;  // name of the one in use, or empty
    std::map<std::string, Context> by_name;
};

// $XDG_CONFIG_HOME/ek/config.json, else ~/.config/ek/config.json; empty without a home.
std::string contexts_path();

// No file is no contexts. Kind::local when group or others may read or write the file, or when it
// does not read back; the text names the file and what to do.
Result<Contexts> load_contexts(const std::string& path);
// Whole or not at all, with mode 0600 in a folder of mode 0700.
Result<> save_contexts(const std::string& path, const Contexts& contexts);

// A configuration with the context's URL, token and CA; the current one when `name` is empty.
Result<Config> config_from_context(const std::string& name = "");

}  // namespace evenkeel::client
