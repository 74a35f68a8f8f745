#include "sdk/client/cpp/context.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/json/json.hpp"

namespace evenkeel::client {
namespace {

constexpr std::size_t kTokenBytesMost = 4096;
constexpr std::size_t kConfigBytesMost = 1 << 20;

Failure local(std::string detail) {
    return Failure{.kind = Kind::local, .detail = std::move(detail)};
}

// Everything that can be read from `fd`, `most` bytes at the most.
Result<std::string> read_all(int fd, const std::string& path, std::size_t most) {
    std::string content;
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return local(system_error(errno, "read " + path).what);
        if (got == 0) return content;
        content.append(buffer.data(), static_cast<std::size_t>(got));
        if (content.size() > most) return local(path + " is too large");
    }
}

Result<Contexts> decode(const json::Value& value) {
    Contexts contexts;
    contexts.current = value.string_or("current");
    const json::Value& named = value["contexts"];
    if (!named.is_object()) return local("member 'contexts' is not an object");
    for (const auto& [name, context] : named.as_object()) {
        if (!context["url"].is_string()) return local("context '" + name + "' has no url");
        contexts.by_name[name] = {context.string_or("url"), context.string_or("token_file"),
                                  context.string_or("ca_file")};
    }
    return contexts;
}

}  // namespace

Result<std::string> read_token(const std::string& path) {
    const bool from_stdin = path == "-";
    const Fd file(from_stdin ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!from_stdin && !file) return local(system_error(errno, "open the token file " + path).what);
    auto content = read_all(from_stdin ? STDIN_FILENO : file.get(), path, kTokenBytesMost);
    if (!content) return content.error();
    std::string token = content->substr(0, content->find('\n'));
    if (token.ends_with('\r')) token.pop_back();
    if (token.empty()) return local("no token in " + (from_stdin ? "standard input" : path));
    return token;
}

std::string contexts_path() {
    const char* config = std::getenv("XDG_CONFIG_HOME");
    // The XDG rules: a relative path is to be ignored.
    if (config != nullptr && config[0] == '/') return std::string(config) + "/ek/config.json";
    const char* home = std::getenv("HOME");
    if (home == nullptr || home[0] != '/') return {};
    return std::string(home) + "/.config/ek/config.json";
}

Result<Contexts> load_contexts(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return Contexts{};
    if (!file) return local(system_error(errno, "open " + path).what);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0)
        return local(system_error(errno, "look at " + path).what);
    if ((status.st_mode & 077) != 0) {
        return local(path + " is open to others than its owner: chmod 600 it");
    }
    auto content = read_all(file.get(), path, kConfigBytesMost);
    if (!content) return content.error();
    const auto value = json::parse(*content);
    if (!value) return local(path + ": " + value.error().what);
    auto contexts = decode(*value);
    if (!contexts) return local(path + ": " + contexts.error().detail);
    return contexts;
}

Result<> save_contexts(const std::string& path, const Contexts& contexts) {
    json::Object named;
    for (const auto& [name, context] : contexts.by_name) {
        json::Object entry{{"url", context.url}};
        if (!context.token_file.empty()) entry.set("token_file", context.token_file);
        if (!context.ca_file.empty()) entry.set("ca_file", context.ca_file);
        named.set(name, std::move(entry));
    }
    const json::Value file = json::Object{{"current", contexts.current}, {"contexts", named}};
    if (auto made = make_folder(path.substr(0, path.rfind('/')), 0700); !made) {
        return local(made.error().what);
    }
    auto written = write_file(path, json::write_pretty(file) + "\n", 0600);
    if (!written) return local(written.error().what);
    return {};
}

Result<Config> config_from_context(const std::string& name) {
    const std::string path = contexts_path();
    if (path.empty()) return local("neither XDG_CONFIG_HOME nor HOME is set");
    const auto contexts = load_contexts(path);
    if (!contexts) return contexts.error();
    const std::string& wanted = name.empty() ? contexts->current : name;
    const auto found = contexts->by_name.find(wanted);
    if (found == contexts->by_name.end()) {
        return local(wanted.empty() ? "no context is in use" : "no context named " + wanted);
    }
    Config config;
    config.url = found->second.url;
    config.ca_file = found->second.ca_file;
    if (!found->second.token_file.empty()) {
        auto token = read_token(found->second.token_file);
        if (!token) return token.error();
        config.token = *std::move(token);
    }
    return config;
}

}  // namespace evenkeel::client
