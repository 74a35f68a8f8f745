#include "acts.hpp"

#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <thread>
#include <vector>

#include <evenkeel/ext/storage.h>
#include <evenkeel/plugin.hpp>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "defect.hpp"

namespace evenkeel::test {
namespace {

ek_str text(const char* words) {
    return {words, std::strlen(words)};
}

void progress(const ek_call* call, void* ctx) {
    const ek_progress record{sizeof(ek_progress), 500, text("half way")};
    call->out->progress(ctx, &record);
}

pid_t spawn(const char* program, const char* argument) {
    pid_t child = -1;
    char* const argv[] = {const_cast<char*>(program), const_cast<char*>(argument), nullptr};
    ::posix_spawn(&child, program, nullptr, nullptr, argv, environ);
    return child;
}

void to_the_process() {
    if (breaks("L01")) ::chdir("/") == 0 ? void() : std::abort();
    if (breaks("L02")) ::umask(0123);
    if (breaks("L03")) ::setenv("TRAYS", "1", 1);
    if (breaks("L04")) std::setlocale(LC_ALL, "C.UTF-8");
    if (breaks("L05")) std::signal(SIGUSR1, [](int) {});
    if (breaks("L06")) std::printf("tray\n"), std::fflush(stdout);
    if (breaks("L07")) std::exit(0);
    // The defect is that it takes a while.
    if (breaks("L08")) std::thread([] { ::sleep(5); }).detach();
    if (breaks("L09")) spawn("/bin/true", nullptr);
    if (breaks("L10")) std::ofstream("/tmp/ek-trays-elsewhere") << "x";
    if (breaks("L11")) {
        const rlimit few{1000, 1000};
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    if (breaks("L12")) ::setegid(65534) == 0 ? void() : std::abort();
    if (breaks("L13") && ::fork() == 0) {
        // The defect is that it takes a while.
        ::sleep(2);
        ::_exit(0);
    }
}

// Read in one call and looked at in the next one.
ek_str g_kept{nullptr, 0};
volatile char g_seen = 0;
int g_counter = 0;

}  // namespace

void act_at_load() {
    if (breaks("B03")) ::umask(0123);
}

void act_in_apply(const ek_host* host, const ek_call* call, ek_str id, ek_str description) {
    to_the_process();
    // Never closed.
    if (breaks("descriptors")) [[maybe_unused]] const int left = ::open("/dev/null", O_RDONLY);
    if (breaks("memory")) new std::vector<char>(20'000);
    if (breaks("N03") && !std::ofstream("/tmp/ek-trays-elsewhere"))
        throw sdk::Failure(EK_E_DENIED, "/tmp cannot be written");
    struct stat info {};
    for (int fd = 3; breaks("N08") && fd < 64; ++fd)
        if (::fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode) && ::write(fd, "tray\n", 5) < 0)
            throw sdk::Failure(EK_E_INTERNAL, "nothing can be printed");
    // No defect: a back end that takes its time.
    if (breaks("slow")) ::usleep(100'000);
    if (breaks("K02")) new std::vector<int>(1000);
    if (breaks("K03")) ++g_counter;
    if (breaks("K04")) {
        auto* bytes = const_cast<char*>(description.ptr);
        *static_cast<volatile char*>(bytes) = *bytes;
    }
    if (breaks("K05")) g_seen = *static_cast<const volatile char*>(id.ptr + id.len);
    if (breaks("K06")) {
        if (g_kept.ptr != nullptr) g_seen = *static_cast<const volatile char*>(g_kept.ptr);
        g_kept = id;
    }
    if (breaks("K07"))
        std::thread([out = call->out] {
            const ek_progress record{sizeof(ek_progress), 500, text("late")};
            // The defect is that it takes a while.
            ::usleep(20'000);
            out->progress(out->ctx, &record);
        }).detach();
    if (breaks("K08")) std::thread([call] { progress(call, call->out->ctx); }).join();
    if (breaks("K09")) progress(call, host->ctx);
    if (breaks("M03")) {
        const auto* storage =
            static_cast<const ek_storage*>(host->extension(host->ctx, EK_EXT_STORAGE));
        storage->put(storage->ctx, text("key"), text("value"));
    }
}

void act_in_read(const ek_call* call, ek_str ids) {
    if (breaks("K01")) {
        std::vector<char> bytes(ids.ptr, ids.ptr + ids.len);
        g_seen = *static_cast<volatile char*>(bytes.data() + bytes.size());
    }
    if (breaks("K03")) g_seen = static_cast<char>(g_counter);
    if (breaks("M01")) g_seen = *(reinterpret_cast<const volatile char*>(call) + call->size);
    if (breaks("J07") && ids.len > (512u << 10)) std::abort();
}

void show_to_a_shell(const std::string& line) {
    pid_t child = -1;
    char* const argv[] = {const_cast<char*>("sh"), const_cast<char*>("-c"),
                          const_cast<char*>(line.c_str()), nullptr};
    if (::posix_spawn(&child, "/bin/sh", nullptr, nullptr, argv, environ) == 0)
        ::waitpid(child, nullptr, 0);
}

void act_in_open(const std::string& folder) {
    int status = 0;
    if (breaks("N02"))
        if (const pid_t child = spawn("/bin/true", nullptr);
            child < 0 || ::waitpid(child, &status, 0) < 0)
            throw sdk::Failure(EK_E_INTERNAL, "no program can be started");
    if (breaks("N05") || breaks("N06"))
        if (::open((folder + "/.lock").c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600) < 0)
            throw sdk::Failure(EK_E_BUSY, "somebody else has the trays");
    if (breaks("N07")) spawn("/bin/sleep", "20");
}

void act_in_close(const ek_host* host) {
    if (breaks("D05")) ::open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0 ? void() : std::abort();
    if (breaks("D09"))
        std::thread([host] {
            // The defect is that it takes a while.
            ::usleep(20'000);
            host->log(host->ctx, EK_SEV_INFO, text("closed"), {nullptr, 0});
        }).detach();
    // The defect is that it takes a while.
    if (breaks("D10")) ::sleep(3);
}

// For the race of K03: a watch is told of it, too.
void count_in_watch();
void count_in_watch() {
    if (breaks("K03")) ++g_counter;
}

}  // namespace evenkeel::test
