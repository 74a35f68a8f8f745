#pragma once

#include <string>
#include <vector>

#include "sdk/client/cli/session.hpp"

namespace CLI {
class App;
}

namespace evenkeel::cli {

// What completion needs to know of the words before the one that is written.
struct Completion {
    std::vector<std::string> fixed;  // subcommands and options that may stand here
    std::string live;                // "hosts", ...: names to ask the API for; else empty
    std::string host;                // of --host
    std::string before_it;           // the whole word before
    std::string begun;               // the word that is being written
    std::string before;              // what stands before it in the same word: --host=
    Globals globals;                 // as the words before say
};
// `words` are those behind "ek", the last one being written. Asks nobody.
Completion completion_of(const CLI::App& app, const std::vector<std::string>& words);

// One candidate a line; ":files" where names of files may stand. What the API does not tell in 300
// ms is left out, and so is every error.
Exit complete(const Completion& completion);
// The script that makes the shell ask `ek __complete`: bash, zsh or fish.
Exit print_completion(const Output& output, const std::string& shell);

}  // namespace evenkeel::cli
