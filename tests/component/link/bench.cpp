#include "tests/component/link/bench.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace evenkeel::link::bench {
namespace {

std::string make_folder_name() {
    std::string name = "/tmp/ek-link-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    return name;
}

// Starts a program with its standard output in a pipe, waits for it and returns what it wrote.
std::string output_of(const std::vector<std::string>& command) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    Fd out(ends[0]);
    Fd in(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.get(), STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int failed =
        posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error("cannot start " + command[0]);
    in.reset();
    std::string text;
    char buffer[4096];
    for (;;) {
        const auto got = read(out.get(), buffer, sizeof buffer);
        if (got <= 0) break;
        text.append(buffer, static_cast<std::size_t>(got));
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) text += "\nstatus " + std::to_string(status);
    return text;
}

}  // namespace

Certificates::Certificates()
    : folder_(make_folder_name()), authority_(crypto::Authority::create("test CA").value()) {
    put("ca.pem", authority_.certificate());
    put("ca.key", std::string(authority_.key().reveal()));
    const auto key = crypto::make_key().value();
    put("server.key", std::string(key.reveal()));
    put("server.pem",
        authority_.sign_server(crypto::make_request(key, "orchestrator").value()).value());
}

Certificates::~Certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void Certificates::put(const std::string& name, const std::string& content) const {
    if (!write_file(file(name), content, 0600)) throw std::runtime_error("cannot write " + name);
}

std::string Certificates::host(const std::string& name) {
    const auto key = crypto::make_key().value();
    const auto certificate =
        authority_.sign_host(crypto::make_request(key, name).value(), name).value();
    put(name + ".key", std::string(key.reveal()));
    put(name + ".pem", certificate);
    return crypto::certificate_fingerprint(certificate).value();
}

void Certificates::server_named(const std::string& name, const std::string& dns_name) {
    const auto key = crypto::make_key().value();
    put(name + ".key", std::string(key.reveal()));
    put(name + ".csr", crypto::make_request(key, dns_name).value());
    put(name + ".ext",
        "subjectAltName=DNS:" + dns_name + ",IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
    output_of({"openssl", "x509", "-req", "-in", file(name + ".csr"), "-CA", ca(), "-CAkey",
               file("ca.key"), "-days", "30", "-extfile", file(name + ".ext"), "-out",
               file(name + ".pem")});
}

Server::Server(run::Loop& on, const Certificates& certificates) : loop(on) {
    options.host = "127.0.0.1";
    options.certificate_file = certificates.file("server.pem");
    options.key_file = certificates.file("server.key");
    options.client_ca_file = certificates.ca();
}

void Server::start() {
    Listener::Policy policy;
    policy.admit = [this](const Peer& peer) -> std::optional<std::string> {
        if (options.client_ca_file.empty()) return "guest";
        const auto found = known.find(peer.fingerprint);
        if (found == known.end()) return std::nullopt;
        return found->second;
    };
    policy.may_attach = [](const Peer& peer, const std::string& address, Direction direction) {
        if (direction == Direction::incoming) return address == "events";
        return address.empty() || address == "agent." + peer.host;
    };
    policy.is_heartbeat = is_heartbeat;
    Listener::Events events;
    events.on_heartbeats = [this](const auto& connections) { heard.push_back(connections); };
    events.on_connected = [this](const Peer& peer) { connected.push_back(peer); };
    events.on_disconnected = [this](std::uint64_t, const std::string& reason) {
        disconnected.push_back(reason);
    };
    events.on_attached = [this](std::uint64_t, const std::string& address, Direction direction) {
        attached.push_back((direction == Direction::incoming ? "in " : "out ") + address);
    };
    events.on_detached = [this](std::uint64_t, const std::string& address, Direction direction) {
        detached.push_back((direction == Direction::incoming ? "in " : "out ") + address);
    };
    events.on_message = [this](std::uint64_t, const std::string& address, const Message& message,
                               const Delivery& delivery) {
        messages.push_back(message);
        if (on_message) return on_message(address, message, delivery);
        delivery.settle(Disposition::accept);
    };
    events.on_settled = [this](std::uint64_t, const std::string&, std::uint64_t token,
                               Disposition disposition) {
        answers.emplace_back(token, disposition);
    };
    listener = std::make_unique<Listener>(options, policy, events, loop.poster());
    const auto started = listener->start();
    if (!started) throw std::runtime_error(started.error().what);
}

std::size_t Server::settled(Disposition disposition) const {
    std::size_t count = 0;
    for (const auto& answer : answers) count += answer.second == disposition ? 1 : 0;
    return count;
}

Agent::Agent(run::Loop& on, const Certificates& certificates, std::uint16_t port,
             const std::string& name)
    : loop(on) {
    options.host = "127.0.0.1";
    options.port = port;
    options.ca_file = certificates.ca();
    options.certificate_file = certificates.file(name + ".pem");
    options.key_file = certificates.file(name + ".key");
    options.container_id = name;
    options.sources = {"agent." + name};
    options.targets = {"events"};
    options.backoff_base = 50ms;
    options.backoff_cap = 200ms;
}

void Agent::start() {
    Dialer::Events events;
    events.on_up = [this] { ++ups; };
    events.on_down = [this](const Error& error) { downs.push_back(error); };
    events.on_failed = [this](const Error& error) { failures.push_back(error); };
    events.on_message = [this](const std::string& address, const Message& message,
                               const Delivery& delivery) {
        messages.push_back(message);
        if (on_message) return on_message(address, message, delivery);
        delivery.settle(Disposition::accept);
    };
    events.on_settled = [this](const std::string&, std::uint64_t token, Disposition disposition) {
        answers.emplace_back(token, disposition);
    };
    dialer = std::make_unique<Dialer>(options, events, loop.poster());
    const auto started = dialer->start();
    if (!started) throw std::runtime_error(started.error().what);
}

std::vector<std::string> run_program(run::Loop& loop, const std::vector<std::string>& command) {
    bool ended = false;
    auto output = std::async(std::launch::async, [&] {
        std::string text = output_of(command);
        loop.post([&] { ended = true; });
        return text;
    });
    loop.run_until([&] { return ended; }, kPatience);
    return split(output.get(), '\n');
}

std::vector<std::string> run_peer(run::Loop& loop, const std::vector<std::string>& arguments) {
    const char* script = std::getenv("EK_PEER");
    const char* python = std::getenv("EK_PYTHON");
    if (script == nullptr || python == nullptr) throw std::runtime_error("EK_PEER is not set");
    std::vector<std::string> command{python, script};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_program(loop, command);
}

RawSocket::RawSocket(std::uint16_t port, const std::string& source)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, source.c_str(), &address.sin_addr);
    if (bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("cannot bind " + source);
    }
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("cannot connect");
    }
}

void RawSocket::send(const std::string& bytes) {
    // Errors show in closed_within().
    (void)::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

bool RawSocket::closed_within(std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    char buffer[4096];
    for (;;) {
        // When there is no time it looks nevertheless.
        const auto left = std::max(0ms, std::chrono::duration_cast<std::chrono::milliseconds>(
                                            until - std::chrono::steady_clock::now()));
        pollfd waiting{fd_.get(), POLLIN, 0};
        if (poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
        if (recv(fd_.get(), buffer, sizeof buffer, 0) <= 0) return true;
    }
}

bool contains(const std::vector<std::string>& lines, const std::string& part) {
    for (const auto& line : lines) {
        if (line.find(part) != std::string::npos) return true;
    }
    return false;
}

std::size_t resident_kib() {
    std::ifstream status("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    status >> total >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace evenkeel::link::bench
