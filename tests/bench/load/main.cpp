// A REST client with many connections that stay open, each with one request at a time: how many
// requests a second are answered, and how long each takes. Prints one JSON object.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/time.hpp"
#include "core/json/json.hpp"
#include "tests/bench/herd/poller.hpp"

namespace evenkeel::load {
namespace {

struct Arguments {
    std::uint16_t port = 7780;
    std::string token_file;
    std::string get;         // path: GET this, and describe nothing
    std::string hosts_file;  // one host a line: describe resources of these, in turn
    std::size_t connections = 64;
    std::size_t count = 0;  // of requests; 0: until the time is up
    double seconds = 0;     // 0: until all are answered
    std::size_t first = 0;  // number of the first resource of each host
    std::size_t content_bytes = 64;
};

// What the connections share: the next request, and what became of those before.
class Work {
  public:
    explicit Work(const Arguments& given, std::string token, std::vector<std::string> hosts)
        : given_(given), token_(std::move(token)), hosts_(std::move(hosts)) {
        if (given.seconds > 0)
            end_ns_ = now_monotonic_ns() + static_cast<std::uint64_t>(given.seconds * 1e9);
    }

    // The text of the next request; empty when there is none.
    std::string next() {
        if ((given_.count != 0 && made_ >= given_.count) || is_over()) return {};
        const std::size_t number = made_++;
        if (!given_.get.empty()) return text("GET", given_.get, "");
        const std::string path = "/v1/hosts/" + hosts_[number % hosts_.size()] +
                                 "/resources/files/%2Fbench%2F" +
                                 std::to_string(given_.first + number / hosts_.size());
        std::string content = std::to_string(number);
        content.resize(std::max(content.size(), given_.content_bytes), 'x');
        return text("PUT", path,
                    R"({"description":{"content":")" + content + R"(","mode":"0644"}})");
    }
    void answered(int status, std::uint64_t took_ns) {
        ++answered_;
        if (status < 200 || status > 299) ++failed_;
        if (status != 0) last_status_ = status;
        took_ns_.push_back(took_ns);
    }
    bool is_over() const { return end_ns_ != 0 && now_monotonic_ns() >= end_ns_; }
    std::size_t made() const { return made_; }
    std::size_t answered() const { return answered_; }

    json::Value report(double seconds) {
        std::sort(took_ns_.begin(), took_ns_.end());
        const auto ms = [&](double part) {
            if (took_ns_.empty()) return 0.0;
            const auto at =
                static_cast<std::size_t>(part * static_cast<double>(took_ns_.size() - 1));
            return static_cast<double>(took_ns_[at]) / 1e6;
        };
        rusage used{};
        getrusage(RUSAGE_SELF, &used);
        return json::Object{
            {"answered", answered_},
            {"failed", failed_},
            {"last_status", last_status_},
            {"seconds", seconds},
            {"per_second", static_cast<double>(answered_ - failed_) / seconds},
            {"p50_ms", ms(0.5)},
            {"p99_ms", ms(0.99)},
            {"cpu_ms", used.ru_utime.tv_sec * 1000 + used.ru_utime.tv_usec / 1000 +
                           used.ru_stime.tv_sec * 1000 + used.ru_stime.tv_usec / 1000}};
    }

  private:
    std::string text(const char* method, const std::string& path, const std::string& body) const {
        std::string head = std::string(method) + " " + path + " HTTP/1.1\r\nHost: bench\r\n";
        if (!token_.empty()) head += "Authorization: Bearer " + token_ + "\r\n";
        if (!body.empty())
            head +=
                "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n";
        return head + "\r\n" + body;
    }

    const Arguments& given_;
    const std::string token_;
    const std::vector<std::string> hosts_;
    std::uint64_t end_ns_ = 0;
    std::size_t made_ = 0, answered_ = 0, failed_ = 0;
    int last_status_ = 0;
    std::vector<std::uint64_t> took_ns_;
};

// One connection; asks again as soon as it has its answer.
class Connection final : public herd::Member {
  public:
    Connection(Work& work, herd::Poller& poller, std::uint16_t port)
        : work_(work), poller_(poller), port_(port) {
        connect();
    }
    bool is_idle() const { return !asked_; }

  private:
    void connect() {
        fd_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        const int on = 1;
        setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port_);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to);
        poller_.watch(fd_.get(), *this);
        ask();
    }
    void ask() {
        in_.clear();
        out_ = work_.next();
        asked_ = !out_.empty();
        asked_ns_ = now_monotonic_ns();
    }
    void on_due(std::uint64_t) override {}
    void on_ready() override {
        while (asked_ && write_some() && read_some()) {
        }
    }
    bool write_some() {
        while (!out_.empty()) {
            const ssize_t count = send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            out_.erase(0, static_cast<std::size_t>(count));
        }
        return true;
    }
    // Whether an answer was complete, so that the next request is there.
    bool read_some() {
        char bytes[16384];
        const ssize_t count = recv(fd_.get(), bytes, sizeof bytes, 0);
        if (count < 0) return false;
        if (count == 0) {
            work_.answered(0, now_monotonic_ns() - asked_ns_);
            connect();
            return false;
        }
        in_.append(bytes, static_cast<std::size_t>(count));
        const std::size_t head = in_.find("\r\n\r\n");
        if (head == std::string::npos || in_.size() < head + 4 + length_of_body(head)) return true;
        work_.answered(std::atoi(in_.c_str() + 9), now_monotonic_ns() - asked_ns_);
        ask();
        return true;
    }
    std::size_t length_of_body(std::size_t head) const {
        const std::size_t at = in_.find("Content-Length: ");
        if (at == std::string::npos || at > head) return 0;
        return std::strtoul(in_.c_str() + at + 16, nullptr, 10);
    }

    Work& work_;
    herd::Poller& poller_;
    const std::uint16_t port_;
    Fd fd_;
    std::string out_, in_;
    bool asked_ = false;
    std::uint64_t asked_ns_ = 0;
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (end > at) lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

Result<void> run(const Arguments& given) {
    std::vector<std::string> tokens;
    if (!given.token_file.empty()) tokens = lines_of(EK_TRY(read_file(given.token_file)));
    std::vector<std::string> hosts;
    if (given.get.empty()) hosts = lines_of(EK_TRY(read_file(given.hosts_file, 1 << 26)));
    if (given.get.empty() && hosts.empty()) return fail(Errc::invalid, "no hosts");
    Work work(given, tokens.empty() ? "" : tokens.front(), hosts);
    herd::Poller poller;
    const std::uint64_t start_ns = now_monotonic_ns();
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::size_t i = 0; i < given.connections; ++i)
        connections.push_back(std::make_unique<Connection>(work, poller, given.port));
    const auto busy = [](const auto& one) { return !one->is_idle(); };
    while (std::any_of(connections.begin(), connections.end(), busy))
        poller.run_once(100'000'000, [] {});
    const double seconds = static_cast<double>(now_monotonic_ns() - start_ns) / 1e9;
    std::puts(json::write(work.report(seconds)).c_str());
    return {};
}

}  // namespace
}  // namespace evenkeel::load

int main(int argc, char** argv) {
    evenkeel::load::Arguments given;
    CLI::App app{"Asks a REST API as fast as it answers"};
    app.add_option("--port", given.port, "of the REST API on loopback");
    app.add_option("--token-file", given.token_file, "with the API token");
    app.add_option("--get", given.get, "GET this path instead of describing resources");
    app.add_option("--hosts", given.hosts_file, "file of host ids: describe resources of these");
    app.add_option("--connections", given.connections, "that are open at once");
    app.add_option("--count", given.count, "of requests");
    app.add_option("--seconds", given.seconds, "ask no more after this time");
    app.add_option("--first", given.first, "number of the first resource of each host");
    app.add_option("--content-bytes", given.content_bytes, "of each description");
    CLI11_PARSE(app, argc, argv);
    const auto done = evenkeel::load::run(given);
    if (done) return 0;
    std::fprintf(stderr, "load: %s\n", done.error().what.c_str());
    return 1;
}
