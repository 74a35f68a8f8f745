#include "core/agent/uplink/enrol.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <unistd.h>

#include "core/agent/config/config.hpp"
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

Result<wire::EnrolRequest> make_enrolment_request(const crypto::Secret& key,
                                                  const crypto::Secret& token) {
    wire::EnrolRequest request;
    request.name = host_name();
    request.csr = EK_TRY(crypto::make_request(key, request.name.substr(0, 64)));
    request.token = std::string(token.reveal());
    request.machine_id = machine_id();
    request.version = EVENKEEL_VERSION;
    request.facts = facts();
    return request;
}

// Over a link whose server has a certificate of the CA in `ca_file`.
Result<wire::EnrolAnswer> ask(const OrchestratorConfig& orchestrator, const std::string& ca_file,
                              const wire::EnrolRequest& request) {
    link::Remote remote;
    remote.host = orchestrator.host;
    remote.port = orchestrator.enrolment_port;
    remote.ca_file = ca_file;
    remote.container_id = make_id("enrol");
    remote.message_bytes_max = wire::kEnrolBytesMost;
    link::Message message;
    message.body = wire::encode(request);
    const link::Message reply = EK_TRY(link::request_once(remote, std::string(wire::kEnrolAddress),
                                                          std::move(message), kAnswerTime));
    return wire::decode_enrol_answer(reply.body);
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

}  // namespace

Result<std::string> key_fingerprint(const IdentityFiles& files) {
    const crypto::Secret key = EK_TRY(files.key_for_request());
    return crypto::request_key_fingerprint(EK_TRY(crypto::make_request(key, "fingerprint")));
}

Result<Identity> identify(const IdentityFiles& files, const OrchestratorConfig& orchestrator) {
    const std::string ca = EK_TRY(read_file(files.ca()));
    if (EK_TRY(crypto::certificate_fingerprint(ca)) != orchestrator.ca_sha256) {
        return fail(Errc::denied, "its certificate authority is another one");
    }
    const auto chain =
        EK_TRY(crypto::read_chain(orchestrator.host, orchestrator.enrolment_port, kAnswerTime));
    EK_CHECK(crypto::find_authority(chain, orchestrator.ca_sha256));
    const crypto::Secret key(EK_TRY(read_file(files.key())));
    wire::EnrolRequest request = EK_TRY(make_enrolment_request(key, crypto::Secret(std::string())));
    request.enrols = false;
    const wire::EnrolAnswer answer = EK_TRY(ask(orchestrator, files.ca(), request));
    if (answer.error) return fail(answer.error->code, answer.error->what);
    return Identity{.host = answer.host, .bus_port = answer.bus_port};
}

Result<std::optional<Identity>> enrol(const IdentityFiles& files,
                                      const OrchestratorConfig& orchestrator,
                                      const crypto::Secret& token, EnrolBy by) {
    const crypto::Secret key = EK_TRY(files.key_for_request());
    const auto chain =
        EK_TRY(crypto::read_chain(orchestrator.host, orchestrator.enrolment_port, kAnswerTime));
    const std::string ca = EK_TRY(crypto::find_authority(chain, orchestrator.ca_sha256));
    EK_CHECK(files.save_ca(ca));
    const wire::EnrolRequest request = EK_TRY(make_enrolment_request(key, token));
    const wire::EnrolAnswer answer = EK_TRY(ask(orchestrator, files.ca(), request));
    // No administrator has decided yet.
    if (answer.error && answer.error->code == Errc::timeout) return std::nullopt;
    Identity identity;
    identity.bus_port = orchestrator.bus_port.value_or(identity.bus_port);
    identity.enrolment = make_id("enrolment");
    if (by == EnrolBy::command) identity.unsaved = orchestrator;
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

}  // namespace evenkeel::agent
