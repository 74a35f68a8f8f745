#include "core/agent/lanes/call_marks.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"

// The page: byte 0 is '-' (idle), 'R' (in a call) or 'C' (crashed in it), byte 1 the signal, byte 2
// the endings in a row, then the text, ended by a zero byte.
namespace evenkeel::agent {
namespace {

constexpr std::size_t kPageBytes = 512;
constexpr std::size_t kTextAt = 3;
constexpr std::array kCrashes = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// The page of the call that runs on this thread. Plain data: a signal handler reads it.
thread_local char* running = nullptr;
struct sigaction before[64];

void on_crash(int signal) {
    if (running != nullptr) {
        running[1] = static_cast<char>(signal);
        running[0] = 'C';
    }
    sigaction(signal, &before[signal], nullptr);
    raise(signal);
}

std::optional<LostCall> read_mark(const std::string& path, const std::string& collection) {
    auto page = read_file(path, kPageBytes);
    if (!page || page->size() != kPageBytes || (page->front() != 'R' && page->front() != 'C')) {
        return std::nullopt;
    }
    LostCall lost;
    lost.collection = collection;
    lost.what = printable(page->c_str() + kTextAt);
    lost.signal = page->front() == 'C' ? (*page)[1] : 0;
    lost.endings = static_cast<unsigned char>((*page)[2]) + 1U;
    (*page)[0] = '-';
    (*page)[2] = static_cast<char>(std::min(lost.endings, 100U));
    if (auto written = write_file(path, *page, 0600); !written) {
        log::warning("cannot count an ended call", {{"error", written.error().what}});
    }
    return lost;
}

}  // namespace

Result<std::shared_ptr<CallMark>> CallMark::open(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return fail(system_error(errno, "open " + path));
    if (ftruncate(fd.get(), kPageBytes) != 0) return fail(system_error(errno, "size " + path));
    void* page = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (page == MAP_FAILED) return fail(system_error(errno, "map " + path));
    return std::shared_ptr<CallMark>(new CallMark(fd.release(), static_cast<char*>(page)));
}

CallMark::~CallMark() {
    if (running == page_) running = nullptr;
    munmap(page_, kPageBytes);
    close(fd_);
}

void CallMark::begin(std::string_view what) {
    const std::size_t length = std::min<std::size_t>(what.size(), 400);
    std::memcpy(page_ + kTextAt, what.data(), length);
    page_[kTextAt + length] = '\0';
    std::atomic_ref(page_[0]).store('R', std::memory_order_relaxed);
    running = page_;
}

void CallMark::end() {
    running = nullptr;
    clear();
}

void CallMark::clear() {
    // The lane's end() may come at the same time.
    std::atomic_ref(page_[0]).store('-', std::memory_order_relaxed);
    std::atomic_ref(page_[2]).store(0, std::memory_order_relaxed);
}

void CallMark::note_crashes() {
    struct sigaction action = {};
    action.sa_handler = on_crash;
    action.sa_flags = SA_NODEFER;
    sigemptyset(&action.sa_mask);
    for (const int signal : kCrashes) sigaction(signal, &action, &before[signal]);
}

std::vector<LostCall> take_lost_calls(const std::string& folder) {
    std::vector<LostCall> lost;
    DIR* opened = opendir(folder.c_str());
    if (opened == nullptr) return lost;
    while (const dirent* entry = readdir(opened)) {
        const std::string name = entry->d_name;
        if (name.front() == '.') continue;
        const std::string collection = name.substr(0, name.find('+'));
        if (auto call = read_mark(folder + "/" + name, collection))
            lost.push_back(std::move(*call));
    }
    closedir(opened);
    return lost;
}

}  // namespace evenkeel::agent
