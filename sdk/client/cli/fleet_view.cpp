#include "sdk/client/cli/fleet_view.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "sdk/client/cli/plan_view.hpp"

namespace evenkeel::cli {
namespace {

constexpr std::size_t kDiffLinesMost = 200;

bool is_lines(const json::Value& value) {
    return value.is_string() && value.as_string().find('\n') != std::string::npos;
}

std::string cell(const json::Value& value) {
    if (!is_lines(value)) return brief(json::write(value));
    const std::string& text = value.as_string();
    return counted(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), "line");
}

std::vector<std::string> lines_of(const json::Value& value) {
    if (!value.is_string()) return {};
    std::vector<std::string> lines = split(value.as_string(), '\n');
    if (lines.back().empty()) lines.pop_back();
    return lines;
}

// The lines that differ between what is the same above and below.
std::string diff_of(const json::Value& old_text, const json::Value& new_text) {
    std::vector<std::string> before = lines_of(old_text);
    std::vector<std::string> after = lines_of(new_text);
    std::size_t above = 0;
    while (above < std::min(before.size(), after.size()) && before[above] == after[above]) ++above;
    while (before.size() > above && after.size() > above && before.back() == after.back()) {
        before.pop_back();
        after.pop_back();
    }
    std::string diff = "@@ line " + std::to_string(above + 1) + " @@\n";
    const auto add = [&](const std::vector<std::string>& lines, const char* sign) {
        for (std::size_t i = above; i < lines.size() && i < above + kDiffLinesMost; ++i) {
            diff += sign + lines[i] + "\n";
        }
        if (lines.size() > above + kDiffLinesMost) {
            diff += std::string(sign) + "... " +
                    counted(lines.size() - above - kDiffLinesMost, "line") + " more\n";
        }
    };
    add(before, "-");
    add(after, "+");
    return diff;
}

std::string text_of(const ObjectKey& key) {
    return std::string(to_string(key.kind)) + " " + key.name;
}

std::string field_line(const json::Value& field) {
    const std::string path = field.string_or("path");
    std::string line = path.empty() ? "all of it" : path;
    if (field.bool_or("omitted")) return line + " (too large to show here)";
    if (field.find("before") || field.find("after")) {
        line += ": " + cell(field["before"]) + " -> " + cell(field["after"]);
    }
    return line;
}

std::string resource_text(const json::Value& resource, const json::Value& fields, bool colour) {
    std::string change = resource.string_or("change");
    change.resize(std::max<std::size_t>(change.size(), 6), ' ');
    const std::string about = resource.string_or("collection") + " " + resource.string_or("id");
    std::string out = "  " + printable(change + "  " + about) + "\n";
    if (resource.string_or("change") != "change" || !fields.is_array()) return out;
    for (const json::Value& field : fields.as_array()) {
        out += "      " + printable(field_line(field)) + "\n";
        std::string diff = field.string_or("diff");
        if (diff.empty() && (is_lines(field["before"]) || is_lines(field["after"]))) {
            diff = diff_of(field["before"], field["after"]);
        }
        if (!diff.empty()) out += shown_diff(diff, colour, "        ");
    }
    return out;
}

std::string names_of(const json::Value& group) {
    std::vector<std::string> names;
    if (group["hosts"].is_array()) {
        for (const json::Value& name : group["hosts"].as_array()) {
            names.push_back(name.is_string() ? name.as_string() : "");
        }
    }
    const auto count = static_cast<std::size_t>(group.integer_or("count"));
    std::string text = counted(count, "host") + ": ";
    for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (count > names.size()) text += " and " + std::to_string(count - names.size()) + " more";
    return printable(text);
}

std::string error_text(const json::Value& error) {
    const std::string pointer = error.string_or("pointer");
    return "  " +
           printable("assignment " + error.string_or("assignment") + ", " +
                     (pointer.empty() ? "" : pointer + ": ") + error.string_or("code") + ": " +
                     error.string_or("detail")) +
           "\n";
}

const json::Array& items_of(const json::Value& list) {
    static const json::Array kNone;
    return list.is_array() ? list.as_array() : kNone;
}

// What machines say of a resource: of a group those that say the same together.
std::string answer_text(const json::Value& answer) {
    const std::string who = answer["hosts"].is_array() ? names_of(answer) : "the machine";
    std::string out;
    const auto add = [&](const std::string& what) {
        out += "      " + who + " " + printable(what) + "\n";
    };
    const json::Value& error = answer["error"];
    if (error.is_object())
        add("cannot: " + error.string_or("code") + ": " + error.string_or("detail"));
    std::vector<std::string> paths;
    for (const json::Value& change : items_of(answer["changes"])) {
        paths.push_back(change.string_or("path"));
    }
    if (!paths.empty()) add("would change " + listed_in_words(paths));
    else if (!error.is_object()) add("is so already");
    for (const json::Value& note : items_of(answer["notes"])) {
        if (note.is_string()) add("notes: " + note.as_string());
    }
    return out;
}

}  // namespace

void print_object_changes(const Output& output, const Changes& changes) {
    using Room = Column::Room;
    Table table{{"KIND", {"NAME", Room::kept}, "CHANGE", {"FIELD", Room::kept}, "BEFORE", "AFTER"},
                {}};
    std::string diffs;
    for (const ObjectChange& one : changes.all) {
        const auto add = [&](const std::string& field, const std::string& before,
                             const std::string& after) {
            table.rows.push_back({std::string(to_string(one.key.kind)), one.key.name,
                                  std::string(to_string(one.change)), field, before, after});
        };
        if (!one.is_known) continue;
        if (one.fields.empty()) add("", "", "");
        for (const FieldChange& field : one.fields) {
            add(field.path, cell(field.before), cell(field.after));
            if (!is_lines(field.before) && !is_lines(field.after)) continue;
            diffs += "\n" + printable(text_of(one.key) + " " + field.path) + "\n" +
                     shown_diff(diff_of(field.before, field.after), output.look().colour);
        }
    }
    if (!table.rows.empty()) output.table(table);
    output.text(diffs);
}

std::vector<std::string> object_changes_json(const Changes& changes) {
    std::vector<std::string> items;
    for (const ObjectChange& one : changes.all) {
        if (!one.is_known) continue;
        json::Array fields;
        for (const FieldChange& field : one.fields) {
            fields.push_back(json::Object{
                {"path", field.path}, {"before", field.before}, {"after", field.after}});
        }
        items.push_back(json::write(json::Object{{"kind", to_string(one.key.kind)},
                                                 {"name", one.key.name},
                                                 {"change", to_string(one.change)},
                                                 {"fields", std::move(fields)}}));
    }
    return items;
}

std::string words_of(const Changes& changes) {
    std::vector<std::string> words;
    const std::pair<ObjectChangeKind, const char*> kinds[] = {
        {ObjectChangeKind::add, " to add"},
        {ObjectChangeKind::change, " to change"},
        {ObjectChangeKind::remove, " to delete"}};
    for (const auto& [kind, word] : kinds) {
        const auto count =
            std::count_if(changes.all.begin(), changes.all.end(),
                          [&](const auto& one) { return one.is_known && one.change == kind; });
        if (count > 0) words.push_back(std::to_string(count) + word);
    }
    if (words.empty()) return "no object differs";
    const std::size_t count = changes.count();
    return counted(count, "object") + (count == 1 ? " differs: " : " differ: ") +
           listed_in_words(words);
}

std::string plan_text(const json::Value& plan, bool colour) {
    std::string out;
    for (const json::Value& group : items_of(plan["groups"])) {
        out += names_of(group) + "\n";
        for (const json::Value& resource : items_of(group["resources"])) {
            out += resource_text(resource, resource["sample"]["fields"], colour);
            for (const json::Value& answer : items_of(resource["live"])) out += answer_text(answer);
        }
    }
    if (const auto more = plan.integer_or("more_groups"); more > 0) {
        out += "and " + counted(static_cast<std::size_t>(more), "group") + " of hosts more\n";
    }
    for (const json::Value& error : items_of(plan["errors"])) {
        out += "does not compile on " + names_of(error) + "\n" + error_text(error);
    }
    if (const auto more = plan.integer_or("more_errors"); more > 0) {
        out += "and " + counted(static_cast<std::size_t>(more), "error") + " more\n";
    }
    for (const json::Value& host : items_of(plan["unasked"])) {
        out += printable("not asked: " + host.string_or("host") + ": " + host.string_or("detail")) +
               "\n";
    }
    if (const auto more = plan.integer_or("more_unasked"); more > 0) {
        out += "and " + counted(static_cast<std::size_t>(more), "host") + " more not asked\n";
    }
    return out;
}

std::string host_plan_text(const json::Value& host, bool colour) {
    std::string out = printable(host.string_or("name")) + "\n";
    for (const json::Value& resource : items_of(host["resources"])) {
        out += resource_text(resource, resource["fields"], colour);
        if (resource["live"].is_object()) out += answer_text(resource["live"]);
    }
    for (const json::Value& action : items_of(host["live"]["actions"])) {
        out += "  then    " +
               printable(action.string_or("action") + " of " + action.string_or("collection") +
                         " " + action.string_or("id")) +
               "\n";
    }
    for (const json::Value& error : items_of(host["errors"])) out += error_text(error);
    return out;
}

bool touches_hosts(const json::Value& plan) {
    const json::Value& summary = plan["summary"];
    return summary.integer_or("hosts") > 0 || summary.integer_or("errors") > 0;
}

std::string summary_of_plan(const json::Value& plan) {
    const json::Value& summary = plan["summary"];
    std::vector<std::string> words;
    for (const char* change : {"removed", "forgotten", "added", "changed"}) {
        const auto count = summary.integer_or(change);
        if (count > 0) words.push_back(std::to_string(count) + " " + change);
    }
    const auto hosts = static_cast<std::size_t>(summary.integer_or("hosts"));
    std::string text = hosts == 0 ? "no host changes"
                                  : "on " + counted(hosts, "host") + ": " + listed_in_words(words);
    const auto errors = static_cast<std::size_t>(summary.integer_or("errors"));
    if (errors > 0) {
        text += "; " + counted(errors, "host") + (errors == 1 ? " does" : " do") + " not compile";
    }
    const auto unasked = items_of(plan["unasked"]).size() +
                         static_cast<std::size_t>(plan.integer_or("more_unasked"));
    if (unasked > 0) text += "; " + counted(unasked, "host") + " could not be asked";
    return text;
}

}  // namespace evenkeel::cli
