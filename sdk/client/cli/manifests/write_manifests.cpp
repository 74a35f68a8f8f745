#include "sdk/client/cli/manifests/write_manifests.hpp"

#include <algorithm>
#include <cctype>

#include "core/base/text.hpp"

namespace evenkeel::cli {
namespace {

constexpr std::size_t kInlineBytesMost = 200;
constexpr std::size_t kFileNameBytesMost = 100;

constexpr const char* kSecretsAbsent =
    "# Secrets are not in this file: each value_from names a variable. Where the variable is not\n"
    "# set, the orchestrator keeps the secret that it has.\n";

// Of letters, digits and `more`; anything else becomes _.
std::string plain(const std::string& text, const std::string& more) {
    std::string out = text;
    for (char& c : out) {
        const bool keeps =
            std::isalnum(static_cast<unsigned char>(c)) != 0 || more.find(c) != std::string::npos;
        if (!keeps) c = '_';
    }
    return out;
}

// The text, or with -2, -3 ... behind it, so that no two are equal.
std::string unique(const std::string& text, std::set<std::string>& seen, const std::string& mark) {
    std::string name = text;
    for (int i = 2; !seen.insert(name).second; ++i) name = text + mark + std::to_string(i);
    return name;
}

class Writer {
  public:
    Writer(const KnownObjects& known, HostNames& hosts) : known_(known), hosts_(hosts) {}

    client::Result<WrittenFolder> write() {
        if (const auto named = name_settings(); !named) return named.error();
        for (const auto& [key, object] : known_) {
            const auto added = add(key, object);
            if (!added) return added.error();
        }
        for (const auto& [scope, settings] : settings_) {
            if (scope.starts_with(kAssignmentScope)) continue;
            add_document(
                "settings.yaml",
                json::Object{{"kind", "settings"}, {"scope", scope}, {"settings", settings}});
        }
        for (const std::string& file : with_secrets_) {
            folder_.files[file] = kSecretsAbsent + folder_.files[file];
        }
        return std::move(folder_);
    }

  private:
    client::Result<> add(const ObjectKey& key, const KnownObject& object) {
        switch (key.kind) {
            case ObjectKind::environment:
                add_document("environments.yaml", short_form(key, object));
                break;
            case ObjectKind::setting:
                break;
            case ObjectKind::application:
                return add_application(key, object);
            case ObjectKind::assignment:
                return add_assignment(key, object);
        }
        return {};
    }

    void add_document(const std::string& file, const json::Value& document) {
        std::string& text = folder_.files[file];
        if (!text.empty()) text += "---\n";
        text += write_yaml(document);
    }

    // Without members that say what counts without them, too.
    static json::Object short_form(const ObjectKey& key, const KnownObject& object) {
        const json::Object defaults = with_defaults(key.kind, {});
        json::Object out{{"kind", to_string(key.kind)}, {"name", key.name}};
        for (const auto& [name, value] : object.body.as_object()) {
            const json::Value* usual = defaults.find(name);
            if (!usual || !(*usual == value)) out.append(name, value);
        }
        return out;
    }

    client::Result<> add_application(const ObjectKey& key, const KnownObject& object) {
        json::Object document = short_form(key, object);
        const std::string file = unique(file_name(key.name), applications_, "-");
        std::set<std::string> names;
        json::Value* resources = document.find("resources");
        if (resources && resources->is_array()) {
            for (json::Value& resource : resources->as_array()) {
                if (resource["description"].find("content_file")) return no_content(key, resource);
                move_content("files/" + file + "/", resource, names);
            }
        }
        add_document("application-" + file + ".yaml", std::move(document));
        return {};
    }

    // A plan of the folder would read a file by a name that the orchestrator chose.
    static client::Failure no_content(const ObjectKey& key, const json::Value& resource) {
        return {.kind = client::Kind::bad_answer,
                .detail = "application " + key.name + ", " + resource.string_or("collection") +
                          " " + resource.string_or("id") +
                          ": a manifest cannot hold a description with a member content_file"};
    }

    void move_content(const std::string& folder, json::Value& resource,
                      std::set<std::string>& names) {
        const json::Value* given = resource.find("description");
        if (!given || !given->is_object()) return;
        const bool has_both = given->find("content") && given->find("content_base64");
        json::Object description;
        for (const auto& [name, value] : given->as_object()) {
            const auto content = content_of(name, value);
            if (!content || has_both) {
                description.append(name, value);
                continue;
            }
            const std::string file =
                folder + unique(file_name(resource.string_or("id")), names, "-");
            folder_.files[file] = *content;
            description.append("content_file", file);
        }
        resource.as_object().set("description", std::move(description));
    }

    // The bytes that are better kept in a file of their own, and that come back as they are.
    static std::optional<std::string> content_of(const std::string& name,
                                                 const json::Value& value) {
        if (!value.is_string()) return std::nullopt;
        const std::string& text = value.as_string();
        if (name == "content") {
            const bool is_long =
                text.size() > kInlineBytesMost || text.find('\n') != std::string::npos;
            return is_long ? std::optional(text) : std::nullopt;
        }
        if (name != "content_base64") return std::nullopt;
        auto bytes = from_base64(text);
        return bytes && !is_utf8(*bytes) ? std::optional(*std::move(bytes)) : std::nullopt;
    }

    // A bare name, no path and not hidden.
    static std::string file_name(const std::string& of) {
        std::string name = plain(of, "._-");
        name.erase(0, name.find_first_not_of("._-"));
        if (name.size() > kFileNameBytesMost) name.erase(0, name.size() - kFileNameBytesMost);
        return name.empty() ? "content" : name;
    }

    client::Result<> add_assignment(const ObjectKey& key, const KnownObject& object) {
        json::Object document = short_form(key, object);
        if (json::Value* host = document.find("host")) {
            const auto found = hosts_.find(host->is_string() ? host->as_string() : "");
            if (!found) return found.error();
            if (*found) *host = (*found)->name;
        }
        if (const json::Value* version = document.find("version")) {
            folder_.older.push_back(key.name + ": version " + json::write(*version) + " of " +
                                    object.body.string_or("application"));
        }
        const auto settings = settings_.find(kAssignmentScope + key.name);
        if (settings != settings_.end()) document.append("settings", settings->second);
        add_document("assignments.yaml", std::move(document));
        return {};
    }

    // Each scope's, by key, hosts by name.
    client::Result<> name_settings() {
        for (const auto& [key, object] : known_) {
            if (key.kind != ObjectKind::setting) continue;
            const auto [by_id, name] = parts_of_setting(key);
            const auto scope = hosts_.scope_by_name(by_id);
            if (!scope) return scope.error();
            auto value = written_setting(*scope, name, object.body);
            if (!value) return value.error();
            settings_[*scope].append(name, *std::move(value));
        }
        return {};
    }

    client::Result<json::Value> written_setting(const std::string& scope, const std::string& key,
                                                const json::Value& body) {
        const json::Value& value = body["value"];
        const bool is_secret = body.bool_or("secret");
        json::Object out;
        if (is_secret && !value.is_null()) {
            out.append("value_from", json::Object{{"env", variable_of(scope, key)}});
        } else if (!value.is_null()) {
            out.append("value", value);
        } else if (is_secret) {
            out.append("secret", true);
        }
        if (body["link"].is_object()) {
            json::Value link = body["link"];
            const auto named = hosts_.scope_by_name(link.string_or("scope"));
            if (!named) return named.error();
            link.as_object().set("scope", *named);
            out.append("link", std::move(link));
        }
        const bool is_plain = out.size() == 1 && out.contains("value") && !value.is_object();
        return is_plain ? value : json::Value(std::move(out));
    }

    std::string variable_of(const std::string& scope, const std::string& key) {
        std::string name = plain("SECRET_" + scope + "_" + key, "");
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        name = unique(name, variables_, "_");
        folder_.absent.push_back(scope + " " + key + ": " + name);
        with_secrets_.insert(scope.starts_with(kAssignmentScope) ? "assignments.yaml"
                                                                 : "settings.yaml");
        return name;
    }

    const KnownObjects& known_;
    HostNames& hosts_;
    std::map<std::string, json::Object> settings_;  // by scope
    std::set<std::string> applications_;            // names of their files
    std::set<std::string> variables_;
    std::set<std::string> with_secrets_;  // files
    WrittenFolder folder_;
};

}  // namespace

client::Result<WrittenFolder> write_manifests(const KnownObjects& known, HostNames& hosts) {
    return Writer(known, hosts).write();
}

}  // namespace evenkeel::cli
