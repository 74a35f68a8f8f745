#include <cstdio>
#include <string>

#include <unistd.h>

#include "core/base/text.hpp"
#include "core/wire/resource.hpp"
#include "sdk/tool/call.hpp"

namespace evenkeel::tool {
namespace {

// In colour on a terminal.
class Painter {
  public:
    std::string operator()(const char* colour, const std::string& text) const {
        return is_terminal_ ? std::string(colour) + text + "\x1b[0m" : text;
    }

  private:
    bool is_terminal_ = ::isatty(STDOUT_FILENO) != 0;
};
constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kRed = "\x1b[31m";
constexpr const char* kYellow = "\x1b[33m";

void print_line(const std::string& text) {
    std::printf("%s\n", text.c_str());
}

std::string word(const json::Value& value) {
    return printable(json::write(value));
}

void show_diff(const Painter& paint, const std::string& diff) {
    for (const std::string& line : split(diff, '\n')) {
        const char* colour = line.starts_with('+')   ? kGreen
                             : line.starts_with('-') ? kRed
                                                     : nullptr;
        const std::string shown = "    " + printable(line);
        print_line(colour ? paint(colour, shown) : shown);
    }
}

void show_change(const Painter& paint, const wire::Change& change) {
    const std::string path = printable(change.path);
    const std::string outcome =
        change.outcome == wire::Outcome::done || change.outcome == wire::Outcome::planned
            ? ""
            : "  (" + std::string(to_string(change.outcome)) + ")";
    if (change.before.is_null() || change.action == wire::Action::add) {
        print_line(paint(kGreen, "+ " + path + ": " + word(change.after)) + outcome);
    } else if (change.after.is_null() || change.action == wire::Action::remove) {
        print_line(paint(kRed, "- " + path + ": " + word(change.before)) + outcome);
    } else {
        print_line(paint(kYellow, "~ " + path + ":") + " " + paint(kRed, word(change.before)) +
                   " -> " + paint(kGreen, word(change.after)) + outcome);
    }
    if (change.after.is_object() && change.after["diff"].is_string())
        show_diff(paint, change.after["diff"].as_string());
}

void show_changes(const json::Value& answer, bool is_plan) {
    const Painter paint;
    const auto changes = wire::decode_changes(answer["changes"]);
    const std::size_t count = changes ? changes->size() : 0;
    for (std::size_t i = 0; i < count; ++i) show_change(paint, (*changes)[i]);
    if (answer["notes"].is_array()) {
        for (const json::Value& note : answer["notes"].as_array())
            print_line("note: " + printable(note.as_string()));
    }
    if (answer.find("error")) return;
    if (count == 0) return print_line("nothing to do");
    print_line(std::to_string(count) + (count == 1 ? " change" : " changes") +
               (is_plan ? " planned" : " made"));
}

void show_items(const json::Value& items, bool whole) {
    for (const json::Value& item : items.as_array()) {
        const std::string id = printable(item.string_or("id"));
        if (item.find("error")) {
            print_line(id + "  cannot be read: " + printable(item["error"].string_or("detail")));
        } else if (whole) {
            print_line(id + "\n" + json::write_pretty(item["state"]));
        } else {
            print_line(id + "  " + word(item["state"]));
        }
    }
}

Exit code_of(const PluginCall& call, const json::Value& answer) {
    if (answer.find("error")) {
        const Error error = wire::decode_error(answer["error"]);
        return fail_with(error);
    }
    const bool is_plan =
        call.operation == Operation::plan || (call.operation == Operation::remove && call.dry_run);
    if (is_plan && !answer["changes"].as_array().empty()) return Exit::pending;
    if (call.operation == Operation::read && answer["items"].as_array().empty())
        return fail_with({Errc::not_found, listed_in_words(call.ids) + " is not there"});
    if (!answer["items"].is_array()) return Exit::done;
    for (const json::Value& item : answer["items"].as_array()) {
        if (item.find("error")) return Exit::failed;
    }
    return Exit::done;
}

}  // namespace

Exit show(const PluginCall& call, const json::Value& answer, bool as_json) {
    const bool is_plan = call.operation == Operation::plan || call.dry_run;
    if (as_json) {
        print_line(json::write(answer));
    } else if (answer.find("hint")) {
        print_line(printable(answer.string_or("hint") + " " + answer.string_or("id")));
        if (answer["items"].is_array()) show_items(answer["items"], false);
    } else if (answer["items"].is_array()) {
        show_items(answer["items"], call.operation == Operation::read);
    } else if (answer["changes"].is_array()) {
        show_changes(answer, is_plan);
    } else if (answer.find("watching")) {
        print_line("watching");
    }
    std::fflush(stdout);
    if (call.operation == Operation::watch && !answer.find("error")) return Exit::done;
    return code_of(call, answer);
}

}  // namespace evenkeel::tool
