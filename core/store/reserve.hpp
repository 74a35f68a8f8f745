#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.hpp"

struct MDB_env;

namespace evenkeel::store {

// What a change may use of the disk when it is nearly full.
enum class Importance {
    ordinary,  // leaves half of the reserve, or as much in free pages, or a part of each
    urgent,    // leaves half as much: what an orchestrator or a person waits for
    freeing,   // may use all of it: makes room, or is needed before room can be made
};

// Disk space that a store has beyond its end. LMDB never writes over a page that is in use, so
// erasing needs space as well, and a full disk would never become less full. The space belongs to
// the store's file without making it longer; a store that grows uses it up, and top_up() asks for
// as much again. It is still there after kill -9. A file system that cannot set space aside gives
// none: then a full disk is noticed by the commit that fails. Costs nothing while the reserve is
// whole. [writer's thread]
class Reserve {
  public:
    static constexpr std::uint64_t kBytes = 1 << 20;

    // What the store can still write: the rest of the reserve, and its free pages. The two are not
    // one sum: a larger value needs pages side by side, which free ones seldom are. But free pages
    // alone must do in the end: a reserve that was used up does not come back while the disk stays
    // full, and a store that half of itself does not suffice for would refuse for ever.
    struct Room {
        std::uint64_t reserve = kBytes;
        std::uint64_t free = 0;

        bool suffices_for(Importance importance) const;
        bool is_whole() const { return reserve >= kBytes; }

      private:
        // Whether there are half of `bytes` in the reserve, or half in free pages, or an eighth and
        // a quarter, or anything between.
        bool leaves(std::uint64_t bytes) const;
    };
    // Asks the disk for what is missing.
    Room top_up(MDB_env* env);

  private:
    bool allocate(int file, std::uint64_t from, std::uint64_t to);

    std::uint64_t allocated_to_ = 0;
    bool supported_ = true;
};

// `limit`, with the folder's path: the disk has no room for the store.
Error disk_full(std::string_view folder);
// The Error of a write that failed. LMDB reports one that was cut short on a full disk as EIO.
Error write_error(MDB_env* env, int code, std::string_view doing);
// Whether the disk of the folder has next to nothing left.
bool is_disk_full(const char* folder);
// Bytes in pages of the store that are free; 0 when they cannot be counted.
std::uint64_t free_bytes(MDB_env* env);

}  // namespace evenkeel::store
