#include "core/agent/config/config.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/base/trusted_path.hpp"

namespace evenkeel::agent {
namespace {

// Reads one member into its place; the error does not name the key.
using Reader = std::function<Result<void>(const json::Value&)>;
using Keys = std::vector<std::pair<std::string_view, Reader>>;

Result<void> read_keys(const json::Value& value, const std::string& where, const Keys& keys) {
    if (!value.is_object()) {
        return fail(Errc::invalid, (where.empty() ? "the configuration" : where) + " is no object");
    }
    for (const auto& [name, member] : value.as_object()) {
        const std::string path = where.empty() ? name : where + "." + name;
        const auto key = std::find_if(keys.begin(), keys.end(),
                                      [&name = name](const auto& k) { return k.first == name; });
        if (key == keys.end()) {
            return fail(Errc::invalid, "unknown key '" + printable(path) + "'");
        }
        if (auto read = key->second(member); !read) return fail("key '" + path + "'", read.error());
    }
    return {};
}

Reader text(std::string& into) {
    return [&into](const json::Value& value) -> Result<void> {
        if (!value.is_string() || value.as_string().empty()) {
            return fail(Errc::invalid, "is not a text");
        }
        into = value.as_string();
        return {};
    };
}

Reader path(std::string& into) {
    return [&into](const json::Value& value) -> Result<void> {
        EK_CHECK(text(into)(value));
        if (into.front() != '/') return fail(Errc::invalid, "is not an absolute path");
        if (into.find('\0') != std::string::npos) return fail(Errc::invalid, "has a zero byte");
        return {};
    };
}

template <typename Port>
Reader port(Port& into) {
    return [&into](const json::Value& value) -> Result<void> {
        if (!value.is_integer() || value.as_integer() < 1 || value.as_integer() > 65535) {
            return fail(Errc::invalid, "is not a port from 1 to 65535");
        }
        into = static_cast<std::uint16_t>(value.as_integer());
        return {};
    };
}

Reader truth(bool& into) {
    return [&into](const json::Value& value) -> Result<void> {
        if (!value.is_bool()) return fail(Errc::invalid, "is not true or false");
        into = value.as_bool();
        return {};
    };
}

Reader fingerprint(std::string& into) {
    return [&into](const json::Value& value) -> Result<void> {
        EK_CHECK(text(into)(value));
        if (!is_sha256_hex(into)) return fail(Errc::invalid, "is not 64 lower-case hex digits");
        return {};
    };
}

Reader interval(std::chrono::milliseconds& into) {
    return [&into](const json::Value& value) -> Result<void> {
        if (!value.is_string()) return fail(Errc::invalid, "is not a duration such as \"10m\"");
        into = EK_TRY(parse_duration(value.as_string()));
        if (into < std::chrono::seconds(1)) return fail(Errc::invalid, "is less than one second");
        return {};
    };
}

Reader level(std::string& into) {
    return [&into](const json::Value& value) -> Result<void> {
        EK_CHECK(text(into)(value));
        for (const std::string_view known : {"debug", "info", "warning", "error", "off"}) {
            if (into == known) return {};
        }
        return fail(Errc::invalid, "is none of debug, info, warning, error, off");
    };
}

// An array, each element read by `element`.
Reader list(std::function<Result<void>(const json::Value&)> element) {
    return [element = std::move(element)](const json::Value& value) -> Result<void> {
        if (!value.is_array()) return fail(Errc::invalid, "is no array");
        for (const json::Value& item : value.as_array()) EK_CHECK(element(item));
        return {};
    };
}

// Whether the plugin runs in a process of its own.
Result<bool> read_isolation(const std::string& name, const json::Value& kind) {
    if (kind == json::Value("process")) return true;
    if (kind == json::Value("none")) return false;
    return fail(Errc::invalid,
                "the isolation of '" + printable(name) + "' is neither process nor none");
}

Result<void> read_plugin(const json::Value& value, std::vector<std::string>& names,
                         std::map<std::string, bool>& isolation) {
    std::string name;
    json::Value kind;
    const auto keep = [&kind](const json::Value& member) -> Result<void> {
        kind = member;
        return {};
    };
    EK_CHECK(read_keys(value, "plugins", {{"name", text(name)}, {"isolation", keep}}));
    if (name.empty()) return fail(Errc::invalid, "an entry has no name");
    if (name.find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
        return fail(Errc::invalid, "'" + printable(name) + "' is not the name of a plugin");
    }
    if (!kind.is_null()) isolation[name] = EK_TRY(read_isolation(name, kind));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    return {};
}

Result<void> read_isolations(const json::Value& value, std::map<std::string, bool>& into) {
    if (!value.is_object()) return fail(Errc::invalid, "is no object");
    for (const auto& [name, kind] : value.as_object()) {
        into[name] = EK_TRY(read_isolation(name, kind));
    }
    return {};
}

// What each may hold is its plugin's to say, once it is loaded.
Result<void> read_collections(const json::Value& value, std::map<std::string, json::Value>& into) {
    if (!value.is_object()) return fail(Errc::invalid, "is no object");
    for (const auto& [name, configuration] : value.as_object()) {
        if (!configuration.is_object()) {
            return fail(Errc::invalid, "'" + printable(name) + "' is no object");
        }
        into[name] = configuration;
    }
    return {};
}

Result<void> read_orchestrator(const json::Value& value, OrchestratorConfig& into) {
    EK_CHECK(read_keys(value, "orchestrator",
                       {{"host", text(into.host)},
                        {"bus_port", port(into.bus_port)},
                        {"enrolment_port", port(into.enrolment_port)},
                        {"ca_sha256", fingerprint(into.ca_sha256)},
                        {"token_file", path(into.token_file)}}));
    if (into.host.empty()) return fail(Errc::invalid, "has no host");
    if (into.ca_sha256.empty()) return fail(Errc::invalid, "has no ca_sha256");
    return {};
}

}  // namespace

bool is_sha256_hex(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

json::Value encode(const OrchestratorConfig& orchestrator) {
    json::Object section{{"host", orchestrator.host},
                         {"enrolment_port", int{orchestrator.enrolment_port}},
                         {"ca_sha256", orchestrator.ca_sha256}};
    if (orchestrator.bus_port) section.set("bus_port", int{*orchestrator.bus_port});
    if (!orchestrator.token_file.empty()) section.set("token_file", orchestrator.token_file);
    return section;
}

Result<OrchestratorConfig> parse_orchestrator(const json::Value& value) {
    OrchestratorConfig orchestrator;
    EK_CHECK(read_orchestrator(value, orchestrator));
    return orchestrator;
}

Result<Config> parse_config(std::string_view text_of_config) {
    const json::Value value = EK_TRY(json::parse(text_of_config));
    Config config;
    std::vector<std::string> folders;
    const Keys keys = {
        {"state_dir", path(config.state_dir)},
        {"socket", path(config.socket)},
        {"plugin_dirs", list([&folders](const json::Value& item) -> Result<void> {
             return path(folders.emplace_back())(item);
         })},
        {"plugins",
         [&config](const json::Value& member) {
             config.plugins.emplace();
             return list([&config](const json::Value& item) {
                 return read_plugin(item, *config.plugins, config.isolation);
             })(member);
         }},
        {"isolation",
         [&config](const json::Value& member) {
             return read_isolations(member, config.isolation);
         }},
        {"require_signatures", truth(config.require_signatures)},
        {"plugin_keys", list([&config](const json::Value& item) -> Result<void> {
             std::string key;
             EK_CHECK(text(key)(item));
             config.plugin_keys.push_back(EK_TRY(crypto::VerifyKey::parse(key)));
             return {};
         })},
        {"collections",
         [&config](const json::Value& member) {
             return read_collections(member, config.collections);
         }},
        {"orchestrator",
         [&config](const json::Value& member) {
             return read_orchestrator(member, config.orchestrator.emplace());
         }},
        {"sweep",
         [&config](const json::Value& member) {
             return read_keys(member, "sweep", {{"interval", interval(config.sweep_interval)}});
         }},
        {"calls",
         [&config](const json::Value& member) {
             return read_keys(member, "calls", {{"silence", interval(config.call_silence)}});
         }},
        {"log",
         [&config](const json::Value& member) {
             return read_keys(member, "log", {{"level", level(config.log_level)}});
         }},
    };
    EK_CHECK(read_keys(value, "", keys));
    if (config.require_signatures && config.plugin_keys.empty()) {
        return fail(Errc::invalid,
                    "key 'require_signatures' is true and 'plugin_keys' is empty, "
                    "so no plugin could be loaded");
    }
    if (!folders.empty()) config.plugin_dirs = std::move(folders);
    return config;
}

Result<Config> load_config(const std::string& file, bool must_exist) {
    EK_CHECK(require_trusted(file));
    const auto content = read_file(file);
    const bool is_absent = !content && content.error().code == Errc::not_found;
    if (!content && (must_exist || !is_absent)) return fail(content.error());
    auto config = content ? parse_config(*content) : Result<Config>(Config{});
    if (!config) return fail(file, config.error());
    config->file = file;
    return config;
}

Result<void> save_orchestrator(const std::string& file, const OrchestratorConfig& orchestrator) {
    json::Value whole = json::Object{};
    if (auto content = read_file(file)) {
        auto parsed = json::parse(*content);
        if (!parsed || !parsed->is_object())
            return fail(Errc::invalid, file + " is not a JSON object");
        whole = std::move(*parsed);
    } else if (content.error().code != Errc::not_found) {
        return fail(content.error());
    }
    whole.as_object().set("orchestrator", encode(orchestrator));
    if (const auto slash = file.rfind('/'); slash != std::string::npos && slash > 0) {
        EK_CHECK(make_folder(file.substr(0, slash), 0755));
    }
    return write_file(file, json::write_pretty(whole) + "\n", 0644);
}

}  // namespace evenkeel::agent
