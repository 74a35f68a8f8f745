#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "sdk/tool/command.hpp"
#include "sdk/tool/validate/report.hpp"
#include "sdk/tool/validate/run.hpp"

namespace evenkeel::tool {
namespace {

struct Options {
    validate::RunOptions run;
    std::string format = "text";
    unsigned timeout = 45;
    bool list = false;
};

Exit list_checks() {
    for (const validate::Group& group : validate::all_groups()) {
        std::printf("%c  %s\n", group.letter, group.title);
        for (const validate::Check& check : group.checks)
            std::printf("%s %s%s\n", check.id, check.title,
                        check.weight == validate::Weight::warning ? " (warning)" : "");
    }
    return Exit::done;
}

Exit validate_file(const Options& options) {
    if (options.list) return list_checks();
    if (options.run.file.empty()) {
        std::fprintf(stderr, "ek-plugin: validate needs a FILE, the plugin's shared object\n");
        return Exit::usage;
    }
    validate::load_sanitizer_first(options.run.file);
    validate::RunOptions run = options.run;
    run.timeout = std::chrono::seconds(options.timeout);
    const bool is_text = options.format == "text";
    validate::TextReport report;
    const auto results = validate::run_checks(run, [&](const validate::CheckResult& result) {
        if (!is_text) return;
        std::fputs(report.text_of(result).c_str(), stdout);
        std::fflush(stdout);
    });
    if (!results) {
        std::fprintf(stderr, "ek-plugin: %s\n", results.error().what.c_str());
        return Exit::usage;
    }
    const std::string text = is_text                    ? validate::summary_of(*results)
                             : options.format == "json" ? validate::json_of(run, *results)
                                                        : validate::junit_of(run.file, *results);
    std::fputs(text.c_str(), stdout);
    for (const validate::CheckResult& result : *results)
        if (result.is_failure()) return Exit::failed;
    return Exit::done;
}

}  // namespace

void add_validate(CLI::App& app, Run& run) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand(
        "validate", "Tries a plugin against every rule, each in a process of its own.");
    command->add_option("FILE", options->run.file, "The plugin's shared object");
    const auto add_words = [command](const char* name, std::vector<std::string>& words,
                                     const char* about) {
        // One each time: FILE may come behind it.
        command->add_option(name, words, about)
            ->allow_extra_args(false)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    };
    add_words("--only", options->run.only,
              "Ids or groups of checks: F, F07, F0[1-5] (a regular expression)");
    add_words("--skip", options->run.skip, "What to leave out, in the same way");
    command->add_option("--collection", options->run.collection, "This collection alone");
    command->add_option("--settings", options->run.settings,
                        "How it can be tried; X.validate.json beside the file otherwise");
    add_words("--target", options->run.target,
              "The newest symbols that the target has, as GLIBC_2.31 or GLIBCXX_3.4.28, if it is "
              "not what this SDK was built for");
    command->add_option("--format", options->format, "text, json or junit")
        ->check(CLI::IsMember({"text", "json", "junit"}));
    command->add_option("--seed", options->run.seed, "Of what is made up");
    command->add_option("--jobs", options->run.jobs,
                        "Checks at once, where they do not meet at resources of this machine");
    command->add_option("--timeout", options->timeout, "Seconds for one check")
        ->check(CLI::Range(1u, 3600u));
    command->add_flag("--in-process", options->run.in_process,
                      "Without processes of their own, for a debugger");
    command->add_flag("--isolated", options->run.isolated,
                      "Call the plugin in a process of its own, as the agent runs others' plugins");
    command->add_flag("--scratch-machine", options->run.scratch_machine,
                      "This machine may be changed: try the examples of the schema on it");
    command->add_flag("--list", options->list, "Only print what is checked");
    command->callback([options, &run] { run = [options] { return validate_file(*options); }; });
}

}  // namespace evenkeel::tool
