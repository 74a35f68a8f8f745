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
    return kExitDone;
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
    const auto identity = EK_TRY(enrol(files, orchestrator, token, EnrolBy::command));
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
        const auto identity =
            EK_TRY(enrol(files, orchestrator, crypto::Secret(std::string()), EnrolBy::command));
        if (identity) return *identity;
    }
}

Result<Identity> enrol_in(const IdentityFiles& files, const CommandLine& line,
                          const OrchestratorConfig& orchestrator) {
    return line.token_file.empty() ? wait_for_acceptance(files, orchestrator)
                                   : enrol_by_token(files, orchestrator, line.token_file);
}

bool is_same(const OrchestratorConfig& one, const OrchestratorConfig& other) {
    return one.host == other.host && one.enrolment_port == other.enrolment_port &&
           one.ca_sha256 == other.ca_sha256;
}

// The last step, which an interrupted enrolment takes when it is asked for again.
Result<void> save_in_configuration(const IdentityFiles& files, const CommandLine& line,
                                   Identity identity) {
    if (!identity.unsaved) return {};
    EK_CHECK(save_orchestrator(line.config_path, *identity.unsaved));
    identity.unsaved.reset();
    return files.save(identity);
}

Result<Identity> enrol_anew(const IdentityFiles& files, const CommandLine& line,
                            const OrchestratorConfig& orchestrator) {
    // Whoever does not want to wait here leaves it to the daemon.
    if (line.token_file.empty()) EK_CHECK(save_orchestrator(line.config_path, orchestrator));
    const Identity identity = EK_TRY(enrol_in(files, line, orchestrator));
    EK_CHECK(save_in_configuration(files, line, identity));
    return identity;
}

Result<Identity> replace(const IdentityFiles& files, const CommandLine& line,
                         const OrchestratorConfig& orchestrator) {
    const IdentityFiles made = EK_TRY(files.prepare_replacement());
    const Identity identity = EK_TRY(enrol_in(made, line, orchestrator));
    EK_CHECK(files.replace_by(made));
    EK_CHECK(save_in_configuration(files, line, identity));
    return identity;
}

// The orchestrator knows the identity, perhaps at a new address: that is saved.
Result<Identity> keep(const IdentityFiles& files, const CommandLine& line, const Config& config,
                      const OrchestratorConfig& orchestrator, Identity identity,
                      const Identity& answer) {
    if (answer.host != identity.host || answer.bus_port != identity.bus_port) {
        identity.host = answer.host;
        identity.bus_port = answer.bus_port;
        EK_CHECK(files.save(identity));
    }
    if (config.orchestrator && is_same(*config.orchestrator, orchestrator)) return identity;
    EK_CHECK(save_orchestrator(line.config_path, orchestrator));
    return identity;
}

Error refused(const Identity& identity, const OrchestratorConfig& orchestrator,
              const Error& error) {
    const std::string known = "this machine is enrolled as " + identity.host + ", and ";
    const std::string where = "the orchestrator at " + orchestrator.host;
    if (error.code != Errc::denied && error.code != Errc::not_found) {
        return {error.code,
                known + where + " cannot be asked whether it accepts that: " + error.what};
    }
    return {Errc::denied, known + where + " does not accept that: " + error.what +
                              "; enrol --replace gives this identity up and enrols with new keys"};
}

// The one of the command line; of the same host the rest is as it is configured.
Result<OrchestratorConfig> orchestrator_of(const CommandLine& line, const Config& config) {
    std::string host;
    std::uint16_t port = 0;
    EK_CHECK(split_address(line.orchestrator, host, port));
    OrchestratorConfig orchestrator;
    if (config.orchestrator && config.orchestrator->host == host) {
        orchestrator = *config.orchestrator;
    }
    orchestrator.host = host;
    if (port != 0) orchestrator.enrolment_port = port;
    orchestrator.ca_sha256 = line.ca_sha256;
    std::transform(orchestrator.ca_sha256.begin(), orchestrator.ca_sha256.end(),
                   orchestrator.ca_sha256.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!is_sha256_hex(orchestrator.ca_sha256)) {
        return fail(Errc::invalid, "--ca-sha256 is not 64 hex digits");
    }
    if (line.token_file.starts_with('/')) orchestrator.token_file = line.token_file;
    return orchestrator;
}

struct Outcome {
    Identity identity;
    bool is_new = false;
};

Result<Outcome> enrol_machine(const IdentityFiles& files, const CommandLine& line,
                              const Config& config, const OrchestratorConfig& orchestrator) {
    const Fd lock = EK_TRY(files.lock());
    const auto before = EK_TRY(files.load());
    if (!before) return Outcome{EK_TRY(enrol_anew(files, line, orchestrator)), true};
    if (before->unsaved && is_same(*before->unsaved, orchestrator)) {
        EK_CHECK(save_in_configuration(files, line, *before));
        return Outcome{*before, true};
    }
    if (line.replace) return Outcome{EK_TRY(replace(files, line, orchestrator)), true};
    const auto answer = identify(files, orchestrator);
    if (!answer) return fail(refused(*before, orchestrator, answer.error()));
    return Outcome{EK_TRY(keep(files, line, config, orchestrator, *before, *answer)), false};
}

}  // namespace

int run_enrol(const CommandLine& line, const Config& config) {
    const auto orchestrator = orchestrator_of(line, config);
    if (!orchestrator) return print_error(orchestrator.error(), kExitUsage);
    const auto outcome =
        enrol_machine(IdentityFiles(config.state_dir), line, config, *orchestrator);
    if (!outcome) return print_error(outcome.error(), kExitFailed);
    wake_running_agent(config.socket);
    return print_identity(outcome->is_new ? "now" : "already", outcome->identity);
}

}  // namespace evenkeel::agent
