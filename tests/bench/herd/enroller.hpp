#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "identity.hpp"
#include "link.hpp"
#include "poller.hpp"

namespace evenkeel::herd {

// What all enrolments of a run share.
struct Enrolment {
    Poller& poller;
    SSL_CTX* tls;
    sockaddr_in orchestrator;
    std::string token;
    std::string prefix;  // of the names
    std::size_t wanted;
    std::size_t next = 0;  // the number of the agent that comes next
    std::vector<Identity> made = {};
    std::size_t tries_failed = 0;
    std::string last_error = {};
};

// Enrols one machine after the other by the real enrolment listener, each with a key of its own,
// until all that are wanted are; several of these work side by side. One that fails is tried again
// after a second.
class Enroller final : public Member, public Link::Owner {
  public:
    explicit Enroller(Enrolment& shared) : shared_(shared) {}
    void start();

  private:
    void on_ready() override;
    void on_due(std::uint64_t now_ns) override;
    void on_attached() override;
    void on_message(const Message& message) override;
    void on_settled(std::uint64_t, Link::Answer) override {}

    void begin_next();
    void dial();
    void check_link();

    Enrolment& shared_;
    std::size_t number_ = 0;
    Identity identity_;
    std::string request_;
    bool answered_ = false;
    bool refused_ = false;
    std::unique_ptr<Link> link_;
};

}  // namespace evenkeel::herd
