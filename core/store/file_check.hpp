#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "core/base/result.hpp"

// Checks the file of a store page by page. LMDB trusts its file: a missing page ends the process
// by SIGBUS, a wrong one makes it read anything, and no tool of LMDB verifies. So this reads the
// file by itself, without mapping it, and follows only what it has checked. The format is that of
// LMDB 0.9 (data version 1, `mdb.c`: MDB_meta, MDB_page, MDB_node), on this machine's architecture.
namespace evenkeel::store {

// One of the roots that a commit leaves: all that it has is reached from here.
struct Tree {
    std::uint16_t flags = 0;
    std::uint16_t depth = 0;
    std::uint64_t branch_pages = 0, leaf_pages = 0, overflow_pages = 0;
    std::uint64_t entries = 0;
    std::uint64_t root = 0;
};

struct Commit {
    std::uint32_t page_bytes = 0;
    std::uint64_t pages = 0;  // that the file is to have, the last ones perhaps unwritten
    std::uint64_t number = 0;
    std::array<Tree, 2> trees;  // of free pages, of tables
};

// The newest commit of the file at `path`. `corrupt` when neither of its two first pages tells one;
// `not_found` when the file is missing or empty.
Result<Commit> last_commit(const std::string& path);

struct FileCheck {
    std::uint64_t tables = 0;
    std::uint64_t pages = 0;    // that were read, and those of large values
    std::uint64_t entries = 0;  // of all tables
};

// {"tables","pages","entries"}
std::string json_of(const FileCheck& found);

// Walks through all trees of `commit`. `corrupt` names the first page that is not as it should be;
// `cancelled` once `stop` is set. Memory: one bit for each page. The pages of the commit must not
// be written meanwhile: nobody has the store open, or a read transaction holds this commit.
Result<FileCheck> check_file(const std::string& path, const Commit& commit,
                             const std::atomic<bool>& stop);

}  // namespace evenkeel::store
