#include "sdk/tool/validate/settings.hpp"

#include <algorithm>
#include <set>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.hpp"

namespace evenkeel::validate {
namespace {

std::string replaced(std::string text, const std::string& scratch) {
    static constexpr std::string_view kMark = "{scratch}";
    for (auto at = text.find(kMark); at != text.npos; at = text.find(kMark, at + scratch.size()))
        text.replace(at, kMark.size(), scratch);
    return text;
}

json::Value placed(const json::Value& value, const std::string& scratch) {
    if (value.is_string()) return replaced(value.as_string(), scratch);
    if (value.is_array()) {
        json::Array array;
        for (const json::Value& item : value.as_array()) array.push_back(placed(item, scratch));
        return array;
    }
    if (!value.is_object()) return value;
    json::Object object;
    for (const auto& [name, member] : value.as_object())
        object.set(replaced(name, scratch), placed(member, scratch));
    return object;
}

Result<CollectionSettings> settings_of(const std::string& name, const json::Value& value) {
    static const std::set<std::string> kKnown = {
        "ids",   "base", "fields",  "config", "bad_configs", "unavailable", "slow",   "older",
        "equal", "skip", "prepare", "many",   "together",    "touches",     "by_hand"};
    if (!value.is_object()) return fail(Errc::invalid, name + " is no object");
    for (const auto& [member, ignored] : value.as_object())
        if (kKnown.count(member) == 0)
            return fail(Errc::invalid, name + " has \"" + member + "\", which means nothing");
    CollectionSettings settings;
    settings.given = true;
    const auto array = [&](const char* member) {
        const json::Value& found = value[member];
        return found.is_array() ? found.as_array() : json::Array();
    };
    for (const json::Value& id : array("ids"))
        if (id.is_string()) settings.ids.push_back(id.as_string());
    if (value["base"].is_object()) settings.base = value["base"].as_object();
    if (value["fields"].is_object())
        for (const auto& [field, said] : value["fields"].as_object()) {
            if (said.find("reason") != nullptr && said.string_or("reason").empty())
                return fail(Errc::invalid, name + " leaves out " + field + " and does not say why");
            settings.fields[field] = said;
        }
    if (value["skip"].is_object())
        for (const auto& [check, why] : value["skip"].as_object()) {
            if (!why.is_string() || why.as_string().empty())
                return fail(Errc::invalid, name + " skips " + check + " and does not say why");
            settings.skip[check] = why.as_string();
        }
    if (value["config"].is_object()) settings.config = value["config"];
    settings.bad_configs = value["bad_configs"];
    settings.unavailable = value["unavailable"];
    settings.slow = value["slow"];
    settings.older = value["older"];
    settings.equal = value["equal"];
    settings.prepare = value["prepare"];
    settings.many = value.bool_or("many", true);
    return settings;
}

Result<void> run_program(const json::Value& argv) {
    std::vector<std::string> words;
    for (const json::Value& word : argv.as_array())
        words.push_back(word.is_string() ? word.as_string() : "");
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    if (words.empty()) return fail(Errc::invalid, "a program to run has no name");
    pid_t child = 0;
    if (const int error =
            ::posix_spawnp(&child, pointers[0], nullptr, nullptr, pointers.data(), environ))
        return fail(system_error(error, "running " + words[0]));
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) return fail(Errc::unavailable, words[0] + " has failed");
    return {};
}

Result<void> make_files(const json::Value& files) {
    if (!files.is_object()) return {};
    for (const auto& [path, lines] : files.as_object()) {
        std::string content;
        if (lines.is_array())
            for (const json::Value& line : lines.as_array()) content += line.as_string() + "\n";
        EK_CHECK(make_folder(parent_of(path), 0755));
        EK_CHECK(write_file(path, content, 0644));
    }
    return {};
}

}  // namespace

Result<Settings> Settings::read(const std::string& path, const std::string& scratch) {
    Settings settings;
    if (::access(path.c_str(), F_OK) != 0) return settings;
    const auto parsed = json::parse(EK_TRY(read_file(path)));
    if (!parsed) return fail(path, parsed.error());
    if (!parsed->is_object()) return fail(Errc::invalid, path + " is no object");
    const json::Value value = placed(*parsed, scratch);
    for (const auto& [name, said] : value.as_object()) {
        auto collection = settings_of(name, said);
        if (!collection) return fail(path, collection.error());
        settings.collections_[name] = std::move(*collection);
    }
    return settings;
}

const CollectionSettings& Settings::of(const std::string& collection) const {
    static const CollectionSettings kNone;
    const auto found = collections_.find(collection);
    return found == collections_.end() ? kNone : found->second;
}

bool Settings::leads_out_of(const std::string& folder) const {
    const auto leads_there = [&](const std::string& text) {
        return text.find(folder) != text.npos;
    };
    return std::any_of(collections_.begin(), collections_.end(), [&](const auto& entry) {
        const CollectionSettings& settings = entry.second;
        return !leads_there(json::write(settings.config)) &&
               !std::all_of(settings.ids.begin(), settings.ids.end(), leads_there);
    });
}

Result<void> Settings::prepare() const {
    for (const auto& [name, settings] : collections_) {
        EK_CHECK(make_files(settings.prepare["files"]));
        const json::Value& programs = settings.prepare["run"];
        if (!programs.is_array()) continue;
        for (const json::Value& argv : programs.as_array())
            if (argv.is_array()) EK_CHECK(run_program(argv));
    }
    return {};
}

}  // namespace evenkeel::validate
