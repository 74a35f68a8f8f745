#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/run/lane.hpp"

namespace evenkeel::run {
class Loop;
}

namespace evenkeel::enrolment {

struct Certificate {
    std::string pem;
    std::string fingerprint;
};

// Signs hosts' certificates on a thread of its own, because OpenSSL takes its time: the loop goes
// on meanwhile. What waits is bounded, since requests come from machines that are not trusted yet.
// [loop]
class Signer {
  public:
    // Makes the PEM certificate of `host` for a request; Authority::sign_host. Called on the
    // signer's thread, one call at a time.
    using Sign =
        std::function<Result<std::string>(const std::string& request, const std::string& host)>;
    using Done = std::function<void(const Result<Certificate>&)>;

    // `waiting_most`: requests that wait, the one that is signed not counted.
    Signer(run::Loop& loop, Sign sign, std::size_t waiting_most);
    // As stop().
    ~Signer();
    Signer(const Signer&) = delete;
    Signer& operator=(const Signer&) = delete;

    // `done` is called on the loop, once, never inside this call: with the certificate, the error
    // of `Sign`, or `busy` when too many wait. Not at all after stop().
    void sign(std::string request, std::string host, Done done);
    // Waits for the one that is signed now.
    void stop();

  private:
    run::Loop& loop_;
    // Shared with the tasks, which may outlive a lane that had to be left behind.
    std::shared_ptr<const Sign> sign_;
    run::Lane lane_;
    std::shared_ptr<const bool> running_ = std::make_shared<bool>(true);
};

}  // namespace evenkeel::enrolment
