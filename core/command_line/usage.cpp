#include "core/command_line/usage.hpp"

#include <cstdint>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "core/base/text.hpp"
#include "core/command_line/command_tree.hpp"
#include "core/command_line/exit.hpp"

namespace evenkeel::command_line {
namespace {

constexpr std::size_t kListedMost = 10;

// The line as far as it is known.
struct Known {
    const CLI::App* app;       // the command that is named
    std::string path;          // "get hosts"
    std::string unknown = {};  // the first word that is neither
    std::size_t places = 0;    // words behind the command
};

// The option without its value: --host of --host=web1, -o of -ojson.
std::string option_of(const std::string& word) {
    if (word.starts_with("--")) return word.substr(0, word.find('='));
    return word.substr(0, 2);
}

// How many words may stand behind the command; those before a further command among them.
std::size_t places_of(const CLI::App& app) {
    std::size_t places = 0;
    for (const CLI::Option* option : app.get_options()) {
        if (!option->get_positional()) continue;
        if (option->get_items_expected_max() > 1) return SIZE_MAX;
        ++places;
    }
    return places;
}

Known walk(const CLI::App& app, const std::vector<std::string>& words) {
    Known known{&app, ""};
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "--") break;
        if (word.size() > 1 && word.starts_with('-')) {
            const std::string option = option_of(word);
            if (!knows_option(known.app, option)) {
                known.unknown = option.starts_with("--") ? option : word;
                return known;
            }
            if (option == word && takes_value(known.app, option)) ++i;
        } else if (const CLI::App* sub = subcommand_of(*known.app, word)) {
            known.app = sub;
            known.places = 0;
            known.path += (known.path.empty() ? "" : " ") + sub->get_name();
        } else if (!command_names(*known.app).empty() && known.places >= places_of(*known.app)) {
            known.unknown = word;
            return known;
        } else {
            ++known.places;
        }
    }
    return known;
}

// "ek hosts" for "ek get hosts".
std::string path_to(const CLI::App& app, const std::string& word) {
    for (const std::string& name : command_names(app)) {
        const CLI::App* sub = subcommand_of(app, name);
        if (subcommand_of(*sub, word) != nullptr) return name + " " + word;
    }
    return "";
}

std::string unknown_word(const CLI::App& app, const Known& known) {
    const std::string& word = known.unknown;
    const bool is_option = word.starts_with('-');
    const auto names = is_option ? option_names(known.app) : command_names(*known.app);
    std::string line = known.path.empty() ? "" : known.path + ": ";
    line += std::string("there is no ") + (is_option ? "option" : "command") + " '" +
            printable(word) + "'";
    std::string meant = nearest(word, names);
    if (meant.empty() && !is_option && known.app == &app) meant = path_to(app, word);
    if (!meant.empty()) return line + "; did you mean '" + meant + "'?";
    // More of them are a page: --help.
    const bool short_list = !is_option && names.size() <= kListedMost;
    const char* there = names.size() == 1 ? "; there is " : "; there are ";
    if (short_list) line += there + listed_in_words(names);
    return line;
}

bool has_too_many_words(const Known& known) {
    return known.places > places_of(*known.app);
}

std::string usage_error(const CLI::App& app, const std::vector<std::string>& words,
                        std::string_view reason) {
    const Known known = walk(app, words);
    if (!known.unknown.empty()) return unknown_word(app, known);
    const std::string about = known.path.empty() ? "" : known.path + ": ";
    const bool is_group = known.app->get_require_subcommand_min() > 0;
    if (is_group && known.path.empty()) return "which command?";
    if (is_group) {
        return about +
               "one of these must follow: " + listed_in_words(command_names(*known.app), "or");
    }
    if (has_too_many_words(known)) return about + "a word too many: " + std::string(reason);
    return about + std::string(reason);
}

std::string help_of(const CLI::App& app) {
    const CLI::App* at = &app;
    std::string path = at->get_name();
    while (!at->get_subcommands().empty()) {
        at = at->get_subcommands().front();
        path += " " + at->get_name();
    }
    return "see " + path + " --help";
}

}  // namespace

std::vector<std::string> usage_lines(const CLI::App& app, const std::vector<std::string>& words,
                                     std::string_view reason) {
    return {usage_error(app, words, reason), help_of(app)};
}

std::optional<int> parse(CLI::App& app, int argc, const char* const* argv) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help, --version
        return app.exit(asked) == 0 ? kExitDone : kExitUsage;
    } catch (const CLI::ParseError& error) {
        for (const std::string& line : usage_lines(app, {argv + 1, argv + argc}, error.what())) {
            std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), printable(line).c_str());
        }
        return kExitUsage;
    }
    return std::nullopt;
}

}  // namespace evenkeel::command_line
