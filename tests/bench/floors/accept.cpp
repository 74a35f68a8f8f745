// The floor of the bus: a Proton listener with mutual TLS that admits everybody, answers each hello
// with a hello and accepts everything. Nothing is stored.
//   floor_accept CERTIFICATE KEY CA    prints {"port":N}, then serves until standard input ends
// On each line of its input it sends one command to every agent.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include <proton/connection.hpp>
#include <proton/connection_options.hpp>
#include <proton/container.hpp>
#include <proton/delivery.hpp>
#include <proton/link.hpp>
#include <proton/listen_handler.hpp>
#include <proton/listener.hpp>
#include <proton/message.hpp>
#include <proton/messaging_handler.hpp>
#include <proton/receiver.hpp>
#include <proton/receiver_options.hpp>
#include <proton/sender.hpp>
#include <proton/sender_options.hpp>
#include <proton/source_options.hpp>
#include <proton/ssl.hpp>
#include <proton/target_options.hpp>
#include <proton/tracker.hpp>
#include <proton/transport.hpp>
#include <proton/value.hpp>
#include <proton/work_queue.hpp>

#include "core/link/backlog.hpp"

namespace {

constexpr const char* kHello =
    R"({"type":"hello","protocol":1,"capabilities":[],"version":"0","stream":"floor",)"
    R"("predecessor":null,"host":"floor","heartbeat_ms":10000,"events":{"stream":"","seq":0}})";

std::string command(std::uint64_t seq) {
    const std::string number = std::to_string(seq);
    return R"({"type":"command","id":"cmd_)" + number + R"(","stream":"floor","seq":)" + number +
           R"(,"verb":"apply","timeout_ms":600000,"resources":[{"collection":"files",)"
           R"("id":"/floor",)"
           R"("description":{"content":"x"},"policy":"report","generation":{"stream":"floor",)"
           R"("revision":)" +
           number + "}}]}";
}

class Floor final : public proton::messaging_handler, public proton::listen_handler {
  public:
    Floor(std::string certificate, std::string key, std::string ca)
        : options_(proton::ssl_server_options(proton::ssl_certificate(certificate, key), ca, ca,
                                              proton::ssl::VERIFY_PEER)) {}

    // From another thread.
    void send_all() {
        const std::lock_guard lock(mutex_);
        const std::uint64_t seq = ++seq_;
        for (const auto& [sender, queue] : senders_)
            queue->add([to = sender, seq]() mutable { to.send(proton::message(command(seq))); });
    }
    void stop(proton::container& container) { container.stop(); }

  private:
    void on_container_start(proton::container& container) override {
        container.listen("127.0.0.1:0", *this);
    }
    void on_open(proton::listener& listener) override {
        // Proton's own backlog of 16 would make the agents wait for the kernel's retries.
        evenkeel::link::raise_backlog(static_cast<std::uint16_t>(listener.port()), 4096);
        std::printf("{\"port\":%d}\n", listener.port());
        std::fflush(stdout);
    }
    proton::connection_options on_accept(proton::listener&) override {
        return proton::connection_options()
            .ssl_server_options(options_)
            .sasl_allowed_mechs("EXTERNAL")
            .idle_timeout(proton::duration(30'000))
            .handler(*this);
    }
    void on_error(proton::listener&, const std::string& why) override {
        std::fprintf(stderr, "floor_accept: %s\n", why.c_str());
    }
    void on_sender_open(proton::sender& sender) override {
        sender.open(proton::sender_options().source(
            proton::source_options().address(sender.source().address())));
        const std::lock_guard lock(mutex_);
        senders_.emplace(sender, &sender.work_queue());
    }
    void on_receiver_open(proton::receiver& receiver) override {
        receiver.open(proton::receiver_options().target(
            proton::target_options().address(receiver.target().address())));
    }
    void on_message(proton::delivery& delivery, proton::message& message) override {
        const auto body = proton::get<std::string>(message.body());
        if (body.compare(0, 15, R"({"type":"hello")") != 0) return;
        for (proton::sender sender : delivery.connection().senders())
            sender.send(proton::message(std::string(kHello)));
    }
    void on_transport_close(proton::transport& transport) override {
        const proton::connection connection = transport.connection();
        const std::lock_guard lock(mutex_);
        for (const proton::sender& sender : connection.senders()) senders_.erase(sender);
    }
    void on_error(const proton::error_condition&) override {}

    proton::ssl_server_options options_;
    std::mutex mutex_;
    std::map<proton::sender, proton::work_queue*> senders_;
    std::uint64_t seq_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    Floor floor(argv[1], argv[2], argv[3]);
    proton::container container(floor);
    std::thread input([&] {
        for (std::string line; std::getline(std::cin, line);) floor.send_all();
        container.stop();
    });
    container.run();
    input.join();
}
