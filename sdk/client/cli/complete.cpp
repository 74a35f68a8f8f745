#include "sdk/client/cli/complete.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include <CLI/CLI.hpp>

#include "core/base/text.hpp"
#include "core/command_line/command_tree.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/collections.hpp"
#include "sdk/client/cpp/context.hpp"

namespace evenkeel::cli {
namespace {

constexpr std::chrono::milliseconds kBudget{300};
constexpr const char* kNamesMost = "200";
// A candidate that means: names of files, which the shell knows better.
constexpr const char* kFiles = ":files";

constexpr const char* kBash = R"(# ek completion bash: source <(ek completion bash)
_ek() {
    local found line word colon words=()
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        # bash makes three words of global:port.
        if ((${#words[@]})) && [[ $word == : || ${words[-1]} == *: ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    word=${words[-1]}
    colon=${word%"${word##*:}"}
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o default
            continue
        fi
        printf -v found %q "${line#"$colon"}"
        COMPREPLY+=("$found")
    done < <(ek __complete "${words[@]}" 2>/dev/null)
}
complete -o nosort -F _ek ek
)";

constexpr const char* kZsh = R"(#compdef ek
# ek completion zsh: source <(ek completion zsh)
_ek() {
    local -a found
    found=("${(@f)$(ek __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=("${(@)found:#}")
    if (( ${found[(I):files]} )); then
        compset -P '-*='
        _files
        return
    fi
    compadd -a found
}
compdef _ek ek
)";

constexpr const char* kFish = R"(# ek completion fish: ek completion fish | source
complete -c ek -e
function __ek_candidates
    set -l words (commandline -opc)[2..-1]
    set -l begun (commandline -ct)
    for line in (ek __complete $words $begun 2>/dev/null)
        if test $line = :files
            set -l option (string match -r -- '^--[^=]*=' $begun)
            for path in (complete -C "'' "(string replace -- "$option" '' $begun))
                echo "$option$path"
            end
        else
            echo $line
        end
    end
end
complete -c ek -f -a '(__ek_candidates)'
)";

// What the first, second ... word behind a command is, where the API knows the names.
const std::vector<std::string>& places_of(const std::string& command) {
    static const std::map<std::string, std::vector<std::string>> kPlaces = {
        {"get hosts", {"hosts"}},
        {"get commands", {"commands"}},
        {"get collections", {"collections"}},
        {"get resources", {"collections", "resources"}},
        {"describe host", {"hosts"}},
        {"describe command", {"commands"}},
        {"describe collection", {"collections"}},
        {"describe resource", {"collections", "resources"}},
        {"delete resource", {"collections", "resources"}},
        {"forget resource", {"collections", "resources"}},
        {"history", {"collections", "resources"}},
        {"rollback", {"collections", "resources"}},
        {"invoke", {"collections", "resources"}},
        {"label host", {"hosts"}},
        {"move host", {"hosts", "environments"}},
        {"get versions", {"applications"}},
        {"new application", {}},
        {"create environment", {"environments"}},
        {"settings set", {"scopes", "keys"}},
        {"settings unset", {"scopes", "keys"}},
        {"settings explain", {"hosts", "keys of host"}},
        {"impact", {"scopes", "keys"}},
        {"render", {"hosts", "collections", "resources"}},
        {"rename host", {"hosts"}},
        {"retire host", {"hosts"}},
        {"release name", {"hosts"}},
        {"cancel command", {"commands"}},
        {"edit resource", {"collections", "resources"}},
        {"explain", {"fields"}},
        {"get enrolments", {"enrolments"}},
        {"get enrolment-tokens", {"enrolment tokens"}},
        {"revoke enrolment-token", {"enrolment tokens"}},
        {"accept enrolment", {"waiting"}},
        {"reject enrolment", {"waiting"}},
        {"get plans", {"plans"}},
        {"describe plan", {"plans"}},
        {"approve plan", {"open plans"}},
        {"approve enrolment-token", {"enrolment tokens"}},
        {"reject plan", {"open plans"}},
        {"apply plan", {"open plans"}},
        {"export", {"files"}},
        {"get tokens", {"tokens"}},
        {"revoke token", {"tokens"}},
        {"wait", {"targets"}},
        {"completion", {"shells"}},
        {"context use", {"contexts"}},
        {"context remove", {"contexts"}},
        {"context show", {"contexts"}},
    };
    // Behind any verb.
    static const std::map<std::string, std::vector<std::string>> kObjects = {
        {"environment", {"environments"}}, {"setting", {"scopes", "keys"}},
        {"application", {"applications"}}, {"assignment", {"assignments"}},
        {"settings", {"scopes", "keys"}},  {"environments", {"environments"}},
        {"assignments", {"assignments"}},  {"applications", {"applications"}},
    };
    static const std::vector<std::string> kNone;
    const auto found = kPlaces.find(command);
    if (found != kPlaces.end()) return found->second;
    const std::size_t verb = command.find(' ');
    if (verb == std::string::npos) return kNone;
    const auto object = kObjects.find(command.substr(verb + 1));
    return object == kObjects.end() ? kNone : object->second;
}

std::string values_of(const std::string& command, const std::string& option) {
    if (command == "get enrolments" && option == "--state") return "enrolment states";
    if (command == "get plans" && option == "--state") return "plan states";
    static const std::map<std::string, std::string> kValues = {
        {"--host", "hosts"},
        {"--collection", "collections"},
        {"--context", "contexts"},
        {"--status", "verdicts"},
        {"--state", "states"},
        {"--output", "formats"},
        {"-o", "formats"},
        {"--for", "conditions"},
        {"--role", "roles"},
        {"--type", "event types"},
        {"--replaces", "hosts"},
        {"-f", "files"},
        {"--file", "files"},
        {"--allow-files", "files"},
        {"--token-file", "files"},
        {"--ca-file", "files"},
        {"--out", "files"},
        {"--head", "files"},
        {"--target", "labels"},
        {"--environment", "environments"},
        {"--assignment", "assignments"},
        {"--link", "scopes"},
    };
    const auto found = kValues.find(option);
    return found == kValues.end() ? "" : found->second;
}

const std::vector<std::string>& listed(const std::string& kind) {
    static const std::map<std::string, std::vector<std::string>> kLists = {
        {"verdicts", {"compliant", "drifted", "unknown", "failed"}},
        {"states",
         {"queued", "sent", "running", "succeeded", "failed", "expired", "cancelled", "superseded",
          "interrupted"}},
        {"enrolment states", {"pending", "active", "rejected", "held", "retired"}},
        {"plan states", {"open", "approved", "applied", "stale", "rejected", "expired"}},
        {"roles", {"viewer", "operator", "approver", "admin"}},
        {"formats", {"table", "wide", "json", "yaml", "name", "jsonpath="}},
        {"shells", {"bash", "zsh", "fish"}},
        {"files", {kFiles}},
        {"event types", {"resource.drifted",     "resource.restored",
                         "resource.repaired",    "resource.unknown",
                         "resource.failed",      "resource.notified",
                         "description.changed",  "description.forgotten",
                         "command.changed",      "command.progress",
                         "host.changed",         "enrolment.changed",
                         "environment.changed",  "setting.changed",
                         "application.changed",  "assignment.changed",
                         "plan.changed",         "host.compiled",
                         "agent.blind",          "agent.shed",
                         "orchestrator.restored"}},
        {"conditions",
         {"connection=online", "connection=offline", "compliance=compliant", "compliance=drifted",
          "enrolment=active", "enrolment=retired"}},
    };
    static const std::vector<std::string> kNone;
    const auto found = kLists.find(kind);
    return found == kLists.end() ? kNone : found->second;
}

bool is_plain(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-' ||
           c == '=';
}

// Names that the API tells, within what is left of the budget.
class Names {
  public:
    explicit Names(const Completion& asked) : asked_(asked) {}

    std::vector<std::string> of(const std::string& kind) {
        if (kind == "contexts") return contexts();
        if (kind == "hosts") return list("/v1/hosts", "name");
        if (kind == "labels") return labels();
        if (kind == "commands") return list("/v1/commands", "id");
        if (kind == "enrolments") return list("/v1/enrolments", "id");
        if (kind == "waiting") return waiting();
        if (kind == "enrolment tokens") return list("/v1/enrolment-tokens", "id");
        if (kind == "tokens") return list("/v1/tokens", "id");
        if (kind == "plans") return list("/v1/plans", "id");
        if (kind == "open plans") return open_plans();
        if (kind == "environments") return list("/v1/environments", "name");
        if (kind == "applications") return list("/v1/applications", "name");
        if (kind == "assignments") return list("/v1/assignments", "name");
        if (kind == "scopes") return scopes();
        if (kind == "keys") return list("/v1/settings/" + percent_encode(asked_.before_it), "key");
        if (kind == "keys of host") {
            return list("/v1/hosts/" + percent_encode(asked_.before_it) + "/settings", "key");
        }
        if (kind == "targets") {
            const bool command = asked_.begun.starts_with("command/");
            return command ? list("/v1/commands", "id", "command/")
                           : list("/v1/hosts", "name", "host/");
        }
        const std::string host = asked_.host.empty() ? any_host() : asked_.host;
        if (host.empty()) return {};
        const std::string path = "/v1/hosts/" + percent_encode(host);
        if (kind == "collections") return list(path + "/collections", "collection");
        if (kind == "fields") return fields(path + "/collections");
        if (kind == "resources") {
            return list(path + "/resources/" + percent_encode(asked_.before_it), "id");
        }
        return {};
    }

  private:
    std::vector<std::string> scopes() {
        std::vector<std::string> scopes{"global"};
        const std::string& begun = asked_.begun;
        for (const char* kind : {"environment", "assignment", "host"}) {
            const std::string before = std::string(kind) + ":";
            // Of a kind that is not meant nobody needs the names.
            const std::size_t common = std::min(begun.size(), before.size());
            if (begun.compare(0, common, before, 0, common) != 0) continue;
            for (std::string& scope : list(std::string("/v1/") + kind + "s", "name", before))
                scopes.push_back(std::move(scope));
        }
        return scopes;
    }

    std::vector<std::string> contexts() {
        std::vector<std::string> names;
        const auto contexts = client::load_contexts(client::contexts_path());
        if (!contexts) return names;
        for (const auto& [name, context] : contexts->by_name) names.push_back(name);
        return names;
    }

    // labels.role=web, as a filter of hosts has it: those that need no quotes.
    std::vector<std::string> labels() {
        std::set<std::string> terms;
        const json::Value page = get("/v1/hosts", {{"limit", kNamesMost}});
        if (!page["items"].is_array()) return {};
        for (const json::Value& host : page["items"].as_array()) {
            if (!host["labels"].is_object()) continue;
            for (const auto& [name, value] : host["labels"].as_object()) {
                const std::string term = "labels." + name + "=" + host["labels"].string_or(name);
                if (std::all_of(term.begin(), term.end(), is_plain)) terms.insert(term);
            }
        }
        return {terms.begin(), terms.end()};
    }

    // files, and behind a dot what its schema has there: files.content.
    std::vector<std::string> fields(const std::string& collections) {
        const std::size_t dot = asked_.begun.rfind('.');
        if (dot == std::string::npos) return list(collections, "collection");
        const auto names = split(asked_.begun.substr(0, dot), '.');
        const json::Value answer = get(collections + "/" + percent_encode(names[0]));
        const FieldPlace place = follow_names(answer["schema"], names);
        std::vector<std::string> found;
        if (place.names < names.size()) return found;
        for (const std::string& name : field_names(*place.schema))
            found.push_back(asked_.begun.substr(0, dot + 1) + name);
        return found;
    }

    // Enrolments about which something is to be decided; a list's filter knows no OR.
    std::vector<std::string> waiting() {
        std::vector<std::string> names;
        for (const char* state : {"pending", "held", "rejected"}) {
            for (std::string& name :
                 list("/v1/enrolments", "id", "", std::string("state = ") + state)) {
                names.push_back(std::move(name));
            }
        }
        return names;
    }

    // Plans that can still be applied.
    std::vector<std::string> open_plans() {
        return list("/v1/plans", "id", "", "state in (open, approved)");
    }

    std::string any_host() {
        const auto hosts = list("/v1/hosts", "name");
        return hosts.empty() ? "" : hosts.front();
    }

    std::vector<std::string> list(const std::string& path, const char* member,
                                  const std::string& before = "", const std::string& filter = "") {
        std::vector<std::string> names;
        const json::Value page = get(path, {{"limit", kNamesMost}, {"filter", filter}});
        if (!page["items"].is_array()) return names;
        for (const json::Value& item : page["items"].as_array()) {
            const std::string name = item.string_or(member);
            // What could drive the terminal, or would be an option, is not offered.
            const bool is_option = before.empty() && name.starts_with('-');
            if (!name.empty() && !is_option && printable(name) == name) {
                names.push_back(before + name);
            }
        }
        return names;
    }

    // The answer, or null.
    json::Value get(const std::string& path,
                    std::vector<std::pair<std::string, std::string>> query = {}) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
        auto config = resolve(asked_.globals);
        if (!config || left.count() <= 0) return {};
        config->timeout = left;
        config->attempts = 1;
        auto client = client::Client::open(*std::move(config));
        if (!client) return {};
        const auto reply = client->send({.path = path, .query = std::move(query)});
        if (!reply) return {};
        return json::parse(reply->body, {.bytes = 16 << 20}).value_or(json::Value());
    }

    const Completion& asked_;
    const std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::now() + kBudget;
};

void remember(Completion& completion, const std::string& option, const std::string& value) {
    if (option == "--host") completion.host = value;
    if (option == "--url") completion.globals.url = value;
    if (option == "--token-file") completion.globals.token_file = value;
    if (option == "--ca-file") completion.globals.ca_file = value;
    if (option == "--context") completion.globals.context = value;
}

}  // namespace

Completion completion_of(const CLI::App& app, const std::vector<std::string>& words) {
    Completion completion;
    const CLI::App* at = &app;
    std::string path;
    std::vector<std::string> given;
    std::string option;  // whose value comes next
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const std::string& word = words[i];
        // bash makes three words of --file=name.
        if (!option.empty() && word == "=") continue;
        if (!option.empty()) {
            remember(completion, std::exchange(option, ""), word);
        } else if (word.starts_with('-')) {
            if (command_line::takes_value(at, word)) option = word;
        } else if (const CLI::App* sub = command_line::subcommand_of(*at, word)) {
            at = sub;
            path += (path.empty() ? "" : " ") + sub->get_name();
        } else {
            given.push_back(word);
        }
    }
    completion.begun = words.empty() ? "" : words.back();
    if (!option.empty() && completion.begun == "=") completion.begun.clear();
    const std::size_t equals = completion.begun.find('=');
    if (option.empty() && completion.begun.starts_with("--") && equals != std::string::npos) {
        completion.before = completion.begun.substr(0, equals + 1);
        option = completion.begun.substr(0, equals);
        completion.begun.erase(0, equals + 1);
    }
    if (!option.empty()) {
        completion.live = values_of(path, option);
        completion.fixed = listed(completion.live);
        return completion;
    }
    if (completion.begun.starts_with('-')) {
        completion.fixed = command_line::option_names(at);
        return completion;
    }
    completion.fixed = command_line::command_names(*at);
    const auto& places = places_of(path);
    if (given.size() < places.size()) {
        completion.live = places[given.size()];
        if (!given.empty()) completion.before_it = given.back();
        if (path == "render" && !given.empty()) completion.host = given.front();
        if (path == "wait") completion.fixed = {"host/", "command/"};
        const auto& values = listed(completion.live);
        completion.fixed.insert(completion.fixed.end(), values.begin(), values.end());
    }
    return completion;
}

Exit complete(const Completion& completion) {
    std::vector<std::string> found = completion.fixed;
    if (!completion.live.empty() && listed(completion.live).empty()) {
        for (std::string& name : Names(completion).of(completion.live)) {
            found.push_back(std::move(name));
        }
    }
    std::string text;
    for (const std::string& one : found) {
        if (one == kFiles) text += one + "\n";
        else if (one.starts_with(completion.begun)) text += completion.before + one + "\n";
    }
    std::fputs(text.c_str(), stdout);
    return Exit::done;
}

Exit print_completion(const Output& output, const std::string& shell) {
    output.text(shell == "zsh" ? kZsh : shell == "fish" ? kFish : kBash);
    return Exit::done;
}

}  // namespace evenkeel::cli
