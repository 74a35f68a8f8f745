#include "sdk/client/cli/arguments.hpp"

#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "core/base/time.hpp"
#include "core/command_line/usage.hpp"
#include "sdk/client/cli/arguments_parts.hpp"
#include "sdk/client/cli/complete.hpp"
#include "sdk/client/cli/man.hpp"

namespace evenkeel::cli {
namespace {

std::string check_format(const std::string& text) {
    const auto format = OutputFormat::read(text);
    return format ? "" : format.error().what;
}

std::string check_host(const std::string& name) {
    return name.empty() ? "a host's name is not empty" : "";
}

std::string check_selector(const std::string& text) {
    const auto terms = read_selector(text);
    return terms ? "" : terms.error().what;
}

void add_globals(CLI::App& app, Globals& globals) {
    app.add_option("--url", globals.url, "The orchestrator's REST API (EK_URL)");
    app.add_option("--token-file", globals.token_file,
                   "File with the token, - for standard input (EK_TOKEN_FILE)");
    app.add_option("--ca-file", globals.ca_file, "PEM of the CA to trust (EK_CA_FILE)");
    app.add_option("--context", globals.context, "A saved context (EK_CONTEXT)");
    app.add_option("-o,--output", globals.output, "table, wide, json, yaml, name or jsonpath=PATH")
        ->type_name("FORMAT")
        ->check(CLI::Validator(check_format, ""));
    app.set_version_flag("--version", "ek " EVENKEEL_VERSION);
}

void declare(CLI::App& app, Arguments& arguments) {
    app.require_subcommand(1);
    // Lets the global options stand behind the subcommand too.
    app.fallthrough();
    add_globals(app, arguments.globals);
    add_looking(app, arguments.run);
    add_changing(app, arguments.run);
    add_managing(app, arguments.run);
    add_access(app, arguments.run);
    add_fleet(app, arguments.run);
    add_model(app, arguments.run);
    app.footer(
        "Global options may also stand behind the command. A TIME is a number and ms, s, m, h or "
        "d:\n"
        "90s, 5m, 2h, 7d.\n"
        "Exit codes: 0 done, 1 failed, 2 usage, 3 changes pending (--exit-code),\n"
        "4 not authenticated, 5 not found, 6 conflict, 7 some hosts failed or did not\n"
        "answer, 8 timeout, 9 no host matched, 130 interrupted.");
}

// Of a line that does not read.
Exit tell_usage(const CLI::App& app, const std::vector<std::string>& words,
                const CLI::ParseError& error) {
    for (const std::string& line : command_line::usage_lines(app, words, error.what())) {
        Output::message(line);
    }
    return Exit::usage;
}

}  // namespace

CLI::App* group(CLI::App& app, const std::string& name, const std::string& text) {
    const auto there = app.get_subcommands([&](CLI::App* sub) { return sub->get_name() == name; });
    if (!there.empty()) {
        // Whoever adds the first command to it need not be the one who says what it is.
        if (there.front()->get_description().empty()) there.front()->description(text);
        return there.front();
    }
    CLI::App* made = app.add_subcommand(name, text);
    made->require_subcommand(1);
    return made;
}

void add_query(CLI::App* app, client::ListQuery& query) {
    app->add_option("--filter", query.filter, "Only these: 'field = value AND ...'");
    app->add_option("--order-by", query.order_by, "Sorted: field,-field");
}

void add_watch(CLI::App* app, bool& watch) {
    app->add_flag("-w,--watch", watch, "Go on with each change of the list until interrupted")
        ->excludes(app->get_option("--order-by"));
}

void add_timeout(CLI::App* app, std::chrono::milliseconds& timeout, const std::string& text) {
    app->add_option_function<std::string>(
           "--timeout",
           [&timeout](const std::string& given) {
               const auto time = parse_duration(given);
               if (!time) throw CLI::ValidationError("--timeout", time.error().what);
               timeout = *time;
           },
           text)
        ->type_name("TIME");
}

void add_wait(CLI::App* app, WaitFlags flags) {
    const auto wait = [flags](const std::string& text) {
        flags.asked = true;
        // A bare --wait comes as "true".
        if (text.empty() || text == "true") return;
        const auto time = parse_duration(text);
        if (!time) throw CLI::ValidationError(time.error().what);
        flags.wait = *time;
    };
    CLI::Option* flag = app->add_flag_function(
        "--wait{true}", [](std::int64_t) {},
        "Wait for the end, 60s or --wait=TIME; for hosts that are not connected too");
    flag->each(wait);
    app->add_flag_callback(
           "--no-wait", [flags] { flags.wait = {}; }, "Return once the command is stored")
        ->excludes(flag);
}

void add_files(CLI::App* app, std::vector<std::string>& files) {
    app->add_option("-f,--file", files,
                    "FILE in JSON or YAML, a folder of them, or - for standard input; may be "
                    "repeated")
        ->allow_extra_args(false)
        ->type_name("FILE");
}

void add_labels(CLI::App* app, HostChoice& hosts) {
    app->add_option("-l,--selector", hosts.labels,
                    "Only hosts with these labels: role=web,env!=test,rack,!old")
        ->allow_extra_args(false)
        ->type_name("LABELS")
        ->check(CLI::Validator(check_selector, ""));
}

void add_hosts(CLI::App* app, HostChoice& hosts) {
    // One value after each: a second word is never swallowed.
    app->add_option("--host", hosts.names,
                    "Hosts by name, id or pattern: web1,db*; may be repeated")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("HOST,...")
        ->check(CLI::Validator(check_host, ""));
    add_labels(app, hosts);
}

void require_hosts(const HostChoice& hosts) {
    if (hosts.empty()) throw CLI::RequiredError("one of --host and -l");
}

std::variant<Arguments, Exit> parse_arguments(int argc, char** argv) {
    CLI::App app("Evenkeel: keeps machines as their owners described them", "ek");
    Arguments arguments;
    declare(app, arguments);
    if (argc > 1 && std::string_view(argv[1]) == "__complete") {
        arguments.run = [asked = completion_of(app, {argv + 2, argv + argc})](Session&) {
            return complete(asked);
        };
        return arguments;
    }
    if (argc > 1 && std::string_view(argv[1]) == "__man") {
        arguments.run = [page = man_page(app)](Session& session) {
            session.output().text(page);
            return Exit::done;
        };
        return arguments;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help, --version
        return app.exit(asked, std::cout, std::cerr) == 0 ? Exit::done : Exit::usage;
    } catch (const CLI::ParseError& error) {
        return tell_usage(app, {argv + 1, argv + argc}, error);
    }
    return arguments;
}

}  // namespace evenkeel::cli
