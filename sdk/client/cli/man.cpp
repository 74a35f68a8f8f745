#include "sdk/client/cli/man.hpp"

#include <CLI/CLI.hpp>

#include "core/command_line/command_tree.hpp"

namespace evenkeel::cli {
namespace {

// Text that roff takes for nothing but text; a line of it never begins a request.
std::string roff(const std::string& text) {
    std::string out;
    bool begins = true;
    for (const char c : text) {
        if (begins && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\') out += "\\e";
        else if (c == '-') out += "\\-";
        else out += c;
        begins = c == '\n';
    }
    return out;
}

// "-f, --file FILE", or the word of a positional.
std::string name_of(const CLI::Option& option) {
    if (option.get_positional()) return roff(option.get_name(true));
    std::string out;
    for (const std::string& name : option.get_snames()) out += ", -" + name;
    for (const std::string& name : option.get_lnames()) out += ", --" + name;
    out = out.empty() ? out : out.substr(2);
    if (option.get_items_expected_max() > 0 && !option.get_type_name().empty()) {
        out += " " + option.get_type_name();
    }
    return roff(out);
}

std::string options_of(const CLI::App& app) {
    std::string out;
    for (const CLI::Option* option : app.get_options()) {
        if (option->check_lname("help")) continue;
        out += ".TP\n\\fB" + name_of(*option) + "\\fR\n" + roff(option->get_description()) + "\n";
    }
    return out;
}

std::string synopsis_of(const CLI::App& app) {
    std::string out;
    bool options = false;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional()) {
            const std::string name = option->get_name(true);
            out += option->get_required() ? " " + name : " [" + name + "]";
        } else if (!option->check_lname("help")) {
            options = true;
        }
    }
    return roff(out) + (options ? " [options]" : "");
}

// A section for each command that does something by itself.
void add_commands(std::string& out, const CLI::App& app, const std::string& path) {
    for (const std::string& name : command_line::command_names(app)) {
        const CLI::App& sub = *command_line::subcommand_of(app, name);
        const std::string whole = path + " " + name;
        if (sub.get_require_subcommand_min() == 0) {
            out += ".SS \"" + roff(whole) + synopsis_of(sub) + "\"\n" +
                   roff(sub.get_description()) + ".\n" + options_of(sub);
        }
        add_commands(out, sub, whole);
    }
}

}  // namespace

std::string man_page(const CLI::App& app) {
    std::string out = ".TH EK 1 \"\" \"Evenkeel " EVENKEEL_VERSION "\"\n.SH NAME\n";
    out += "ek \\- " + roff("describe, change and follow the machines of an orchestrator") + "\n";
    out += ".SH SYNOPSIS\n.B ek\nCOMMAND [options]\n.SH DESCRIPTION\n" +
           roff(app.get_description()) + ".\n.PP\n.nf\n" + roff(app.get_footer()) + "\n.fi\n";
    out += ".SH OPTIONS\nBefore or behind any command.\n" + options_of(app);
    out += ".SH COMMANDS\n";
    add_commands(out, app, "ek");
    return out;
}

}  // namespace evenkeel::cli
