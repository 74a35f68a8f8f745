#pragma once

#include <algorithm>
#include <list>
#include <map>
#include <set>
#include <string>

#include "orchestrator/compile/compile.hpp"
#include "orchestrator/compile/key_use.hpp"

namespace evenkeel::compile {

// Settings, hosts, one application and its assignment, from JSON as docs/applications.md has it.
class Scenario {
  public:
    // With `resource`, this is the only one of the application.
    explicit Scenario(const json::Value& given, const json::Value& resource = {}) {
        add_settings(given["settings"], false);
        add_settings(given["secrets"], true);
        for (const json::Value& host : given["hosts"].as_array()) {
            const std::string name = host.string_or("name");
            Host made{
                .id = name, .name = name, .environment = host.string_or("environment", "default")};
            if (host.find("labels")) made.labels = host["labels"];
            if (host.find("facts")) made.facts = host["facts"];
            hosts_.emplace(name, std::move(made));
        }
        json::Value application = given["application"];
        if (!resource.is_null()) application.as_object().set("resources", json::Array{resource});
        application_ = read_application("nginx", 1, application, wrong);
    }

    std::vector<WrongPlace> wrong;

    Compiled compile(const std::string& host) {
        return compile::compile(hosts_.at(host), {{&assignment, &application_}}, sources());
    }
    std::vector<wire::Ref> refs_using(const std::set<std::string>& keys, const std::string& host) {
        return refs_of(hosts_.at(host), {&assignment, &application_},
                       rules_using(application_, keys), sources());
    }
    const std::map<std::string, Host>& hosts() const { return hosts_; }
    const Application& application() const { return application_; }

    Assignment assignment{.name = "web", .application = "nginx"};

  private:
    void add_settings(const json::Value& scopes, bool is_secret) {
        if (!scopes.is_object()) return;
        for (const auto& [scope, settings] : scopes.as_object()) {
            for (const auto& [key, value] : settings.as_object()) {
                Setting setting{.value = value, .is_secret = is_secret};
                const std::string link = value.string_or("link");
                if (!link.empty()) {
                    const std::size_t space = link.find(' ');
                    setting.link = Link{*read_scope(link.substr(0, space)), link.substr(space + 1)};
                    setting.value = value["value"];
                }
                settings_[*read_scope(scope)][key] = std::move(setting);
            }
        }
    }

    Sources sources() {
        return {
            .find_setting = [this](const Place& place) -> const Setting* {
                const auto scope = settings_.find(place.scope);
                if (scope == settings_.end()) return nullptr;
                const auto found = scope->second.find(place.key);
                return found == scope->second.end() ? nullptr : &found->second;
            },
            .keys_of =
                [this](const Scope& scope) {
                    std::vector<std::string> keys;
                    for (const auto& [key, setting] : settings_[scope]) keys.push_back(key);
                    return keys;
                },
            .peers = [this](const PeerRule& rule, const Host& host) -> Result<const json::Value*> {
                return peers(rule, host);
            },
            .is_secret_field =
                [](const std::string& collection, const std::string& pointer) {
                    return collection == "users" && pointer == "/password_hash";
                },
            .check =
                [](const wire::Ref&, const json::Value& description) {
                    std::vector<WrongDescription> found;
                    if (description.find("wrong")) found.push_back({"/wrong", "is wrong"});
                    return found;
                }};
    }

    const json::Value* peers(const PeerRule& rule, const Host& host) {
        json::Array found;
        for (const auto& [name, other] : hosts_) {
            const json::Value value = json::Object{{"id", other.id},
                                                   {"name", other.name},
                                                   {"environment", other.environment},
                                                   {"labels", other.labels},
                                                   {"facts", other.facts}};
            const bool is_near = other.environment == host.environment ||
                                 other.environment.starts_with(host.environment + "/");
            if (!(rule.is_everywhere || is_near) || !rule.filter.matches(value)) continue;
            found.push_back(json::Object{{"id", other.id},
                                         {"name", other.name},
                                         {"labels", other.labels},
                                         {"facts", other.facts}});
        }
        return &peers_.emplace_back(std::move(found));
    }

    std::map<Scope, std::map<std::string, Setting>> settings_;
    std::map<std::string, Host> hosts_;
    std::list<json::Value> peers_;
    Application application_;
};

}  // namespace evenkeel::compile
