#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/fd.hpp"
#include "core/crypto/x509.hpp"
#include "core/link/dialer.hpp"
#include "core/link/listener.hpp"
#include "core/link/remote.hpp"
#include "core/run/loop.hpp"
#include "tests/support/wait.hpp"

// What the link tests share: a folder of certificates, a listener that writes down what it is told,
// and an agent that does the same.
namespace evenkeel::link::bench {

using namespace std::chrono_literals;

using test::kPatience;

// A temporary folder with a CA, a server's certificate and hosts' certificates as PEM files.
class Certificates {
  public:
    Certificates();
    ~Certificates();

    std::string ca() const { return folder_ + "/ca.pem"; }
    std::string file(const std::string& name) const { return folder_ + "/" + name; }
    // Makes NAME.pem and NAME.key signed by this CA and returns the fingerprint.
    std::string host(const std::string& name);
    // The same as a server's certificate for another DNS name.
    void server_named(const std::string& name, const std::string& dns_name);

  private:
    void put(const std::string& name, const std::string& content) const;
    std::string folder_;
    crypto::Authority authority_;
};

// The orchestrator's end. Admits the fingerprints in `known` and lets a host attach to its own
// address, to "events" and to a dynamic reply address.
struct Server {
    Server(run::Loop& on, const Certificates& certificates);
    void start();
    Listener& operator*() { return *listener; }
    Listener* operator->() { return listener.get(); }
    std::size_t settled(Disposition disposition) const;

    run::Loop& loop;
    Listener::Options options;
    std::map<std::string, std::string> known;  // fixed once started
    std::function<void(const std::string& address, const Message&, const Delivery&)> on_message;
    std::function<bool(const Message&)> is_heartbeat;

    std::vector<std::unordered_set<std::uint64_t>> heard;  // each call about heartbeats
    std::vector<Peer> connected;
    std::vector<std::string> disconnected;  // reasons
    std::vector<std::string> attached;      // "in events", "out reply-1"
    std::vector<std::string> detached;
    std::vector<Message> messages;
    std::vector<std::pair<std::uint64_t, Disposition>> answers;

    std::unique_ptr<Listener> listener;
};

// The agent's end, as host "one" unless told otherwise.
struct Agent {
    Agent(run::Loop& on, const Certificates& certificates, std::uint16_t port,
          const std::string& name = "one");
    void start();
    Dialer* operator->() { return dialer.get(); }

    run::Loop& loop;
    Dialer::Options options;
    std::function<void(const std::string& address, const Message&, const Delivery&)> on_message;

    int ups = 0;
    std::vector<Error> downs;
    std::vector<Error> failures;
    std::vector<Message> messages;
    std::vector<std::pair<std::uint64_t, Disposition>> answers;

    std::unique_ptr<Dialer> dialer;
};

// Runs a program while the loop turns, with its input empty; the lines that it wrote, and
// "status N" when it failed.
std::vector<std::string> run_program(run::Loop& loop, const std::vector<std::string>& command);
// The same with the Python peer.
std::vector<std::string> run_peer(run::Loop& loop, const std::vector<std::string>& arguments);

// A TCP connection to the listener that knows nothing of TLS.
class RawSocket {
  public:
    explicit RawSocket(std::uint16_t port, const std::string& source = "127.0.0.1");
    int fd() const { return fd_.get(); }
    void send(const std::string& bytes);
    // Whether the listener hangs up in time; what it says before is dropped.
    bool closed_within(std::chrono::milliseconds limit);

  private:
    Fd fd_;
};

bool contains(const std::vector<std::string>& lines, const std::string& part);
std::size_t resident_kib();

}  // namespace evenkeel::link::bench
