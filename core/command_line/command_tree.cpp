#include "core/command_line/command_tree.hpp"

#include <CLI/CLI.hpp>

namespace evenkeel::command_line {
namespace {

const CLI::Option* option_of(const CLI::App* app, const std::string& word) {
    for (; app != nullptr; app = app->get_parent()) {
        if (const CLI::Option* option = app->get_option_no_throw(word)) return option;
    }
    return nullptr;
}

std::vector<const CLI::App*> all_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}

}  // namespace

const CLI::App* subcommand_of(const CLI::App& app, const std::string& word) {
    for (const CLI::App* sub : all_of(app)) {
        if (sub->check_name(word)) return sub;
    }
    return nullptr;
}

bool knows_option(const CLI::App* app, const std::string& word) {
    return option_of(app, word) != nullptr;
}

bool takes_value(const CLI::App* app, const std::string& word) {
    const CLI::Option* option = option_of(app, word);
    return option != nullptr && option->get_items_expected_max() > 0;
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* sub : all_of(app)) names.push_back(sub->get_name());
    return names;
}

std::vector<std::string> option_names(const CLI::App* app) {
    std::vector<std::string> found;
    for (; app != nullptr; app = app->get_parent()) {
        for (const CLI::Option* option : app->get_options()) {
            for (const std::string& name : option->get_lnames()) found.push_back("--" + name);
        }
    }
    return found;
}

}  // namespace evenkeel::command_line
