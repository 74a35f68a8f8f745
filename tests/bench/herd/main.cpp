// Many agents in one process and on one thread: `herd enrol` gives them identities by the real
// enrolment, `herd run` connects them and keeps them connected. While it runs it reads commands
// from standard input, one a line, and prints one JSON object a line:
//   report     prints what has happened since the mark
//   mark       counts times and tries from now on
//   drift N    N agents a second report a drift, or that it is gone, from now on; 0 ends that
//   storm N    N such reports at once, of each agent in its turn, and of each its next resource
// It ends at the end of its input.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "agent.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/crypto/hash.hpp"
#include "core/crypto/secret.hpp"
#include "core/run/open_files.hpp"
#include "enroller.hpp"
#include "report.hpp"

namespace evenkeel::herd {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

struct Arguments {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string ca;
    std::string agents;
    std::size_t count = 0;
    // enrol
    std::string token_file;
    std::string prefix = "herd-";
    std::size_t parallel = 32;
    // run
    std::string schema_file;
    std::size_t spread_ms = 1'000;
    std::size_t every_ms = 1'000;
};

constexpr std::size_t kOpenFiles = 65'536;  // one for each agent

Result<void> enrol(const Arguments& given) {
    Poller poller;
    const TlsContext tls = EK_TRY(make_tls_context(given.ca));
    Enrolment shared{.poller = poller,
                     .tls = tls.get(),
                     .orchestrator = EK_TRY(address_of(given.address, given.port)),
                     .token = EK_TRY(read_file(given.token_file)),
                     .prefix = given.prefix,
                     .wanted = given.count};
    while (!shared.token.empty() && shared.token.back() == '\n') shared.token.pop_back();
    const std::uint64_t start_ns = now_monotonic_ns();
    std::vector<std::unique_ptr<Enroller>> enrollers;
    for (std::size_t i = 0; i < std::min(given.parallel, given.count); ++i)
        enrollers.push_back(std::make_unique<Enroller>(shared));
    for (const auto& one : enrollers) one->start();
    while (shared.made.size() < shared.wanted) poller.run_once(kSecondNs, [] {});
    EK_CHECK(write_identities(given.agents, shared.made));
    const json::Object line{{"event", "enrolled"},
                            {"ms", (now_monotonic_ns() - start_ns) / 1'000'000},
                            {"enrolled", shared.made.size()},
                            {"tries_failed", shared.tries_failed},
                            {"last_error", shared.last_error},
                            {"cpu_ms", own_cpu_ms()},
                            {"rss_kib", own_rss_kib()}};
    std::puts(json::write(line).c_str());
    return {};
}

// Standard input as lines, without waiting.
class Input {
  public:
    Input() { fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK); }
    // Calls `take` for each whole line that is there; false at the end.
    template <typename Take>
    bool read(const Take& take) {
        char bytes[4096];
        const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return false;
        if (count > 0) text_.append(bytes, static_cast<std::size_t>(count));
        for (std::size_t end; (end = text_.find('\n')) != std::string::npos;) {
            take(text_.substr(0, end));
            text_.erase(0, end + 1);
        }
        return true;
    }

  private:
    std::string text_;
};

// The agents, what drives them and what is told of them.
class Run {
  public:
    Run(const Arguments& given, SSL_CTX* tls, const sockaddr_in& orchestrator, std::string schema)
        : herd_{.poller = poller_,
                .tls = tls,
                .orchestrator = orchestrator,
                .schema = std::move(schema),
                .schema_sha256 = {},
                .random = [this] { return uniform_(random_); },
                .counts = {}},
          every_ns_(given.every_ms * 1'000'000) {
        herd_.schema_sha256 = crypto::sha256_hex(herd_.schema);
    }

    Result<void> add(const std::vector<Identity>& identities, std::size_t count) {
        for (std::size_t i = 0; i < std::min(count, identities.size()); ++i) {
            agents_.push_back(std::make_unique<Agent>(
                herd_, identities[i], i,
                EK_TRY(crypto::parse_key(crypto::Secret(identities[i].key))),
                EK_TRY(crypto::parse_certificate(identities[i].certificate))));
        }
        return {};
    }

    // As if their orchestrator had just gone: each comes at a random time within the spread.
    void run(std::size_t spread_ms) {
        for (const auto& agent : agents_) {
            const double wait_ns = herd_.random() * static_cast<double>(spread_ms) * 1e6;
            agent->start(std::chrono::nanoseconds(static_cast<std::int64_t>(wait_ns)));
        }
        report_.mark();
        poller_.watch_input();
        std::uint64_t next_ns = now_monotonic_ns() + every_ns_;
        while (!ended_) {
            const std::uint64_t now_ns = now_monotonic_ns();
            if (now_ns >= next_ns) {
                report_.print("tick");
                next_ns += every_ns_;
            }
            const std::uint64_t wait_ns = next_ns > now_ns ? next_ns - now_ns : 0;
            poller_.run_once(drift_rate_ > 0 ? std::min(wait_ns, kSecondNs / 100) : wait_ns,
                             [this] { read_input(); });
            notice_all();
            drift_some();
        }
    }

  private:
    void read_input() {
        ended_ = !input_.read([this](const std::string& line) { take(line); });
    }

    void take(const std::string& line) {
        if (line == "mark") {
            report_.mark();
            report_.print("mark");
        } else if (line == "report") {
            report_.print("report");
        } else if (line.starts_with("drift ")) {
            drift_rate_ = std::strtoul(line.c_str() + 6, nullptr, 10);
            drift_start_ns_ = now_monotonic_ns();
            drifts_made_ = 0;
        } else if (line.starts_with("storm ")) {
            const std::size_t count = std::strtoul(line.c_str() + 6, nullptr, 10);
            for (std::size_t i = 0; i < count; ++i) {
                agents_[drift_next_++ % agents_.size()]->drift();
            }
        }
    }

    // Each time that the last one has come.
    void notice_all() {
        const bool all = herd_.counts.online == agents_.size();
        if (all && !all_online_) report_.print("all_online");
        all_online_ = all;
    }

    void drift_some() {
        if (drift_rate_ == 0 || agents_.empty()) return;
        const std::uint64_t due =
            (now_monotonic_ns() - drift_start_ns_) / 1'000 * drift_rate_ / 1'000'000;
        for (std::size_t passed = 0; drifts_made_ < due && passed < agents_.size(); ++passed) {
            if (agents_[drift_next_++ % agents_.size()]->drift()) ++drifts_made_;
        }
    }

    Poller poller_;
    std::mt19937_64 random_{std::random_device{}()};
    std::uniform_real_distribution<double> uniform_{0, 1};
    Herd herd_;
    std::vector<std::unique_ptr<Agent>> agents_;
    Report report_{herd_, agents_};
    const std::uint64_t every_ns_;
    Input input_;
    bool ended_ = false;
    bool all_online_ = false;
    std::uint64_t drift_rate_ = 0, drift_start_ns_ = 0, drifts_made_ = 0;
    std::size_t drift_next_ = 0;
};

Result<void> run(const Arguments& given) {
    const TlsContext tls = EK_TRY(make_tls_context(given.ca));
    const std::vector<Identity> identities = EK_TRY(read_identities(given.agents));
    Run herd(given, tls.get(), EK_TRY(address_of(given.address, given.port)),
             EK_TRY(read_file(given.schema_file)));
    EK_CHECK(herd.add(identities, given.count == 0 ? identities.size() : given.count));
    herd.run(given.spread_ms);
    return {};
}

void add_options(CLI::App& command, Arguments& given) {
    command.add_option("--address", given.address, "of the orchestrator, IPv4");
    command.add_option("--port", given.port, "of the listener")->required();
    command.add_option("--ca", given.ca, "the orchestrator's ca.pem")->required();
    command.add_option("--agents", given.agents, "file of the identities")->required();
    command.add_option("--count", given.count, "how many agents");
}

}  // namespace
}  // namespace evenkeel::herd

int main(int argc, char** argv) {
    using namespace evenkeel::herd;
    Arguments given;
    CLI::App app{"Many agents, for measuring an orchestrator"};
    app.require_subcommand(1);
    CLI::App* enrol_command = app.add_subcommand("enrol", "Enrol agents, and keep who they are");
    add_options(*enrol_command, given);
    enrol_command->add_option("--token-file", given.token_file, "of the enrolment token")
        ->required();
    enrol_command->add_option("--prefix", given.prefix, "of their names");
    enrol_command->add_option("--parallel", given.parallel, "enrolments under way at once");
    CLI::App* run_command = app.add_subcommand("run", "Connect them, until standard input ends");
    add_options(*run_command, given);
    run_command->add_option("--schema", given.schema_file, "of the collection files")->required();
    run_command->add_option("--spread-ms", given.spread_ms,
                            "the first tries come within this time");
    run_command->add_option("--every-ms", given.every_ms, "how often a line is printed");
    CLI11_PARSE(app, argc, argv);
    std::signal(SIGPIPE, SIG_IGN);
    evenkeel::run::allow_open_files(kOpenFiles);
    const auto done = enrol_command->parsed() ? enrol(given) : run(given);
    if (done) return 0;
    std::fprintf(stderr, "herd: %s\n", done.error().what.c_str());
    return 1;
}
