#include "core/store/mapped_pages.hpp"

#include <cstdint>
#include <cstdio>
#include <fstream>

#include <sys/mman.h>

namespace evenkeel::store {

// LMDB does not tell where its map is, but the kernel does. The map is shared and is only read, so
// that nothing is lost with a page.
void release_pages(const std::string& folder) {
    std::ifstream maps("/proc/self/maps");
    const std::string file = folder + "/data.mdb";
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0, end = 0;
        if (!line.ends_with(file) || std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) != 2)
            continue;
        ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
}

}  // namespace evenkeel::store
