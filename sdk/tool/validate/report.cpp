#include "sdk/tool/validate/report.hpp"

#include <cstdio>
#include <map>

#include "core/base/text.hpp"

namespace evenkeel::validate {
namespace {

constexpr std::size_t kRecordLines = 30;

std::string indented(const std::string& text) {
    std::string lines;
    std::size_t count = 0;
    for (const std::string& line : split(text, '\n')) {
        if (line.empty()) continue;
        if (++count > kRecordLines) return lines + "          ...\n";
        lines += "          " + printable(line) + "\n";
    }
    return lines;
}

std::string escaped(std::string_view text) {
    std::string made;
    for (const char letter : text) {
        switch (letter) {
            case '&':
                made += "&amp;";
                break;
            case '<':
                made += "&lt;";
                break;
            case '>':
                made += "&gt;";
                break;
            case '"':
                made += "&quot;";
                break;
            default:
                made += letter;
        }
    }
    return made;
}

std::string element_of(const CheckResult& result) {
    char seconds[32];
    std::snprintf(seconds, sizeof(seconds), "%.3f",
                  static_cast<double>(result.took.count()) / 1000);
    std::string text = "    <testcase classname=\"" + std::string(1, result.check->id[0]) +
                       "\" name=\"" + result.check->id + " " + escaped(result.check->title) +
                       "\" time=\"" + seconds + "\"";
    const std::string message = escaped(printable(result.what));
    const std::string body = escaped(indented(result.record + "\n" + result.again));
    if (result.outcome == Outcome::skip)
        return text + "><skipped message=\"" + message + "\"/></testcase>\n";
    if (result.outcome == Outcome::warn)
        return text + "><system-out>warning: " + message + "</system-out></testcase>\n";
    if (!result.is_failure()) return text + "/>\n";
    const char* tag = result.outcome == Outcome::fail ? "failure" : "error";
    return text + "><" + tag + " type=\"" + name_of(result.outcome) + "\" message=\"" + message +
           "\">" + body + "</" + tag + "></testcase>\n";
}

}  // namespace

std::string TextReport::reason_of(const CheckResult& result) {
    const std::string reason =
        "          " + printable(result.what) + "\n" + indented(result.record);
    const auto [told, is_new] = told_.emplace(reason, result.check->id);
    return is_new ? reason : "          as " + told->second + "\n";
}

std::string TextReport::text_of(const CheckResult& result) {
    std::string outcome = name_of(result.outcome);
    outcome.resize(5, ' ');
    const std::string line =
        std::string(result.check->id) + "  " + outcome + " " + result.check->title + "\n";
    if (result.outcome == Outcome::pass) return line;
    if (result.outcome == Outcome::skip) return line + reason_of(result);
    return line + reason_of(result) + "          again: " + result.again + "\n";
}

std::string summary_of(const std::vector<CheckResult>& results) {
    std::map<Outcome, std::vector<std::string>> by_outcome;
    for (const CheckResult& result : results)
        by_outcome[result.outcome].emplace_back(result.check->id);
    static const std::pair<Outcome, const char*> kWords[] = {
        {Outcome::pass, "passed"}, {Outcome::fail, "failed"}, {Outcome::crash, "crashed"},
        {Outcome::hang, "hung"},   {Outcome::warn, "warned"}, {Outcome::skip, "skipped"}};
    std::string text;
    for (const auto& [outcome, word] : kWords) {
        const auto& ids = by_outcome[outcome];
        if (ids.empty()) continue;
        text += (text.empty() ? "" : ", ") + std::to_string(ids.size()) + " " + word;
        if (outcome == Outcome::pass || outcome == Outcome::skip) continue;
        std::string list;
        for (const std::string& id : ids) list += (list.empty() ? "" : " ") + id;
        text += " (" + list + ")";
    }
    return text + "\n";
}

std::string json_of(const RunOptions& options, const std::vector<CheckResult>& results) {
    json::Array checks;
    json::Object counts;
    for (const CheckResult& result : results) {
        const std::string outcome = name_of(result.outcome);
        json::Object entry{{"id", result.check->id},
                           {"group", std::string(1, result.check->id[0])},
                           {"title", result.check->title},
                           {"hard", result.check->weight == Weight::hard},
                           {"outcome", outcome},
                           {"milliseconds", static_cast<std::int64_t>(result.took.count())}};
        if (!result.what.empty()) entry.set("what", printable(result.what));
        if (!result.record.empty()) entry.set("record", printable(result.record));
        if (result.is_failure()) entry.set("again", result.again);
        checks.emplace_back(std::move(entry));
        const json::Value* count = counts.find(outcome);
        counts.set(outcome, (count == nullptr ? 0 : count->as_integer()) + 1);
    }
    return json::write_pretty(json::Object{{"file", options.file},
                                           {"isolated", options.isolated},
                                           {"checks", checks},
                                           {"summary", counts}}) +
           "\n";
}

std::string junit_of(const std::string& file, const std::vector<CheckResult>& results) {
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"" +
                       escaped(printable(file)) + "\">\n";
    for (const Group& group : all_groups()) {
        std::string cases;
        std::size_t count = 0, failures = 0, errors = 0, skipped = 0;
        for (const CheckResult& result : results) {
            if (result.check->id[0] != group.letter) continue;
            cases += element_of(result);
            ++count;
            failures += result.outcome == Outcome::fail ? 1 : 0;
            errors += result.is_failure() && result.outcome != Outcome::fail ? 1 : 0;
            skipped += result.outcome == Outcome::skip ? 1 : 0;
        }
        if (count == 0) continue;
        text += "  <testsuite name=\"" + std::string(1, group.letter) + " " + escaped(group.title) +
                "\" tests=\"" + std::to_string(count) + "\" failures=\"" +
                std::to_string(failures) + "\" errors=\"" + std::to_string(errors) +
                "\" skipped=\"" + std::to_string(skipped) + "\">\n" + cases + "  </testsuite>\n";
    }
    return text + "</testsuites>\n";
}

}  // namespace evenkeel::validate
