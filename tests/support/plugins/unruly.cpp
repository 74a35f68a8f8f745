#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/plugin/channel/frame.hpp"
#include "tests/support/plugins/fields.hpp"
#include "unruly_embedded.hpp"

// Does harm in an apply, where the text says which: only a process of its own survives that.
namespace evenkeel::test {

[[noreturn]] void refused(const char* what, int error) {
    throw sdk::Failure(EK_E_DENIED, std::string(what) + ": " + std::strerror(error));
}

// As many as there may be: each takes a page table's worth of memory at once.
void take_all_memory(const sdk::Call& call) {
    std::vector<std::string> all;
    while (!call.cancelled()) all.emplace_back(16u << 20, 'x');
}

// As who has begun what cannot be ended half way; it says so.
void go_on_after_cancel(const sdk::Call& call) {
    call.progress(0, "begun");
    // What is tried is that it takes longer than it would be waited for in silence.
    for (int i = 0; i < 250; ++i, call.cancelled()) ::usleep(10'000);
}

[[noreturn]] void take_all_processes() {
    for (;;) {
        const pid_t child = ::fork();
        if (child < 0) refused("fork", errno);
        if (child == 0)
            for (;;) ::pause();
    }
}

void run_a_program() {
    char program[] = "/bin/true";
    char* arguments[] = {program, nullptr};
    pid_t child = 0;
    if (const int error = ::posix_spawn(&child, program, nullptr, nullptr, arguments, nullptr))
        refused("program", error);
    ::waitpid(child, nullptr, 0);
}

void print_much() {
    const std::string line(1023, 'z');
    for (int i = 0; i < 4096; ++i) std::puts(line.c_str());
    std::fflush(stdout);
}

// To whoever listens to it.
void send_to_all(const void* bytes, std::size_t count, int first) {
    for (int fd = first; fd < 64; ++fd) {
        struct stat info {};
        if (::fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode))
            static_cast<void>(::send(fd, bytes, count, MSG_NOSIGNAL));
    }
}

void talk_nonsense() {
    const std::string nonsense(4096, '\xee');
    send_to_all(nonsense.data(), nonsense.size(), 3);
}

// An empty frame of this kind over the channels.
void send_frame(plugin::FrameKind kind) {
    const std::uint32_t header[] = {0, static_cast<std::uint32_t>(kind)};
    send_to_all(header, sizeof(header), 4);
}

// Whether some descriptor takes the refused calls of this process.
bool find_listener() {
    std::uint64_t unknown = 0;
    for (int fd = 3; fd < 64; ++fd)
        if (::ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &unknown) != 0 && errno == ENOENT)
            return true;
    return false;
}
const bool found_at_load = find_listener();

class Unruly : public Resources<> {
  public:
    static constexpr std::string_view kName = "unruly";
    static constexpr std::string_view kSchema = kSchemaText;

    Unruly(const sdk::Host& host, const sdk::Call& call, std::string_view config)
        : Resources(host, call, config), data_dir_(host.data_dir()) {}
    ~Unruly() {
        if (last_word_) send_frame(*last_word_);
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string text = text_of(desired);
        if (text == "kill") {
            call.change({"/text", "\"a\"", "\"b\"", 0, EK_ACT_SET, EK_OUT_DONE});
            ::kill(::getpid(), SIGKILL);
        }
        if (text == "exit") ::_exit(7);
        while (text == "hang") ::pause();
        if (text == "go on") go_on_after_cancel(call);
        if (text == "memory") take_all_memory(call);
        if (text == "processes") take_all_processes();
        if (text == "program") run_a_program();
        if (text == "print") print_much();
        if (text == "say") std::fprintf(stderr, "a line\n");
        if (text == "listener" && (found_at_load || find_listener())) refused("found", EEXIST);
        if (text == "nonsense") talk_nonsense();
        if (text == "last item") last_word_ = plugin::FrameKind::item;
        if (text == "last sign of life") last_word_ = plugin::FrameKind::alive;
        if (text == "socket" && ::socket(AF_INET, SOCK_STREAM, 0) < 0) refused("socket", errno);
        if (text == "file" || text == "keep") {
            const std::string path = text == "file" ? std::string(id) : data_dir_ + "/kept";
            const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
            if (fd < 0) refused("file", errno);
            ::close(fd);
        }
        if (text == "who") refused(std::to_string(::getuid()).c_str(), EPERM);
        Resources::apply(call, id, desired);
    }

  private:
    std::string data_dir_;
    std::optional<plugin::FrameKind> last_word_;
};

}  // namespace evenkeel::test

EVENKEEL_MODULE("org.evenkeel.test.unruly", "1.2.3", kManifest, evenkeel::test::Unruly)
