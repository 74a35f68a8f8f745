#include "sdk/client/cli/session.hpp"

#include <cstdlib>

#include "sdk/client/cli/collections.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cpp/context.hpp"

namespace evenkeel::cli {
namespace {

using client::Failure;
using client::Kind;

// The code that marks a failure as a fault of the settings.
constexpr const char* kSettings = "settings";

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::string first_of(std::initializer_list<std::string> candidates) {
    for (const std::string& candidate : candidates) {
        if (!candidate.empty()) return candidate;
    }
    return {};
}

client::Result<client::Context> context_of(const Globals& globals) {
    const std::string path = client::contexts_path();
    const std::string named = first_of({globals.context, environment("EK_CONTEXT")});
    if (path.empty()) return client::Context{};
    const auto contexts = client::load_contexts(path);
    if (!contexts) return contexts.error();
    const std::string& wanted = named.empty() ? contexts->current : named;
    const auto found = contexts->by_name.find(wanted);
    if (found != contexts->by_name.end()) return found->second;
    if (named.empty()) return client::Context{};
    return Failure{.kind = Kind::local, .detail = "no context named '" + named + "'"};
}

}  // namespace

client::Result<client::Config> resolve(const Globals& globals) {
    client::Config config;
    const bool chosen = !globals.context.empty();
    const std::string env_url = chosen ? "" : environment("EK_URL");
    const std::string env_token_file = chosen ? "" : environment("EK_TOKEN_FILE");
    const std::string env_ca_file = chosen ? "" : environment("EK_CA_FILE");
    config.url = first_of({globals.url, env_url});
    client::Context context;
    // A broken file of contexts is no matter to who says everything himself.
    if (config.url.empty() || chosen) {
        auto loaded = context_of(globals);
        if (!loaded) return loaded.error();
        context = *std::move(loaded);
        if (config.url.empty()) config.url = context.url;
        if (config.url != context.url) context = {};
    }
    if (config.url.empty()) {
        return Failure{.kind = Kind::local,
                       .detail =
                           "no orchestrator: give --url or EK_URL, or add a context with "
                           "'ek context add NAME --url URL --token-file FILE'"};
    }
    config.ca_file = first_of({globals.ca_file, env_ca_file, context.ca_file});
    const std::string token_file =
        first_of({globals.token_file, env_token_file, context.token_file});
    if (!token_file.empty()) {
        auto token = client::read_token(token_file);
        if (!token) return token.error();
        config.token = *std::move(token);
    }
    return config;
}

client::Result<client::Client*> Session::open() {
    if (client_) return &*client_;
    auto config = resolve(globals_);
    if (config) {
        config->cancel = &cancel_;
        config_ = *config;
        auto client = client::Client::open(*std::move(config));
        if (client) {
            client_.emplace(*std::move(client));
            return &*client_;
        }
        config = client.error();
    }
    Failure failure = config.error();
    failure.code = kSettings;
    return failure;
}

Exit Session::fail(const Failure& failure, std::string_view about) const {
    Failure told = failure;
    if (failure.kind == Kind::local) told.code.clear();
    if (failure.kind == Kind::unreachable)
        told.detail = "cannot reach " + config_.url + ": " + told.detail;
    if (failure.kind == Kind::bad_answer) told.detail = config_.url + ": " + told.detail;
    if (failure.kind == Kind::cancelled) told.detail = "interrupted";
    Output::failure(told, about);
    if (failure.code == kSettings || failure.code == kMisused) return Exit::usage;
    if (failure.code == kNoHost) return Exit::no_host;
    if (failure.code == kNotThere) return Exit::not_found;
    if (failure.code == kRestored) return Exit::restored;
    return exit_of(failure);
}

std::string Session::host_name(const std::string& id) {
    if (!names_) {
        names_.emplace();
        const auto client = open();
        const auto hosts = client ? (*client)->hosts() : client.error();
        if (hosts) {
            for (const client::Host& host : *hosts) names_->emplace(host.id, host.name);
        }
    }
    const auto found = names_->find(id);
    return found != names_->end() && !found->second.empty() ? found->second : id;
}

}  // namespace evenkeel::cli
