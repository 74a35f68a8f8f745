#include "plugins/packages/apt/transaction.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <string_view>
#include <utility>

#include "plugins/packages/apt/lock.hpp"

namespace evenkeel::packages {

namespace {

constexpr int kStepMs = 100;
constexpr int kGiveWayMs = 1'000;
constexpr off_t kOutputMax = 256 * 1024;

// apt's reports: "pmstatus:hello:42.5:Unpacking hello (amd64)"; dlstatus while it downloads.
struct Reports {
    bool changing = false;  // dpkg has begun
    std::string rest;       // the beginning of a line that is not complete

    void take(const std::string& text, const sdk::Call& call) {
        rest += text;
        for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
            tell(std::string_view(rest).substr(0, end), call);
            rest.erase(0, end + 1);
        }
    }

  private:
    static std::string_view part(std::string_view& line) {
        const std::string_view text = line.substr(0, line.find(':'));
        line.remove_prefix(std::min(text.size() + 1, line.size()));
        return text;
    }
    void tell(std::string_view line, const sdk::Call& call) {
        const std::string_view kind = part(line);
        if (kind != "dlstatus" && kind != "pmstatus") return;
        changing = changing || kind == "pmstatus";
        // A package's name may have a colon of its own: the percentage is the first decimal
        // fraction.
        double percent = -1;
        for (bool found = false; !found && !line.empty();) {
            const std::string_view word = part(line);
            const char* const end = word.data() + word.size();
            found = word.find('.') != word.npos &&
                    std::from_chars(word.data(), end, percent).ptr == end;
            if (!found) percent = -1;
        }
        if (percent < 0 || percent > 100) return;
        call.progress(static_cast<std::uint32_t>(percent * 10), line);
    }
};

}  // namespace

void Transactions::reap() {
    left_.erase(std::remove_if(left_.begin(), left_.end(),
                               [](const auto& process) { return process->wait(0, -1); }),
                left_.end());
}

Ran Transactions::run(const sdk::Call& call, const std::vector<std::string>& argv, bool reports) {
    reap();
    wait_for_locks(call, folder_);
    call.check();
    auto process = std::make_unique<Process>(argv, reports);
    Reports progress;
    while (!process->wait(kStepMs, progress.changing ? -1 : call.cancel_fd())) {
        try {
            progress.take(process->new_reports(), call);
            if (progress.changing || !reports) {
                if (call.deadline_ns() != 0 && sdk::now_ns() >= call.deadline_ns())
                    throw sdk::Failure(EK_E_TIMEOUT, "the deadline has passed while " + argv[0] +
                                                         " works; it goes on by itself");
                continue;
            }
            call.check();
        } catch (...) {
            // Before dpkg begins this ends apt-get; afterwards apt-get does not heed it.
            if (reports && !progress.changing) process->send(SIGINT);
            const bool ended = process->wait(kGiveWayMs, -1);
            if (!ended) left_.push_back(std::move(process));
            throw;
        }
    }
    progress.take(process->new_reports(), call);
    return {process->status(), process->output(kOutputMax)};
}

}  // namespace evenkeel::packages
