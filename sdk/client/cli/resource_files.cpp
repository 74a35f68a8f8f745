#include "sdk/client/cli/resource_files.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "sdk/client/cli/documents.hpp"
#include "sdk/client/cli/input.hpp"
#include "sdk/client/cli/output.hpp"
#include "sdk/client/cli/session.hpp"

namespace evenkeel::cli {
namespace {

namespace fs = std::filesystem;
using Key = std::pair<std::string, std::string>;  // collection and id

client::Failure refuse(const std::string& source, const std::string& why) {
    return {.kind = client::Kind::local, .code = kMisused, .detail = source + ": " + why};
}

// The files of a folder that a FILE may be in; a folder in it is left alone.
client::Result<std::vector<std::string>> files_of(const std::string& folder) {
    std::error_code error;
    std::vector<std::string> files;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (is_document_name(name) && !at->is_directory()) files.push_back(at->path());
    }
    if (error) return refuse(folder, error.message());
    if (files.empty()) return refuse(folder, "no *.json, *.yaml or *.yml in this folder");
    std::sort(files.begin(), files.end());
    return files;
}

client::Result<std::vector<std::string>> files_of(const std::vector<std::string>& sources) {
    std::vector<std::string> files;
    for (const std::string& source : sources) {
        std::error_code none;
        if (source == "-" || !fs::is_directory(source, none)) {
            files.push_back(source);
            continue;
        }
        const auto inside = files_of(source);
        if (!inside) return inside.error();
        files.insert(files.end(), inside->begin(), inside->end());
    }
    return files;
}

// What the API tells of a resource beside its description: nothing to be sent back.
constexpr const char* kToldOnly[] = {"host",       "origin", "owners",      "overrides",
                                     "generation", "state",  "observed_at", "compliance"};

class Reader {
  public:
    client::Result<> read(const std::string& path) {
        const auto text = read_input(path);
        if (!text) {
            return client::Failure{
                .kind = client::Kind::local, .code = kMisused, .detail = text.error().detail};
        }
        source_ = path == "-" ? "standard input" : path;
        const auto documents = parse_documents(path, *text);
        if (!documents) return refuse(source_, documents.error().what);
        if (documents->empty()) return refuse(source_, "nothing is described in it");
        for (const Document& document : *documents) {
            ++files_.documents;
            if (const auto added = add_document(document.value); !added) return added.error();
        }
        return {};
    }

    ResourceFiles files() && { return std::move(files_); }

  private:
    client::Result<> add_document(const json::Value& document) {
        if (document["kind"].is_string()) {
            return refuse(source_, "a manifest of the fleet: without --host, -l and --target");
        }
        if (document["resources"].is_array()) return add_file(document);
        if (document["items"].is_array()) return add_answer(document["items"].as_array());
        if (document["collection"].is_string()) return add_told(document, "");
        return refuse(source_, R"(not like {"resources":[{"collection","id","description"}]})");
    }

    client::Result<> add_file(const json::Value& document) {
        for (const auto& [name, member] : document.as_object()) {
            if (name != "resources") {
                return refuse(source_,
                              "beside 'resources' there is nothing, but here is '" + name + "'");
            }
        }
        std::size_t index = 0;
        for (const json::Value& resource : document["resources"].as_array()) {
            const auto added = add(resource, "/resources/" + std::to_string(index++));
            if (!added) return added.error();
        }
        return {};
    }

    client::Result<> add_answer(const json::Array& items) {
        std::size_t index = 0;
        for (const json::Value& item : items) {
            const auto added = add_told(item, "/items/" + std::to_string(index++));
            if (!added) return added.error();
        }
        return {};
    }

    // A resource as the API shows it, or as a FILE has it.
    client::Result<> add_told(const json::Value& item, const std::string& pointer) {
        if (!item.is_object() || !item.find("generation")) return add(item, pointer);
        json::Object resource = item.as_object();
        if (item.string_or("origin") == "local") {
            Output::message(source_ + ": " + item.string_or("collection") + " " +
                            item.string_or("id") + " is described by its host itself: left out");
            return {};
        }
        for (const char* name : kToldOnly) resource.erase(name);
        return add(std::move(resource), pointer);
    }

    client::Result<> add(json::Value resource, const std::string& pointer) {
        Key key{resource.string_or("collection"), resource.string_or("id")};
        const std::string here = source_ + ": " + (pointer.empty() ? "/" : pointer);
        if (resource["collection"].is_string() && resource["id"].is_string()) {
            const auto [first, is_new] = seen_.emplace(std::move(key), here);
            if (!is_new) {
                return refuse(here, first->first.first + " " + first->first.second +
                                        " is described already in " + first->second);
            }
        }
        files_.entries.push_back({std::move(resource), source_, pointer});
        return {};
    }

    std::string source_;  // of what is being read
    std::map<Key, std::string> seen_;
    ResourceFiles files_;
};

}  // namespace

std::string ResourceFiles::file() const {
    json::Array resources;
    for (const Entry& entry : entries) resources.push_back(entry.resource);
    return json::write(json::Object{{"resources", std::move(resources)}});
}

client::Failure ResourceFiles::located(client::Failure failure) const {
    for (client::FieldError& error : failure.errors) {
        const auto tokens = json::pointer_tokens(error.pointer);
        if (tokens.size() < 2 || tokens[0] != "resources") continue;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (tokens[1] != std::to_string(i)) continue;
            const std::string there = "/resources/" + tokens[1];
            const std::string pointer = entries[i].pointer + error.pointer.substr(there.size());
            const std::string before = error.pointer + ": " + error.detail;
            error.pointer = documents > 1 ? entries[i].source + ": " + pointer : pointer;
            if (failure.detail == before) failure.detail = error.pointer + ": " + error.detail;
        }
    }
    return failure;
}

std::vector<const ResourceFiles::Entry*> ResourceFiles::dependents_first() const {
    std::map<Key, const Entry*> by_key;
    for (const Entry& entry : entries) {
        by_key[{entry.resource.string_or("collection"), entry.resource.string_or("id")}] = &entry;
    }
    std::vector<const Entry*> order;  // what is required first, turned round at the end
    std::set<const Entry*> seen;      // also ends a cycle, which the API has refused to store
    const auto visit = [&](const auto& self, const Entry* entry) -> void {
        if (!seen.insert(entry).second) return;
        const json::Value& required = entry->resource["requires"];
        if (required.is_array()) {
            for (const json::Value& one : required.as_array()) {
                const auto found = by_key.find({one.string_or("collection"), one.string_or("id")});
                if (found != by_key.end()) self(self, found->second);
            }
        }
        order.push_back(entry);
    };
    for (const Entry& entry : entries) visit(visit, &entry);
    std::reverse(order.begin(), order.end());
    return order;
}

client::Result<ResourceFiles> read_resource_files(const std::vector<std::string>& sources) {
    const auto files = files_of(sources);
    if (!files) return files.error();
    Reader reader;
    for (const std::string& file : *files) {
        if (const auto read = reader.read(file); !read) return read.error();
    }
    ResourceFiles read = std::move(reader).files();
    if (read.entries.empty()) return refuse(sources.front(), "nothing is described in it");
    return read;
}

}  // namespace evenkeel::cli
