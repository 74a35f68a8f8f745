#include "plugins/packages/transaction.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <utility>

#include <poll.h>

namespace evenkeel::packages {

namespace {

constexpr int kStepMs = 100;
constexpr int kRetryMs = 200;
constexpr off_t kOutputMax = 16 * 1024 * 1024;

bool is_late(const sdk::Call& call) {
    return call.deadline_ns() != 0 && sdk::now_ns() >= call.deadline_ns();
}

sdk::Failure goes_on(const posix::Command& command) {
    return {EK_E_TIMEOUT,
            "the deadline has passed while " + command.argv[0] + " works; it goes on by itself"};
}

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
            if (begun && is_late(call)) throw goes_on(command);
        } catch (...) {
            if (!begun) process->send(SIGINT);
            bool ended = process->wait(kStepMs);
            // One that begins in this moment ignores the signal, and says so only later.
            while (!begun && !ended && !is_late(call)) {
                begun = follow(*process, call);
                call.cancelled();
                ended = process->wait(kStepMs);
            }
            if (!begun) begun = follow(*process, call) || process->exit_code() == 0;
            if (ended && begun) break;
            if (begun && !is_late(call)) continue;
            if (ended) throw;
            left_.push_back(std::move(process));
            throw goes_on(command);
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
