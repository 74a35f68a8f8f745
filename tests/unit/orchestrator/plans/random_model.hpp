#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/orchestrator/plans/fleet.hpp"

namespace evenkeel::plans {

// Parts of models and of changes, the same for the same seed.
class Random {
  public:
    explicit Random(unsigned seed) : generator_(seed) {}

    std::size_t below(std::size_t most) {
        return std::uniform_int_distribution<std::size_t>(0, most - 1)(generator_);
    }
    bool one_in(std::size_t many) { return below(many) == 0; }
    template <typename T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }
    template <typename T>
    void shuffle(std::vector<T>& all) {
        std::shuffle(all.begin(), all.end(), generator_);
    }

    std::string environment() { return pick<std::string>({"default", "prod", "prod/eu", "stage"}); }
    std::string key() { return pick<std::string>({"a", "b", "c", "d"}); }
    std::string application() { return pick<std::string>({"one", "two", "three"}); }
    std::string assignment() { return pick<std::string>({"p", "q", "r", "s"}); }
    std::string host_id() { return "h" + std::to_string(below(8)); }

    compile::Host host(const std::string& id) {
        compile::Host host = host_of(id, environment());
        host.labels = labels();
        if (!one_in(3)) host.facts = json::Object{{"os", json::Object{{"id", value()}}}};
        return host;
    }
    json::Value labels() {
        json::Object labels;
        if (!one_in(3)) labels.set("role", value());
        if (!one_in(3)) labels.set("zone", value());
        return labels;
    }
    std::string value() { return pick<std::string>({"x", "y"}); }

    std::string filter() {
        const std::string one =
            pick<std::string>({"labels.role = x", "labels.zone = x", "facts.os.id = y",
                               "environment = prod", "name = h1", "NOT labels.role : *"});
        return one_in(4) ? one + " OR " + filter() : one;
    }

    ObjectChange change() {
        switch (below(6)) {
            case 0:
                return put(ModelKind::application, application(), json::write(application_body()));
            case 1:
                return one_in(8) ? erase(ModelKind::assignment, assignment())
                                 : put(ModelKind::assignment, assignment(),
                                       json::write(assignment_body()));
            case 2:
                return erase(ModelKind::setting, place());
            default:
                return put(ModelKind::setting, place(), json::write(setting_body()));
        }
    }

    std::string scope() {
        switch (below(4)) {
            case 0:
                return "global";
            case 1:
                return "environment:" + environment();
            case 2:
                return "host:" + host_id();
            default:
                return "assignment:" + assignment();
        }
    }
    std::string place() { return scope() + " " + (one_in(4) ? application() + ":" : "") + key(); }

    json::Value setting_body() {
        if (!one_in(3)) return json::Object{{"value", static_cast<int>(below(3))}};
        json::Object body{{"link", json::Object{{"scope", scope()}, {"key", key()}}}};
        if (!one_in(5)) body.set("value", "own");
        return body;
    }

    json::Value assignment_body() {
        json::Object body{{"application", application()}};
        if (one_in(5)) {
            body.set("host", host_id());
        } else {
            if (one_in(2)) body.set("environment", environment());
            if (one_in(2)) body.set("filter", filter());
        }
        if (one_in(12)) body.set("enabled", false);
        if (one_in(3)) body.set("on_leave", "remove");
        if (one_in(5)) body.set("policy", "enforce");
        if (one_in(6)) body.set("version", 1);
        return body;
    }

    std::string template_of() {
        const std::string text = pick<std::string>(
            {"{{KEY}}", "{{#host.labels.role}}r{{.}}{{/host.labels.role}}", "{{host.facts|json}}",
             "{{host.name}}", "{{#if host.facts.os.id = x}}{{KEY}}{{/if}}", "{{environment.name}}",
             "{{#peers.near}}{{name}}{{labels|json}}{{/peers.near}}", "{{peers.far|json}}",
             "{{^host.labels.zone}}{{KEY}}{{/host.labels.zone}}", "plain"});
        const std::size_t at = text.find("KEY");
        return at == std::string::npos ? text : std::string(text).replace(at, 3, key());
    }

    json::Value application_body() {
        json::Array resources;
        for (std::size_t i = 0; i < 1 + below(4); ++i) {
            // Two applications rarely say the same about one resource.
            const std::string id = "/" + std::to_string(below(100));
            json::Object resource{{"collection", "files"},
                                  {"id", one_in(5) ? id + "{{" + key() + "}}" : id},
                                  {"description", json::Object{{"content", template_of()}}}};
            if (one_in(4)) resource.set("when", "host.labels.role = x");
            if (one_in(6)) resource.set("for_each", "peers.near");
            if (resources.size() == 1 && one_in(2)) {
                resource.set("requires", json::Array{json::Object{{"collection", "files"},
                                                                  {"id", resources[0]["id"]}}});
            }
            resources.push_back(std::move(resource));
        }
        json::Object properties;
        for (const char* key : {"a", "b", "c", "d"}) {
            if (!one_in(9)) properties.set(key, json::Object{{"default", 0}});
        }
        json::Object near{{"filter", filter()}};
        if (one_in(6)) near.set("min", 2);
        return json::Object{
            {"parameters", json::Object{{"properties", std::move(properties)}}},
            {"peers", json::Object{{"near", std::move(near)},
                                   {"far", json::Object{{"filter", filter()}, {"within", "all"}}}}},
            {"resources", std::move(resources)}};
    }

  private:
    std::mt19937 generator_;
};

}  // namespace evenkeel::plans
