#include "core/store/reserve.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include <fcntl.h>
#include <lmdb.h>
#include <sys/statvfs.h>

#include "core/store/cursor.hpp"
#include "core/store/lmdb_error.hpp"

namespace evenkeel::store {
namespace {

// Less than this is full: LMDB writes up to 256 KiB at once.
constexpr std::uint64_t kFullBytes = 256 << 10;

struct AbortTxn {
    void operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }
};

}  // namespace

Error disk_full(std::string_view folder) {
    return {Errc::limit, "the disk that holds " + std::string(folder) + " is full"};
}

bool is_disk_full(const char* folder) {
    struct statvfs disk {};
    if (::statvfs(folder, &disk) != 0) return false;
    return std::uint64_t{disk.f_bavail} * disk.f_frsize < kFullBytes;
}

Error write_error(MDB_env* env, int code, std::string_view doing) {
    const char* folder = "";
    mdb_env_get_path(env, &folder);
    const bool is_full = code == ENOSPC || code == EDQUOT || (code == EIO && is_disk_full(folder));
    if (!is_full) return lmdb_error(code, doing);
    return {Errc::limit, std::string(doing) + ": " + disk_full(folder).what};
}

std::uint64_t free_bytes(MDB_env* env) {
    MDB_stat stat{};
    MDB_txn* begun = nullptr;
    if (mdb_env_stat(env, &stat) != 0 || mdb_txn_begin(env, nullptr, MDB_RDONLY, &begun) != 0) {
        return 0;
    }
    const std::unique_ptr<MDB_txn, AbortTxn> txn(begun);
    MDB_cursor* opened = nullptr;
    // Table 0 is LMDB's own list of free pages: each value is a count and the pages.
    if (mdb_cursor_open(begun, 0, &opened) != 0) return 0;
    const Cursor cursor(opened);
    std::uint64_t pages = 0;
    MDB_val key{};
    MDB_val value{};
    while (mdb_cursor_get(opened, &key, &value, MDB_NEXT) == 0) {
        std::size_t count = 0;
        if (value.mv_size >= sizeof(count)) std::memcpy(&count, value.mv_data, sizeof(count));
        pages += count;
    }
    return pages * stat.ms_psize;
}

// Between "all from the reserve" and "all from free pages" lies a line with a bend at a quarter of
// the pages. Steps in its place would leave a store that is one page short of each refusing for
// ever.
bool Reserve::Room::leaves(std::uint64_t bytes) const {
    return 2 * reserve + 3 * free >= bytes && 4 * reserve + 2 * free >= bytes;
}

bool Reserve::Room::suffices_for(Importance importance) const {
    switch (importance) {
        case Importance::ordinary:
            return leaves(kBytes);
        case Importance::urgent:
            return leaves(kBytes / 2);
        case Importance::freeing:
            break;
    }
    return true;
}

bool Reserve::allocate(int file, std::uint64_t from, std::uint64_t to) {
    if (from >= to) return true;
    int failed = 0;
    do {
        failed = ::fallocate(file, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from),
                             static_cast<off_t>(to - from));
    } while (failed != 0 && errno == EINTR);
    if (failed == 0) {
        allocated_to_ = to;
        return true;
    }
    supported_ = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    return !supported_;
}

Reserve::Room Reserve::top_up(MDB_env* env) {
    MDB_envinfo info{};
    MDB_stat stat{};
    int file = -1;
    if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &stat) != 0 ||
        mdb_env_get_fd(env, &file) != 0) {
        return {};
    }
    const std::uint64_t end = (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;
    const std::uint64_t map = info.me_mapsize;
    const bool is_mapped = end + kBytes <= map;
    if (is_mapped && (!supported_ || end + kBytes <= allocated_to_)) return {};
    // A little more than needed, so that this is not asked for each new page. What the disk does
    // not give as a whole it may give in part.
    for (const std::uint64_t eighths : {10U, 8U, 6U, 4U, 2U, 1U}) {
        const std::uint64_t to = std::min(end + kBytes / 8 * eighths, map);
        if (!supported_ || to <= allocated_to_) break;
        if (!allocate(file, std::max(end, allocated_to_), to)) continue;
        if (eighths >= 8 && is_mapped) return {};
        break;
    }
    if (!supported_ && is_mapped) return {};
    const std::uint64_t ours = supported_ ? std::min(allocated_to_, map) : map;
    return {.reserve = ours > end ? ours - end : 0, .free = free_bytes(env)};
}

}  // namespace evenkeel::store
