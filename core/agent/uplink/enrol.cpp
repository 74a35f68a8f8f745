#include "core/agent/uplink/enrol.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <unistd.h>

#include "core/agent/local/client.hpp"
#include "core/agent/uplink/facts.hpp"
#include "core/base/file.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/crypto/chain.hpp"
#include "core/crypto/x509.hpp"
#include "core/link/request.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::chrono::seconds kAnswerTime{30};
constexpr std::size_t kTokenBytesMost = 4096;

Result<std::string> make_enrolment_request(const crypto::Secret& key, const crypto::Secret& token) {
    wire::EnrolRequest request;
    request.name = host_name();
    request.csr = EK_TRY(crypto::make_request(key, request.name.substr(0, 64)));
    request.token = std::string(token.reveal());
    request.machine_id = machine_id();
    request.version = EVENKEEL_VERSION;
    request.facts = facts();
    return wire::encode(request);
}

Result<void> save_answer(const IdentityFiles& files, const wire::EnrolAnswer& answer,
                         const std::string& ca, const crypto::Secret& key, Identity& identity) {
    if (answer.error) return fail(answer.error->code, answer.error->what);
    if (!is_id("host", answer.host)) return fail(Errc::invalid, "the answer names no host");
    const auto theirs = crypto::certificate_key_fingerprint(answer.certificate);
    const std::string request = EK_TRY(crypto::make_request(key, "check"));
    const auto ours = crypto::request_key_fingerprint(request);
    if (!theirs || !ours || *theirs != *ours) {
        return fail(Errc::invalid, "the answer has a certificate of another key");
    }
    identity.host = answer.host;
    if (answer.bus_port != 0) identity.bus_port = answer.bus_port;
    return files.save(identity, answer.certificate, answer.ca.empty() ? ca : answer.ca);
}

int complain(const Error& error, int code) {
    std::fprintf(stderr, "evenkeel-agent: %s\n", printable(error.what).c_str());
    return code;
}

int tell(std::string_view when, const Identity& identity) {
    const json::Value told = json::Object{{"host", identity.host}, {"enrolled", when}};
    std::printf("%s\n", json::write(told).c_str());
    return kExitInLine;
}

// One that runs starts to dial at once; one that does not run will when it starts.
void wake_running_agent(const std::string& socket) {
    auto running = Client::connect(socket);
    if (!running) return;
    wire::Request request;
    request.verb = "reload";
    request.arguments = json::Object{};
    const auto reply = running->ask(request);
    if (!reply || reply->error) {
        std::fprintf(stderr, "evenkeel-agent: restart the running agent to connect it\n");
    }
}

}  // namespace

Result<std::string> key_fingerprint(const IdentityFiles& files) {
    const crypto::Secret key = EK_TRY(files.key_for_request());
    return crypto::request_key_fingerprint(EK_TRY(crypto::make_request(key, "fingerprint")));
}

Result<std::optional<Identity>> enrol(const IdentityFiles& files,
                                      const OrchestratorConfig& orchestrator,
                                      const crypto::Secret& token) {
    const crypto::Secret key = EK_TRY(files.key_for_request());
    const auto chain =
        EK_TRY(crypto::read_chain(orchestrator.host, orchestrator.enrolment_port, kAnswerTime));
    const std::string ca = EK_TRY(crypto::find_authority(chain, orchestrator.ca_sha256));
    EK_CHECK(files.save_ca(ca));
    link::Remote remote;
    remote.host = orchestrator.host;
    remote.port = orchestrator.enrolment_port;
    remote.ca_file = files.ca();
    remote.container_id = make_id("enrol");
    remote.message_bytes_max = wire::kEnrolBytesMost;
    link::Message message;
    message.body = EK_TRY(make_enrolment_request(key, token));
    const link::Message reply = EK_TRY(link::request_once(remote, std::string(wire::kEnrolAddress),
                                                          std::move(message), kAnswerTime));
    const wire::EnrolAnswer answer = EK_TRY(wire::decode_enrol_answer(reply.body));
    // Nobody has decided yet.
    if (answer.error && answer.error->code == Errc::timeout) return std::nullopt;
    Identity identity;
    identity.bus_port = orchestrator.bus_port.value_or(identity.bus_port);
    EK_CHECK(save_answer(files, answer, ca, key, identity));
    log::info("enrolled", {{"host", identity.host}});
    return std::optional(identity);
}

Result<crypto::Secret> read_token(const std::string& file) {
    std::string text;
    if (file == "-") {
        char bytes[kTokenBytesMost];
        ssize_t count = 0;
        while ((count = read(STDIN_FILENO, bytes, sizeof bytes)) > 0) {
            text.append(bytes, static_cast<std::size_t>(count));
            if (text.size() > kTokenBytesMost) return fail(Errc::limit, "the token is too long");
        }
        if (count < 0) return fail(system_error(errno, "read the token"));
    } else {
        text = EK_TRY(read_file(file, kTokenBytesMost));
    }
    while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string::npos) {
        text.pop_back();
    }
    if (text.empty()) return fail(Errc::invalid, "the token is empty");
    return crypto::Secret(std::move(text));
}

Result<void> split_address(const std::string& text, std::string& host, std::uint16_t& port) {
    std::string rest;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string::npos) return fail(Errc::invalid, "a bracket is not closed");
        host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
    } else if (std::count(text.begin(), text.end(), ':') > 1) {
        host = text;  // an IPv6 address without a port
    } else {
        const auto colon = text.find(':');
        host = text.substr(0, colon);
        rest = colon == std::string::npos ? "" : text.substr(colon);
    }
    if (host.empty()) return fail(Errc::invalid, "no host in '" + printable(text) + "'");
    if (rest.empty()) return {};
    const auto number = parse_number(rest.substr(1));
    if (rest.front() != ':' || !number || *number < 1 || *number > 65535) {
        return fail(Errc::invalid, "no port from 1 to 65535 in '" + printable(text) + "'");
    }
    port = static_cast<std::uint16_t>(*number);
    return {};
}

namespace {

Result<Identity> enrol_by_token(const IdentityFiles& files, const OrchestratorConfig& orchestrator,
                                const std::string& token_file) {
    const crypto::Secret token = EK_TRY(read_token(token_file));
    const auto identity = EK_TRY(enrol(files, orchestrator, token));
    if (!identity) return fail(Errc::invalid, "the answer to the token does not read");
    return *identity;
}

// Says how the machine is known, and asks until somebody has decided.
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
        return complain(split.error(), kExitUsage);
    }
    orchestrator.ca_sha256 = line.ca_sha256;
    std::transform(orchestrator.ca_sha256.begin(), orchestrator.ca_sha256.end(),
                   orchestrator.ca_sha256.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!is_sha256_hex(orchestrator.ca_sha256)) {
        return complain({Errc::invalid, "--ca-sha256 is not 64 hex digits"}, kExitUsage);
    }
    const IdentityFiles files(config.state_dir);
    const auto lock = files.lock();
    if (!lock) return complain(lock.error(), kExitFailed);
    const auto before = files.load();
    if (!before) return complain(before.error(), kExitFailed);
    if (*before && config.orchestrator) return tell("already", **before);
    Identity identity = before->value_or(Identity{});
    if (!*before) {
        // Whoever does not want to wait here leaves it to the daemon.
        if (line.token_file.empty()) {
            auto saved = save_orchestrator(line.config_path, orchestrator);
            if (!saved) return complain(saved.error(), kExitFailed);
        }
        auto enrolled = line.token_file.empty()
                            ? wait_for_acceptance(files, orchestrator)
                            : enrol_by_token(files, orchestrator, line.token_file);
        if (!enrolled) return complain(enrolled.error(), kExitFailed);
        identity = std::move(*enrolled);
        if (line.token_file.starts_with('/')) orchestrator.token_file = line.token_file;
    }
    if (auto saved = save_orchestrator(line.config_path, orchestrator); !saved) {
        return complain(saved.error(), kExitFailed);
    }
    wake_running_agent(config.socket);
    return tell("now", identity);
}

}  // namespace evenkeel::agent
