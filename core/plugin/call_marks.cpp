#include "core/plugin/call_marks.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
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

namespace evenkeel::plugin {
namespace {

// The page: byte 0 is one of these, byte 1 the signal, byte 2 the endings in a row, then the text,
// ended by a zero byte; then the plugin, and at its end a hash of the call in which a process ended
// last.
enum State : char { idle = '-', runs = 'R', crashed = 'C', exited = 'E', hung = 'H' };
constexpr std::size_t kPageBytes = 512;
constexpr std::size_t kTextAt = 3;
constexpr std::size_t kCallTextMost = 400;
constexpr std::size_t kPluginAt = kTextAt + kCallTextMost + 1;
constexpr std::size_t kLostAt = kPageBytes - sizeof(std::uint64_t);
constexpr std::array kCrashes = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// The page of the call that runs on this thread. Plain data: a signal handler reads it.
thread_local char* running = nullptr;
struct sigaction before[64];
// A child that a plugin forks has the mapped pages too.
pid_t noting = 0;

void on_crash(int signal) {
    if (running != nullptr && getpid() == noting) {
        running[1] = static_cast<char>(signal);
        running[0] = crashed;
    }
    sigaction(signal, &before[signal], nullptr);
    raise(signal);
}

void on_exit() {
    if (running == nullptr || getpid() != noting) return;
    running[0] = exited;
    log::error("a plugin ends the process by exit()", {{"call", printable(running + kTextAt)}});
    // Destructors of what other threads use must not run.
    std::_Exit(EXIT_FAILURE);
}

std::uint64_t hash_of(const char* page) {
    return std::hash<std::string_view>()(std::string_view(page + kTextAt));
}

void put(char* page, std::size_t at, std::string_view text, std::size_t most) {
    const std::size_t length = std::min(text.size(), most);
    std::memcpy(page + at, text.data(), length);
    page[at + length] = '\0';
}

struct Page {
    std::string path, file, bytes;
    unsigned endings() const { return static_cast<unsigned char>(bytes[2]); }
    bool is_lost() const { return bytes[0] != idle; }
    bool is_known() const { return is_lost() && bytes[0] != runs; }
};

std::vector<Page> read_pages(const std::string& folder) {
    std::vector<Page> pages;
    DIR* opened = opendir(folder.c_str());
    if (opened == nullptr) return pages;
    while (const dirent* entry = readdir(opened)) {
        Page page{folder + "/" + entry->d_name, entry->d_name, ""};
        if (page.file.front() == '.') continue;
        auto bytes = read_file(page.path, kPageBytes);
        if (!bytes || bytes->size() != kPageBytes) continue;
        page.bytes = std::move(*bytes);
        page.bytes[kPluginAt - 1] = page.bytes[kLostAt - 1] = '\0';
        const bool is_state = std::strchr("RCEH", page.bytes[0]) != nullptr && page.bytes[0] != 0;
        if (!is_state) page.bytes[0] = idle;
        pages.push_back(std::move(page));
    }
    closedir(opened);
    return pages;
}

LostCall lost_call_of(const Page& page) {
    LostCall lost{page.file, printable(page.bytes.c_str() + kPluginAt),
                  printable(page.bytes.c_str() + kTextAt)};
    lost.endings = page.endings() + 1;
    if (page.bytes[0] == exited) lost.cause = LostCall::Cause::exit;
    if (page.bytes[0] == hung) lost.cause = LostCall::Cause::hang;
    if (page.bytes[0] == crashed) {
        lost.cause = LostCall::Cause::crash;
        lost.signal = page.bytes[1];
    }
    return lost;
}

// Those of the pages that count.
std::vector<const Page*> lost_of(const std::vector<Page>& pages) {
    const bool is_known =
        std::any_of(pages.begin(), pages.end(), [](const Page& page) { return page.is_known(); });
    std::vector<const Page*> lost;
    for (const Page& page : pages)
        if (is_known ? page.is_known() : page.is_lost()) lost.push_back(&page);
    return lost;
}

}  // namespace

Result<std::shared_ptr<CallMark>> CallMark::open(const std::string& path, std::string_view plugin) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return fail(system_error(errno, "open " + path));
    // A hole in it would be filled by writing to the map, which a full disk answers with SIGBUS.
    if (const int error = posix_fallocate(fd.get(), 0, kPageBytes); error != 0)
        return fail(system_error(error, "size " + path));
    void* page = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (page == MAP_FAILED) return fail(system_error(errno, "map " + path));
    std::shared_ptr<CallMark> mark(new CallMark(fd.release(), static_cast<char*>(page)));
    put(mark->page_, kPluginAt, plugin, kLostAt - kPluginAt - 1);
    return mark;
}

CallMark::~CallMark() {
    if (running == page_) running = nullptr;
    munmap(page_, kPageBytes);
    ::close(fd_);
}

void CallMark::begin(std::string_view what) {
    put(page_, kTextAt, what, kCallTextMost);
    std::atomic_ref(page_[0]).store(runs, std::memory_order_relaxed);
    running = page_;
}

// Only the call in which a process ended shows that this is over: others came back before it, too.
void CallMark::end() {
    running = nullptr;
    std::atomic_ref(page_[0]).store(idle, std::memory_order_relaxed);
    if (std::atomic_ref(page_[2]).load(std::memory_order_relaxed) == 0) return;
    std::uint64_t lost = 0;
    std::memcpy(&lost, page_ + kLostAt, sizeof lost);
    if (lost == hash_of(page_)) std::atomic_ref(page_[2]).store(0, std::memory_order_relaxed);
}

void CallMark::hangs() {
    std::atomic_ref(page_[0]).store(hung, std::memory_order_relaxed);
}

void CallMark::clear() {
    // The lane's end() may come at the same time.
    std::atomic_ref(page_[0]).store(idle, std::memory_order_relaxed);
    std::atomic_ref(page_[2]).store(0, std::memory_order_relaxed);
}

void CallMark::note_ends() {
    noting = getpid();
    struct sigaction action = {};
    action.sa_handler = on_crash;
    action.sa_flags = SA_NODEFER;
    sigemptyset(&action.sa_mask);
    for (const int signal : kCrashes) sigaction(signal, &action, &before[signal]);
    note_exits();
}

void CallMark::note_exits() {
    std::atexit(on_exit);
}

std::string sentence_of(const LostCall& lost) {
    const std::string times =
        lost.endings > 1 ? " " + std::to_string(lost.endings) + " times in a row" : "";
    std::string how = "ended" + times;
    if (lost.cause == LostCall::Cause::crash)
        how = "crashed with signal " + std::to_string(lost.signal);
    if (lost.cause == LostCall::Cause::exit) how = "was ended by exit()" + times;
    if (lost.cause == LostCall::Cause::hang) how = "could not go on";
    return "the agent " + how + " in the " + lost.what +
           (lost.plugin.empty() ? "" : ", a call of the plugin " + lost.plugin);
}

std::vector<LostCall> lost_calls(const std::string& folder) {
    const std::vector<Page> pages = read_pages(folder);
    std::vector<LostCall> lost;
    for (const Page* page : lost_of(pages)) lost.push_back(lost_call_of(*page));
    return lost;
}

std::vector<LostCall> take_lost_calls(const std::string& folder) {
    const std::vector<Page> pages = read_pages(folder);
    const std::vector<const Page*> counted = lost_of(pages);
    std::vector<LostCall> lost;
    for (const Page& page : pages) {
        Page next = page;
        next.bytes[0] = idle;
        if (std::find(counted.begin(), counted.end(), &page) != counted.end()) {
            lost.push_back(lost_call_of(page));
            next.bytes[2] = static_cast<char>(std::min(lost.back().endings, 100U));
            const std::uint64_t hash = hash_of(page.bytes.data());
            std::memcpy(next.bytes.data() + kLostAt, &hash, sizeof hash);
        } else if (!page.is_lost()) {
            next.bytes[2] = 0;
        }
        if (next.bytes == page.bytes) continue;
        if (auto written = write_file(page.path, next.bytes, 0600); !written) {
            log::warning("cannot count an ended call", {{"error", written.error().what}});
        }
    }
    return lost;
}

}  // namespace evenkeel::plugin
