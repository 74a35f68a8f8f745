#include "sdk/client/cli/manifests/known_objects.hpp"

#include <utility>

namespace evenkeel::cli {
namespace {

constexpr std::size_t kItemBytesMost = 64 << 20;
constexpr std::string_view kHost = "host:";

// What is no part of a body.
void take_told(ObjectKind kind, json::Object& body) {
    for (const char* name : {"name", "scope", "key", "revision", "source", "hosts", "strategy"}) {
        body.erase(name);
    }
    if (kind == ObjectKind::application) body.erase("version");
    if (kind == ObjectKind::assignment) body.erase("settings");
}

void add_known(KnownObjects& known, ObjectKind kind, const json::Value& item) {
    ObjectKey key{kind, item.string_or("name")};
    if (kind == ObjectKind::setting) {
        key = setting_key(item.string_or("scope"), item.string_or("key"));
    }
    json::Object body = item.is_object() ? item.as_object() : json::Object{};
    take_told(kind, body);
    known[std::move(key)] = {with_defaults(kind, std::move(body)), item.string_or("source")};
}

}  // namespace

client::Result<KnownObjects> known_objects(client::Client& client) {
    KnownObjects known;
    for (const ObjectKind kind : {ObjectKind::environment, ObjectKind::setting,
                                  ObjectKind::application, ObjectKind::assignment}) {
        const auto list = client.list({.path = "/v1/" + std::string(to_string(kind)) + "s"});
        if (!list) return list.error();
        for (const std::string& text : *list) {
            const auto item = json::parse(text, {.bytes = kItemBytesMost});
            if (item) add_known(known, kind, *item);
        }
    }
    return known;
}

client::Result<const client::Host*> HostNames::find(const std::string& name) {
    const auto [found, is_new] = seen_.try_emplace(name);
    if (is_new) {
        auto host = client_.host(name);
        if (host) {
            found->second = *std::move(host);
        } else if (host.error().status != 404) {
            const client::Failure failure = host.error();
            seen_.erase(found);
            return failure;
        }
    }
    return found->second ? &*found->second : nullptr;
}

client::Result<std::string> HostNames::scope_by(const std::string& scope,
                                                std::string client::Host::*part) {
    if (!scope.starts_with(kHost)) return scope;
    const auto host = find(scope.substr(kHost.size()));
    if (!host) return host.error();
    return *host == nullptr ? scope : std::string(kHost) + (*host)->*part;
}

client::Result<std::string> HostNames::scope_by_id(const std::string& scope) {
    return scope_by(scope, &client::Host::id);
}

client::Result<std::string> HostNames::scope_by_name(const std::string& scope) {
    return scope_by(scope, &client::Host::name);
}

}  // namespace evenkeel::cli
