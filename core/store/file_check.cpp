#include "core/store/file_check.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.hpp"

namespace evenkeel::store {
namespace {

constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
constexpr std::size_t kPageHeader = 16;
constexpr std::size_t kNodeHeader = 8;
constexpr std::size_t kTreeBytes = 48;
constexpr std::uint16_t kIntegerKeys = 0x08;  // MDB_INTEGERKEY
constexpr unsigned kDepthMost = 32;           // LMDB's CURSOR_STACK

enum PageFlag : std::uint16_t { kBranch = 0x01, kLeaf = 0x02, kOverflow = 0x04, kMeta = 0x08 };
enum NodeFlag : std::uint16_t { kLarge = 0x01, kSubtree = 0x02 };

template <typename T>
T at(std::string_view bytes, std::size_t offset) {
    T value{};
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

Tree tree_at(std::string_view bytes, std::size_t offset) {
    return {.flags = at<std::uint16_t>(bytes, offset + 4),
            .depth = at<std::uint16_t>(bytes, offset + 6),
            .branch_pages = at<std::uint64_t>(bytes, offset + 8),
            .leaf_pages = at<std::uint64_t>(bytes, offset + 16),
            .overflow_pages = at<std::uint64_t>(bytes, offset + 24),
            .entries = at<std::uint64_t>(bytes, offset + 32),
            .root = at<std::uint64_t>(bytes, offset + 40)};
}

// As many bytes as there are, up to `bytes`.
Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t bytes) {
    std::string text(bytes, '\0');
    std::size_t done = 0;
    while (done < bytes) {
        const ssize_t length =
            ::pread(fd, text.data() + done, bytes - done, static_cast<off_t>(offset + done));
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return fail(system_error(errno, "read the store"));
        if (length == 0) break;
        done += static_cast<std::size_t>(length);
    }
    text.resize(done);
    return text;
}

// The commit that this page tells, if it is one of the first two pages.
Result<Commit> commit_in(std::string_view page) {
    constexpr std::size_t kBytes = kPageHeader + 24 + 2 * kTreeBytes + 16;
    if (page.size() < kBytes) return fail(Errc::corrupt, "the file is too short");
    if (at<std::uint32_t>(page, kPageHeader) != kMagic ||
        at<std::uint32_t>(page, kPageHeader + 4) != kVersion ||
        (at<std::uint16_t>(page, 10) & kMeta) == 0) {
        return fail(Errc::corrupt, "its first pages are not those of a store");
    }
    const std::size_t trees = kPageHeader + 24;
    Commit commit;
    commit.page_bytes = at<std::uint32_t>(page, trees);
    commit.trees = {tree_at(page, trees), tree_at(page, trees + kTreeBytes)};
    commit.pages = at<std::uint64_t>(page, trees + 2 * kTreeBytes) + 1;
    commit.number = at<std::uint64_t>(page, trees + 2 * kTreeBytes + 8);
    const bool is_power_of_2 = (commit.page_bytes & (commit.page_bytes - 1)) == 0;
    if (commit.pages == 0 || commit.page_bytes < 256 || commit.page_bytes > 65536 ||
        !is_power_of_2) {
        return fail(Errc::corrupt, "its pages have an impossible size or number");
    }
    return commit;
}

class Walk {
  public:
    Walk(int fd, std::uint64_t file_pages, const Commit& commit, const std::atomic<bool>& stop)
        : fd_(fd),
          page_bytes_(commit.page_bytes),
          pages_(commit.pages),
          last_(std::min(commit.pages, file_pages)),
          seen_(last_, false),
          stop_(stop) {}

    Result<FileCheck> run(const Commit& commit) {
        EK_CHECK(walk_tree(commit.trees[1], "the list of tables", Entries::tables));
        EK_CHECK(walk_tree(commit.trees[0], "the list of free pages", Entries::free_pages));
        return found_;
    }

  private:
    // What the values of a tree are.
    enum class Entries { records, tables, free_pages };

    struct Counts {
        std::uint64_t branch_pages = 0, leaf_pages = 0, overflow_pages = 0, entries = 0;
    };

    tl::unexpected<Error> wrong(std::uint64_t page, const std::string& what) const {
        return fail(Errc::corrupt, "page " + std::to_string(page) + " of " + where_ + " " + what);
    }

    // Each page belongs to one place only.
    Result<void> claim(std::uint64_t page) {
        if (page < 2 || page >= last_) return wrong(page, "lies behind the end of the file");
        if (seen_[page]) return wrong(page, "is used twice");
        seen_[page] = true;
        ++found_.pages;
        return {};
    }

    Result<std::string> read_page(std::uint64_t number) {
        if (stop_) return fail(Errc::cancelled, "the check was stopped");
        EK_CHECK(claim(number));
        std::string page = EK_TRY(read_at(fd_, number * page_bytes_, page_bytes_));
        if (page.size() < page_bytes_) return wrong(number, "is cut off");
        if (at<std::uint64_t>(page, 0) != number) return wrong(number, "has another number");
        return page;
    }

    Result<void> walk_tree(const Tree& tree, const std::string& where, Entries entries) {
        const std::string outer = std::exchange(where_, where);
        Counts counts;
        if (tree.flags != (entries == Entries::free_pages ? kIntegerKeys : 0))
            return fail(Errc::corrupt, where_ + " is sorted in an impossible way");
        if (tree.root != kNoPage) {
            if (tree.depth == 0 || tree.depth > kDepthMost)
                return wrong(tree.root, "has an impossible depth");
            EK_CHECK(walk_page(tree.root, tree.depth, {}, entries, counts));
        }
        if (counts.branch_pages != tree.branch_pages || counts.leaf_pages != tree.leaf_pages ||
            counts.overflow_pages != tree.overflow_pages || counts.entries != tree.entries) {
            return fail(Errc::corrupt, where_ + " has other pages or entries than it counts");
        }
        if (entries == Entries::records) found_.entries += counts.entries;
        where_ = outer;
        return {};
    }

    // The keys that a page may have: those of its place in the page above. Empty: any.
    struct Bounds {
        std::string_view from, until;
    };

    Result<void> walk_page(std::uint64_t number, unsigned depth, Bounds bounds, Entries entries,
                           Counts& counts) {
        const std::string page = EK_TRY(read_page(number));
        const bool is_leaf = depth == 1;
        if (at<std::uint16_t>(page, 10) != (is_leaf ? kLeaf : kBranch))
            return wrong(number, "is of another kind than its place in the tree");
        ++(is_leaf ? counts.leaf_pages : counts.branch_pages);
        const std::size_t lower = at<std::uint16_t>(page, 12), upper = at<std::uint16_t>(page, 14);
        if (lower < kPageHeader || lower > upper || upper > page.size() || lower % 2 != 0)
            return wrong(number, "has impossible bounds");
        if (!is_leaf && lower < kPageHeader + 4) return wrong(number, "has no two pages below it");
        const bool is_sorted = entries != Entries::free_pages;
        std::string_view before;
        for (std::size_t slot = kPageHeader; slot < lower; slot += 2) {
            const std::string_view key = EK_TRY(key_at(number, page, slot, upper));
            const bool is_first = slot == kPageHeader;
            // A branch's first key is not used: its place is that of the page itself.
            if (is_sorted && (is_leaf || !is_first)) {
                if (!is_first && key <= before) return wrong(number, "has keys in the wrong order");
                if (key < bounds.from || (!bounds.until.empty() && key >= bounds.until))
                    return wrong(number, "has a key that belongs to another page");
                before = key;
            }
            const std::size_t node = at<std::uint16_t>(page, slot);
            if (is_leaf) {
                EK_CHECK(visit_entry(number, page, node, key, entries, counts));
                continue;
            }
            Bounds below{is_first ? bounds.from : key, bounds.until};
            if (slot + 2 < lower) below.until = EK_TRY(key_at(number, page, slot + 2, upper));
            EK_CHECK(walk_page(child_of(page, node), depth - 1, below, entries, counts));
        }
        return {};
    }

    Result<std::string_view> key_at(std::uint64_t number, std::string_view page, std::size_t slot,
                                    std::size_t upper) const {
        const std::size_t node = at<std::uint16_t>(page, slot);
        if (node < upper || node + kNodeHeader > page.size())
            return wrong(number, "has an entry outside of it");
        const std::size_t bytes = at<std::uint16_t>(page, node + 6);
        if (node + kNodeHeader + bytes > page.size())
            return wrong(number, "has a key that is longer than it");
        return page.substr(node + kNodeHeader, bytes);
    }

    static std::uint64_t child_of(std::string_view page, std::size_t node) {
        return at<std::uint16_t>(page, node) |
               std::uint64_t{at<std::uint16_t>(page, node + 2)} << 16 |
               std::uint64_t{at<std::uint16_t>(page, node + 4)} << 32;
    }

    Result<void> visit_entry(std::uint64_t number, std::string_view page, std::size_t node,
                             std::string_view key, Entries entries, Counts& counts) {
        ++counts.entries;
        const std::size_t size =
            at<std::uint16_t>(page, node) | std::size_t{at<std::uint16_t>(page, node + 2)} << 16;
        const auto flags = at<std::uint16_t>(page, node + 4);
        const std::size_t value = node + kNodeHeader + key.size();
        const std::size_t there = flags & kLarge ? sizeof(std::uint64_t) : size;
        if (value + there > page.size()) return wrong(number, "has a value that is longer than it");
        const bool is_table = entries == Entries::tables;
        if (flags & ~unsigned{kLarge | kSubtree} || ((flags & kSubtree) != 0) != is_table)
            return wrong(number, "has an entry of an impossible kind");
        if (is_table) {
            if (size != kTreeBytes) return wrong(number, "has a table of an impossible size");
            ++found_.tables;
            return walk_tree(tree_at(page, value), "the table " + std::string(key),
                             Entries::records);
        }
        if (flags & kLarge) {
            const auto first = at<std::uint64_t>(page, value);
            EK_CHECK(visit_large(first, size, counts));
            if (entries != Entries::free_pages) return {};
            return visit_free(number,
                              EK_TRY(read_at(fd_, first * page_bytes_ + kPageHeader, size)));
        }
        if (entries != Entries::free_pages) return {};
        return visit_free(number, page.substr(value, size));
    }

    // A value that lies on pages of its own, the first of which says how many.
    Result<void> visit_large(std::uint64_t first, std::size_t size, Counts& counts) {
        const std::string page = EK_TRY(read_page(first));
        const std::uint64_t pages = (kPageHeader + size - 1) / page_bytes_ + 1;
        if (at<std::uint16_t>(page, 10) != kOverflow || at<std::uint32_t>(page, 12) != pages)
            return wrong(first, "is not that of a large value");
        for (std::uint64_t next = 1; next < pages; ++next) EK_CHECK(claim(first + next));
        counts.overflow_pages += pages;
        return {};
    }

    // The pages that a commit has freed, each once: what is in use must not be among them.
    Result<void> visit_free(std::uint64_t number, std::string_view list) {
        if (list.size() < sizeof(std::uint64_t) ||
            list.size() / sizeof(std::uint64_t) - 1 < at<std::uint64_t>(list, 0))
            return wrong(number, "has a list of another length than it says");
        for (std::uint64_t n = at<std::uint64_t>(list, 0); n > 0; --n) {
            const auto page = at<std::uint64_t>(list, n * sizeof(std::uint64_t));
            if (page < 2 || page >= pages_) return wrong(page, "is free and none of the store's");
            if (page >= last_) continue;
            if (seen_[page]) return wrong(page, "is free and in use, or free twice");
            seen_[page] = true;
        }
        return {};
    }

    const int fd_;
    const std::size_t page_bytes_;
    const std::uint64_t pages_;  // of the commit
    const std::uint64_t last_;   // the page behind the last one in the file
    std::vector<bool> seen_;
    const std::atomic<bool>& stop_;
    std::string where_;
    FileCheck found_;
};

Result<Fd> open_data(const std::string& path, std::uint64_t& bytes) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return fail(system_error(errno, "open " + path));
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return fail(system_error(errno, "look at " + path));
    if (info.st_size == 0) return fail(Errc::not_found, path + " is empty");
    bytes = static_cast<std::uint64_t>(info.st_size);
    return fd;
}

}  // namespace

Result<Commit> last_commit(const std::string& path) {
    std::uint64_t bytes = 0;
    const Fd fd = EK_TRY(open_data(path, bytes));
    const auto first = commit_in(EK_TRY(read_at(fd.get(), 0, 256)));
    // Where the second one lies is told by the first; without it, by the usual size.
    const std::size_t page_bytes = first ? first->page_bytes : 4096;
    const auto second = commit_in(EK_TRY(read_at(fd.get(), page_bytes, 256)));
    if (!first && !second) return fail(Errc::corrupt, path + ": " + first.error().what);
    if (!first) return second;
    return second && second->number > first->number ? second : first;
}

std::string json_of(const FileCheck& found) {
    return "{\"tables\":" + std::to_string(found.tables) +
           ",\"pages\":" + std::to_string(found.pages) +
           ",\"entries\":" + std::to_string(found.entries) + "}";
}

Result<FileCheck> check_file(const std::string& path, const Commit& commit,
                             const std::atomic<bool>& stop) {
    std::uint64_t bytes = 0;
    const Fd fd = EK_TRY(open_data(path, bytes));
    auto found = Walk(fd.get(), bytes / commit.page_bytes, commit, stop).run(commit);
    if (!found && found.error().code == Errc::corrupt) {
        return fail(Errc::corrupt, path + " is damaged: " + found.error().what);
    }
    return found;
}

}  // namespace evenkeel::store
