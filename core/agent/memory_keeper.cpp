#include "core/agent/memory_keeper.hpp"

#include <sstream>
#include <utility>

#include <malloc.h>
#include <unistd.h>

#include "core/base/file.hpp"

namespace evenkeel::agent {

void MemoryKeeper::set_up_allocator() {
    // Said outright, it stays: else it rises with each large buffer that is freed.
    ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
    // The top of the heap is given back by tick(), and not while the work goes on.
    ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
    ::mallopt(M_ARENA_MAX, 2);
}

MemoryKeeper::MemoryKeeper(std::function<bool()> release) : release_(std::move(release)) {}

MemoryKeeper::Use MemoryKeeper::use() {
    std::istringstream pages(read_file("/proc/self/statm").value_or(""));
    std::size_t all = 0, resident = 0, shared = 0;
    if (!(pages >> all >> resident >> shared)) return {};
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return {(resident - shared) * page, shared * page};
}

void MemoryKeeper::tick() {
    const Use now = use();
    if (now.own <= after_.own + kMoreBytes && now.mapped <= after_.mapped + kMoreBytes) return;
    const bool released = release_();
    ::malloc_trim(0);
    // Else the next tick tries again.
    if (released) after_ = use();
}

}  // namespace evenkeel::agent
