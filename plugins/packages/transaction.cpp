#include "plugins/packages/transaction.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <utility>

#include <poll.h>

namespace evenkeel::packages {

namespace {

constexpr int kStepMs = 100;
constexpr int kGiveWayMs = 1'000;
constexpr int kRetryMs = 200;
constexpr off_t kOutputMax = 16 * 1024 * 1024;

}  // namespace

void Transactions::reap() {
    left_.erase(std::remove_if(left_.begin(), left_.end(),
                               [](const auto& process) { return process->wait(0); }),
                left_.end());
}

posix::ProcessResult Transactions::run(const sdk::Call& call, const posix::Command& command,
                                       const Follow& follow) {
    reap();
    wait_until_free(call, find_holder_, what_);
    call.check();
    auto process = std::make_unique<posix::Process>(command);
    bool begun = !follow;
    while (!process->wait(kStepMs, begun ? -1 : call.cancel_fd())) {
        try {
            if (follow) begun = follow(*process, call) || begun;
            // Once begun, cancellation is ignored; the query tells the host that the call goes on.
            if (!begun) call.check();
            if (begun) call.cancelled();
            if (begun && call.deadline_ns() != 0 && sdk::now_ns() >= call.deadline_ns())
                throw sdk::Failure(EK_E_TIMEOUT, "the deadline has passed while " +
                                                     command.argv[0] +
                                                     " works; it goes on by itself");
        } catch (...) {
            // Ends the program, unless it has begun in this moment: then it ignores the signal.
            if (!begun) process->send(SIGINT);
            const bool ended = process->wait(kGiveWayMs);
            if (!ended) left_.push_back(std::move(process));
            throw;
        }
    }
    if (follow) follow(*process, call);
    return {process->exit_code(), process->output_end(kOutputMax)};
}

void wait_to_retry(const sdk::Call& call, const sdk::Failure& busy) {
    if (call.deadline_ns() != 0 && sdk::now_ns() + 2u * kRetryMs * 1'000'000u >= call.deadline_ns())
        throw busy;
    pollfd cancel{call.cancel_fd(), POLLIN, 0};
    ::poll(&cancel, 1, kRetryMs);
    call.check();
}

}  // namespace evenkeel::packages
