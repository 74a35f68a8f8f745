#include "sdk/client/cli/manifests/read_manifests.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "sdk/client/cli/input.hpp"
#include "sdk/client/cli/manifests/declared_settings.hpp"
#include "sdk/client/cli/manifests/source_files.hpp"

namespace evenkeel::cli {
namespace {

constexpr const char* kKinds = ": environment, settings, application or assignment";

// A file and what is in it, or why nothing can be read of it.
struct ParsedFile {
    SourceFile source;
    std::vector<std::shared_ptr<const Document>> documents;
    std::string wrong;
};

ParsedFile parse_file(SourceFile source) {
    ParsedFile parsed{std::move(source), {}, ""};
    const auto text = read_input(parsed.source.path);
    if (!text) {
        parsed.wrong = text.error().detail;
        return parsed;
    }
    auto documents = parse_documents(parsed.source.path, *text);
    if (parsed.source.path == "-") parsed.source.path = "standard input";
    if (!documents) {
        parsed.wrong = documents.error().what;
        return parsed;
    }
    for (Document& document : *documents) {
        parsed.documents.push_back(std::make_shared<const Document>(std::move(document)));
    }
    return parsed;
}

// What only the orchestrator can say, and what it shows beside a body.
std::vector<const char*> told_of(ObjectKind kind) {
    if (kind == ObjectKind::environment) return {"revision", "hosts", "strategy"};
    if (kind == ObjectKind::application) return {"revision", "version"};
    return {"revision"};
}

class Reader {
  public:
    client::Result<Manifests> read(const std::vector<std::string>& sources,
                                   const std::vector<std::string>& allowed) {
        std::vector<ParsedFile> files;
        for (SourceFile& source : source_files(sources, allowed, problems_)) {
            files.push_back(parse_file(std::move(source)));
        }
        for (const ParsedFile& file : files) note_named(file);
        for (const ParsedFile& file : files) {
            if (named_.contains(file.source.real)) continue;
            source_ = &file.source;
            if (!file.wrong.empty()) add({nullptr, file.source.path, ""}, file.wrong);
            for (const auto& document : file.documents) {
                add_document({document, file.source.path, ""});
            }
        }
        if (!problems_.empty()) return failure_of(std::move(problems_));
        return std::move(manifests_);
    }

  private:
    void add(const Place& place, std::string why, const std::string& below = "") {
        problems_.push_back({place.text(below), "invalid", std::move(why)});
    }

    // Files that manifests name are no manifests, whatever they are called.
    void note_named(const ParsedFile& file) {
        const auto note = [&](const json::Value& name) {
            if (!name.is_string()) return;
            const std::string real = find_named(file.source, name.as_string()).real;
            if (!real.empty()) named_.insert(real);
        };
        for (const auto& document : file.documents) {
            const json::Value& value = document->value;
            if (value["resources"].is_array()) {
                for (const json::Value& resource : value["resources"].as_array()) {
                    note(resource["description"]["content_file"]);
                }
            }
            if (!value["settings"].is_object()) continue;
            for (const auto& [key, setting] : value["settings"].as_object()) {
                note(setting["value_from"]["file"]);
            }
        }
    }

    void add_document(Place place) {
        const json::Value& value = place.document->value;
        const std::string kind = value.string_or("kind");
        if (kind.empty() && (value["resources"].is_array() || value["items"].is_array() ||
                             value["collection"].is_string())) {
            return add(place,
                       "describes resources of hosts and no fleet: name the hosts with --host, -l "
                       "or --target");
        }
        if (kind == "settings") return add_settings(place);
        const auto known = find_name<ObjectKind>(kind);
        if (!known || *known == ObjectKind::setting) {
            if (kind.empty()) return add(place, std::string("must have a kind") + kKinds);
            return add(place, "'" + kind + "' is no kind" + kKinds, "/kind");
        }
        add_object(*known, place);
    }

    void add_object(ObjectKind kind, const Place& place) {
        json::Object body = place.document->value.as_object();
        const std::string name = place.document->value.string_or("name");
        if (name.empty()) return add(place, "must have a name, which is text");
        body.erase("kind");
        body.erase("name");
        for (const char* told : told_of(kind)) body.erase(told);
        if (body.contains("source")) {
            add(place, "is given with --source, for all manifests", "/source");
        }
        if (kind == ObjectKind::application) read_contents(place, body);
        if (kind == ObjectKind::assignment) take_settings(name, place, body);
        declare({kind, name}, {std::move(body), place});
    }

    void declare(ObjectKey key, Declared declared) {
        const std::string text = std::string(to_string(key.kind)) + " " + key.name;
        const auto [first, is_new] = manifests_.objects.emplace(std::move(key), declared);
        if (is_new) return;
        add(declared.place, text + " is declared already in " + first->second.place.text());
    }

    void read_contents(const Place& place, json::Object& body) {
        json::Value* resources = body.find("resources");
        if (!resources || !resources->is_array()) return;
        std::size_t index = 0;
        for (json::Value& resource : resources->as_array()) {
            const std::string at = "/resources/" + std::to_string(index++) + "/description";
            if (!resource.is_object()) continue;
            json::Value* description = resource.as_object().find("description");
            if (description && description->is_object()) {
                read_content(place, at, description->as_object());
            }
        }
    }

    // content_file becomes content, or content_base64 when it is no text.
    void read_content(const Place& place, const std::string& at, json::Object& description) {
        const json::Value* name = description.find("content_file");
        if (!name) return;
        const std::string below = at + "/content_file";
        if (!name->is_string()) return add(place, "must be text", below);
        if (description.contains("content") || description.contains("content_base64")) {
            return add(place, "there is content beside it", below);
        }
        const NamedFile file = find_named(*source_, name->as_string());
        if (file.real.empty()) return add(place, file.wrong, below);
        auto content = read_named(file.real, kContentBytesMost);
        if (!content) return add(place, content.error().detail, below);
        if (file.is_elsewhere) manifests_.from_elsewhere.insert("the file " + file.real);
        json::Object whole;
        for (auto& [member, value] : description) {
            if (member != "content_file") whole.append(member, std::move(value));
            else if (is_utf8(*content)) whole.append("content", *std::move(content));
            else whole.append("content_base64", to_base64(*content));
        }
        description = std::move(whole);
    }

    void take_settings(const std::string& name, const Place& place, json::Object& body) {
        const json::Value settings = body.find("settings") ? *body.find("settings") : json::Value();
        body.erase("settings");
        if (settings.is_null()) return;
        manifests_.with_settings.insert(name);
        declare_settings("assignment:" + name, settings, place);
    }

    void add_settings(const Place& place) {
        const json::Value& value = place.document->value;
        for (const auto& [name, member] : value.as_object()) {
            if (name == "kind" || name == "scope" || name == "settings") continue;
            add(place, "there are kind, scope and settings", json::pointer("", name));
        }
        if (!value["scope"].is_string()) {
            return add(place,
                       "must have a scope: global, environment:NAME, host:NAME or "
                       "assignment:NAME");
        }
        declare_settings(value.string_or("scope"), value["settings"], place);
    }

    void declare_settings(const std::string& scope, const json::Value& settings,
                          const Place& place) {
        if (!settings.is_object()) return add(place, "must be an object of keys", "/settings");
        for (const auto& [key, given] : settings.as_object()) {
            const Place at{place.document, place.file, json::pointer("/settings", key)};
            auto declared = read_setting(given, at, *source_, problems_);
            if (declared && !declared->from.empty()) {
                manifests_.from_elsewhere.insert(declared->from);
            }
            if (declared) declare(setting_key(scope, key), *std::move(declared));
        }
    }

    const SourceFile* source_ = nullptr;  // of what is being read
    std::set<std::string> named_;         // files that manifests name, without symbolic links
    Manifests manifests_;
    Problems problems_;
};

}  // namespace

client::Result<Manifests> read_manifests(const std::vector<std::string>& sources,
                                         const std::vector<std::string>& allowed) {
    return Reader().read(sources, allowed);
}

}  // namespace evenkeel::cli
