#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>

#include <evenkeel/plugin.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/plugin/channel/frame.hpp"

// Does harm when it is loaded, each built from this by its name: the first argument of its process.
namespace evenkeel::test {
namespace {

constexpr int kControl = 3;

void send_frame(plugin::FrameKind kind, const std::string& payload) {
    const std::uint32_t header[] = {static_cast<std::uint32_t>(payload.size()),
                                    static_cast<std::uint32_t>(kind)};
    static_cast<void>(::send(kControl, header, sizeof(header), MSG_NOSIGNAL));
    for (std::size_t sent = 0; sent < payload.size();) {
        const ssize_t length =
            ::send(kControl, payload.data() + sent, payload.size() - sent, MSG_NOSIGNAL);
        if (length <= 0) return;
        sent += static_cast<std::size_t>(length);
    }
}

void add(std::string& payload, std::initializer_list<std::uint32_t> numbers) {
    for (const std::uint32_t number : numbers)
        payload.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// It closes its connection and stays.
[[noreturn]] void shut() {
    ::close(kControl);
    for (;;) ::pause();
}

// It tells the number of a program that it leaves behind, as a line for the log.
[[noreturn]] void leave() {
    const pid_t program = ::fork();
    if (program == 0) shut();
    const std::string line = "left " + std::to_string(program) + ".";
    std::string payload;
    add(payload, {EK_SEV_INFO, static_cast<std::uint32_t>(line.size())});
    payload += line;
    add(payload, {UINT32_MAX});
    send_frame(plugin::FrameKind::log, payload);
    ::_exit(1);
}

// It says that it serves a million collections, and each empty one.
[[noreturn]] void swamp() {
    constexpr std::uint32_t kCount = 1'000'000;
    std::string payload;
    add(payload, {UINT32_MAX, 1, 0, 1});
    payload += "x";
    add(payload, {UINT32_MAX, UINT32_MAX, 1, kCount});
    for (std::uint32_t i = 0; i < kCount; ++i)
        add(payload, {0, 0, 0, 0, 0, 0, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX});
    send_frame(plugin::FrameKind::hello, payload);
    shut();
}

// It asks for what its manifest does not declare, and ends if it gets it.
void ask() {
    if (::socket(AF_INET, SOCK_STREAM, 0) >= 0) ::_exit(1);
}

__attribute__((constructor)) void load(int, char** arguments, char**) {
    const std::string name = arguments[1];
    if (name == "shuts") shut();
    if (name == "asks") ask();
    if (name == "leaves") leave();
    if (name == "swamps") swamp();
}

}  // namespace
}  // namespace evenkeel::test

extern "C" const ek_module* ek_module_v1() {
    return nullptr;
}
