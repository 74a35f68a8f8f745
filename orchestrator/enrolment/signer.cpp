#include "orchestrator/enrolment/signer.hpp"

#include <utility>

#include "core/crypto/x509.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::enrolment {
namespace {

constexpr std::chrono::seconds kStopLimit{5};

Result<Certificate> make_certificate(const Signer::Sign& sign, const std::string& request,
                                     const std::string& host) {
    Certificate made;
    made.pem = EK_TRY(sign(request, host));
    made.fingerprint = EK_TRY(crypto::certificate_fingerprint(made.pem));
    return made;
}

}  // namespace

Signer::Signer(run::Loop& loop, Sign sign, std::size_t waiting_most)
    : loop_(loop),
      sign_(std::make_shared<const Sign>(std::move(sign))),
      lane_({.name = "sign", .queue_depth_max = waiting_most}) {}

Signer::~Signer() {
    stop();
}

void Signer::sign(std::string request, std::string host, Done done) {
    const auto answer = [running = std::weak_ptr(running_), post = loop_.poster(),
                         done = std::move(done)](Result<Certificate> made) {
        post([running, done, made = std::move(made)] {
            if (!running.expired()) done(made);
        });
    };
    const auto queued =
        lane_.submit([sign = sign_, request = std::move(request), host = std::move(host), answer] {
            answer(make_certificate(*sign, request, host));
        });
    if (!queued) answer(fail(Errc::busy, "too many certificates wait to be signed: ask again"));
}

void Signer::stop() {
    running_.reset();
    lane_.stop(kStopLimit);
}

}  // namespace evenkeel::enrolment
