#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "greedy_embedded.hpp"
#include "tests/support/plugins/fields.hpp"

// May start processes. Takes more than its share in an apply, where the text says of what, and
// tries what only another user or root may do. What it waits for is a file "go" in its folder; with
// a file "ends once" or "ends always" there it ends while it is opened, with "not yet" it is not.
namespace evenkeel::test {

constexpr int kForksMost = 2000;

[[noreturn]] void answer(const std::string& what, int error) {
    throw sdk::Failure(EK_E_DENIED, what + ": " + std::strerror(error));
}

// Until there can be no more. Those of another session are not ended with this one.
[[noreturn]] void take_all_processes(bool leaves_session) {
    for (int i = 0; i < kForksMost; ++i) {
        const pid_t child = ::fork();
        if (child < 0) answer("fork", errno);
        if (child > 0) continue;
        if (leaves_session) ::setsid();
        for (;;) ::pause();
    }
    answer("nothing bounds it", 0);
}

// More than a plugin may have, by programs of which each may have as much: one of them is ended.
[[noreturn]] void take_all_memory(const sdk::Call& call) {
    constexpr int kPrograms = 4;
    constexpr std::size_t kEach = 256u << 20;
    for (int i = 0; i < kPrograms; ++i) {
        if (::fork() != 0) continue;
        auto* const taken = static_cast<volatile char*>(std::malloc(kEach));
        for (std::size_t at = 0; taken != nullptr && at < kEach; at += 4096) taken[at] = 1;
        for (;;) ::pause();
    }
    int ended = 0;
    // Nothing wakes up for both: a child that ends, and the host that asks.
    while (::waitpid(-1, &ended, WNOHANG) == 0 && !call.cancelled()) ::usleep(10'000);
    answer("a program was ended by signal " + std::to_string(WTERMSIG(ended)), ENOMEM);
}

void take_a_processor() {
    std::thread([] {
        volatile unsigned long count = 0;
        for (;;) count = count + 1;
    }).detach();
}

void send_signal(const std::string& to) {
    if (::kill(std::stoi(to), SIGUSR1) != 0) answer("signal", errno);
}

void open_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) answer("open", errno);
    ::close(fd);
}

void read_nothing_of(std::string_view path) {
    const int fd = ::open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC);
    char letter = 0;
    const bool is_empty = fd >= 0 && ::read(fd, &letter, 1) == 0;
    ::close(fd);
    if (!is_empty) answer("something is in it", 0);
}

void wait_for_go(const std::string& folder) {
    // A test makes it in another process.
    while (::access((folder + "/go").c_str(), F_OK) != 0) ::usleep(10'000);
}

void end_if_told(const std::string& folder) {
    const bool once = ::unlink((folder + "/ends once").c_str()) == 0;
    if (once || ::access((folder + "/ends always").c_str(), F_OK) == 0) ::kill(::getpid(), SIGKILL);
}

class Greedy : public Resources<> {
  public:
    static constexpr std::string_view kName = "greedy";
    static constexpr std::string_view kSchema = kSchemaText;

    Greedy(const sdk::Host& host, const sdk::Call& call, std::string_view config)
        : Resources(host, call, config), data_dir_(host.data_dir()) {
        end_if_told(data_dir_);
        if (::access((data_dir_ + "/not yet").c_str(), F_OK) == 0)
            throw sdk::Failure(EK_E_UNAVAILABLE, "not yet");
    }
    ~Greedy() {
        if (lingers_) wait_for_go(data_dir_);
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string text = text_of(desired);
        if (text == "processes" || text == "escape") take_all_processes(text == "escape");
        if (text == "memory") take_all_memory(call);
        if (text == "processor") take_a_processor();
        if (text == "signal") send_signal(std::string(id));
        if (text.rfind("open ", 0) == 0) open_file(text.substr(5));
        if (text == "empty") read_nothing_of(id);
        if (text == "who") answer(std::to_string(::getuid()), EPERM);
        if (text == "kill") ::kill(::getpid(), SIGKILL);
        if (text == "linger") lingers_ = true;
        Resources::apply(call, id, desired);
    }

    // With a file "chatty" in its folder it hints from a thread of its own while it is opened.
    class Watch {
      public:
        Watch(Greedy& greedy, const sdk::Call& call, const sdk::WatchHost& host) : greedy_(greedy) {
            if (::access((greedy.data_dir_ + "/chatty").c_str(), F_OK) != 0) return;
            constexpr int kTimes = 2000;
            hints_ = std::thread([host] {
                for (int i = 0; i < kTimes; ++i) host.changed("x");
            });
            for (int i = 0; i < kTimes; ++i) call.progress(1, "opening");
        }
        ~Watch() {
            if (hints_.joinable()) hints_.join();
        }
        void interest(std::string_view id, bool on) {
            if (on && id == "stuck") wait_for_go(greedy_.data_dir_);
        }
        void ready(int, std::uint32_t) {}

      private:
        Greedy& greedy_;
        std::thread hints_;
    };

  private:
    std::string data_dir_;
    bool lingers_ = false;
};

}  // namespace evenkeel::test

EVENKEEL_MODULE("org.evenkeel.test.greedy", "1.2.3", kManifest, evenkeel::test::Greedy)
