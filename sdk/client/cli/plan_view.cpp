#include "sdk/client/cli/plan_view.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace evenkeel::cli {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    return split(text, '\n');
}

void add_rows(Table& table, const HostResult& result, const client::CommandResource& resource,
              const ChangeOptions& options) {
    const auto add = [&](const std::string& what, const std::string& before,
                         const std::string& after, const std::string& outcome) {
        table.rows.push_back(
            {result.host, resource.collection, resource.id, what, before, after, outcome});
    };
    const std::string action = resource.action.empty() ? "" : "action " + resource.action;
    if (resource.error) add(action, "", "", resource.outcome + ": " + resource.error->detail);
    else if (!action.empty()) add(action, "", "", resource.outcome);
    for (const client::Change& change : resource.changes) {
        const std::string needs = change.needs.empty() ? "" : ", needs a " + change.needs;
        add(change.path, brief(change.before), brief(change.after), change.outcome + needs);
    }
    const bool quiet = !resource.error && action.empty() && resource.changes.empty();
    for (const std::string& note : resource.notes) add("", "", "", "note: " + note);
    if (!quiet || options.changed_only) return;
    // What only drops a description changes no machine; the line below tells of the command.
    const bool forgets = result.command->verb == "forget";
    const bool untouched = options.dry_run || resource.outcome == "done";
    add("", "", "", forgets ? "description dropped" : untouched ? "no change" : resource.outcome);
}

// What programs have printed, to be shown below the table.
std::string outputs_of(const HostResult& result) {
    std::string out;
    for (const auto& resource : result.command->resources) {
        if (resource.output.empty()) continue;
        out += "\n" + printable(result.host + " " + resource.collection + " " + resource.id) +
               " has printed:\n";
        for (const std::string& line : lines_of(resource.output)) out += printable(line) + "\n";
    }
    return out;
}

// The unified diffs of text, to be shown below the table.
std::string diffs_of(const HostResult& result, bool colour) {
    std::string out;
    for (const auto& resource : result.command->resources) {
        for (const client::Change& change : resource.changes) {
            if (change.diff.empty()) continue;
            out += "\n" + printable(result.host + " " + resource.collection + " " + resource.id) +
                   "\n";
            out += shown_diff(change.diff, colour);
        }
    }
    return out;
}

}  // namespace

std::string shown_diff(std::string_view diff, bool colour, const std::string& margin) {
    std::string out;
    for (const std::string& line : lines_of(diff)) {
        const char* escape = !colour || line.empty() ? nullptr
                             : line[0] == '+'        ? "\033[32m"
                             : line[0] == '-'        ? "\033[31m"
                             : line[0] == '@'        ? "\033[36m"
                                                     : nullptr;
        const std::string shown = printable(line);
        out += margin + (escape == nullptr ? shown : escape + shown + "\033[0m") + "\n";
    }
    return out;
}

void print_changes(const Session& session, const std::vector<HostResult>& results,
                   const ChangeOptions& options) {
    const Output& output = session.output();
    if (output.is_data()) {
        std::vector<std::string> items;
        for (const HostResult& result : results) {
            if (result.command) items.push_back(result.command->json);
        }
        output.data_items(items);
        return;
    }
    using Room = Column::Room;
    Table table{{{"HOST", Room::kept},
                 "COLLECTION",
                 {"ID", Room::kept},
                 {"FIELD", Room::kept},
                 "BEFORE",
                 "AFTER",
                 "OUTCOME"},
                {}};
    std::string diffs;
    for (const HostResult& result : results) {
        if (!result.command) continue;
        // A command that is not finished has nothing to tell about its resources yet.
        if (!options.dry_run && !result.command->finished()) continue;
        for (const auto& resource : result.command->resources) {
            add_rows(table, result, resource, options);
        }
        diffs += diffs_of(result, output.look().colour) + outputs_of(result);
    }
    if (!table.rows.empty()) output.table(table);
    output.text(diffs);
}

std::string counted(std::size_t count, const std::string& thing) {
    return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

PlanSummary summary_of(const client::Command& command) {
    PlanSummary summary;
    for (const auto& resource : command.resources) {
        const bool planned = resource.outcome == "planned";
        summary.changes += resource.changes.size();
        if (!resource.action.empty()) summary.actions += planned ? 1 : 0;
        else if (resource.outcome == "failed") ++summary.failed;
        else if (resource.outcome == "skipped") ++summary.skipped;
        else if (resource.error && resource.changes.empty()) ++summary.untold;
    }
    return summary;
}

std::string words_of(const PlanSummary& summary) {
    std::string words = counted(summary.changes, "change") + " would be made";
    if (summary.actions > 0) words += ", " + counted(summary.actions, "action") + " run";
    if (summary.untold > 0)
        words += "; of " + counted(summary.untold, "resource") + " it cannot be told yet";
    if (summary.failed > 0) words += "; " + counted(summary.failed, "resource") + " would fail";
    if (summary.skipped > 0)
        words += "; " + counted(summary.skipped, "resource") + " would be skipped";
    return words;
}

}  // namespace evenkeel::cli
