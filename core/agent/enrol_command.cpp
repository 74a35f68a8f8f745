#include "core/agent/enrol_command.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <utility>

#include "core/agent/config/config.hpp"
#include "core/agent/config/options.hpp"
#include "core/agent/local/client.hpp"
#include "core/agent/uplink/enrol.hpp"
#include "core/agent/uplink/identity.hpp"
#include "core/base/text.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {
namespace {

int print_error(const Error& error, int code) {
    std::fprintf(stderr, "evenkeel-agent: %s\n", printable(error.what).c_str());
    return code;
}

int print_identity(std::string_view when, const Identity& identity) {
    const json::Value result = json::Object{{"host", identity.host}, {"enrolled", when}};
    std::printf("%s\n", json::write(result).c_str());
    return kExitInLine;
}

// One that runs starts to dial at once; one that does not run will when it starts.
void wake_running_agent(const std::string& socket) {
    auto running = Client::connect(socket);
    if (!running) return;
    wire::Request request;
    request.verb = wire::RequestVerb::reload;
    request.arguments = json::Object{};
    const auto reply = running->ask(request);
    if (!reply || reply->error) {
        std::fprintf(stderr, "evenkeel-agent: restart the running agent to connect it\n");
    }
}

Result<Identity> enrol_by_token(const IdentityFiles& files, const OrchestratorConfig& orchestrator,
                                const std::string& token_file) {
    const crypto::Secret token = EK_TRY(read_token(token_file));
    const auto identity = EK_TRY(enrol(files, orchestrator, token));
    if (!identity) return fail(Errc::invalid, "the answer to the token cannot be read");
    return *identity;
}

// Prints the key's fingerprint, and waits until an administrator has decided.
Result<Identity> wait_for_acceptance(const IdentityFiles& files,
                                     const OrchestratorConfig& orchestrator) {
    const std::string fingerprint = EK_TRY(key_fingerprint(files));
    std::fprintf(stderr, "evenkeel-agent: waiting to be accepted; the key's fingerprint is %s\n",
                 fingerprint.c_str());
    for (;;) {
        const auto identity = EK_TRY(enrol(files, orchestrator, crypto::Secret(std::string())));
        if (identity) return *identity;
    }
}

}  // namespace

int run_enrol(const CommandLine& line, const Config& config) {
    OrchestratorConfig orchestrator = config.orchestrator.value_or(OrchestratorConfig{});
    if (auto split =
            split_address(line.orchestrator, orchestrator.host, orchestrator.enrolment_port);
        !split) {
        return print_error(split.error(), kExitUsage);
    }
    orchestrator.ca_sha256 = line.ca_sha256;
    std::transform(orchestrator.ca_sha256.begin(), orchestrator.ca_sha256.end(),
                   orchestrator.ca_sha256.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!is_sha256_hex(orchestrator.ca_sha256)) {
        return print_error({Errc::invalid, "--ca-sha256 is not 64 hex digits"}, kExitUsage);
    }
    const IdentityFiles files(config.state_dir);
    const auto lock = files.lock();
    if (!lock) return print_error(lock.error(), kExitFailed);
    const auto before = files.load();
    if (!before) return print_error(before.error(), kExitFailed);
    if (*before && config.orchestrator) return print_identity("already", **before);
    Identity identity = before->value_or(Identity{});
    if (!*before) {
        // Whoever does not want to wait here leaves it to the daemon.
        if (line.token_file.empty()) {
            auto saved = save_orchestrator(line.config_path, orchestrator);
            if (!saved) return print_error(saved.error(), kExitFailed);
        }
        auto enrolled = line.token_file.empty()
                            ? wait_for_acceptance(files, orchestrator)
                            : enrol_by_token(files, orchestrator, line.token_file);
        if (!enrolled) return print_error(enrolled.error(), kExitFailed);
        identity = std::move(*enrolled);
        if (line.token_file.starts_with('/')) orchestrator.token_file = line.token_file;
    }
    if (auto saved = save_orchestrator(line.config_path, orchestrator); !saved) {
        return print_error(saved.error(), kExitFailed);
    }
    wake_running_agent(config.socket);
    return print_identity("now", identity);
}

}  // namespace evenkeel::agent
