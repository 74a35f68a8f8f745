#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace evenkeel::command_line {

// The command by its name or alias; null when there is none.
const CLI::App* subcommand_of(const CLI::App& app, const std::string& word);
// Whether `app` or what it is part of knows the option, and whether a value follows it.
bool knows_option(const CLI::App* app, const std::string& word);
bool takes_value(const CLI::App* app, const std::string& word);
// The names of the commands right under `app`, without those that are not for people.
std::vector<std::string> command_names(const CLI::App& app);
// All long options that may stand behind the command: "--host".
std::vector<std::string> option_names(const CLI::App* app);

}  // namespace evenkeel::command_line
