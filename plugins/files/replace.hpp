#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/files/entry.hpp"
#include "plugins/posix/ownership.hpp"
#include "plugins/posix/walk.hpp"

namespace evenkeel::files {

// What a new file keeps of the one it replaces, besides what is in its ownership.
enum class Kept {
    nothing,      // no attribute, and no ACL that the directory hands down
    all_but_acl,  // extended attributes, capabilities and the flags of chattr
    all,
};

// A new file that replaces `now`, which may be absent, atomically: it is made beside it under a
// temporary name, given owner, mode and content, synced, and renamed. A crash at any point leaves
// the old or the new one complete; a leftover under the temporary name is removed by the next call
// for the same path. write(), sync() and move_into_place() are called once, in this order; without
// the last the new file goes away. show() has its place before the last. `place` and `now` outlive
// it.
class NewFile {
  public:
    NewFile(const posix::Place& place, const std::string& path, const Entry& now);
    NewFile(NewFile&&) noexcept;
    ~NewFile();

    // `after` is whole. If anything is kept, `now` is a file.
    void write(std::string_view content, const posix::Ownership& after, Kept kept);
    // Sets the writing to the disk going, so that many files are written at one go.
    void start_sync();
    void sync();
    // Tells `look` where it is, as it will be but for its name, and open nowhere: a program can be
    // run from it. Throws EK_E_CONFLICT if it is another one afterwards.
    void show(const std::function<void(const std::string& now_at)>& look);
    // Throws EK_E_CONFLICT if `now` is no longer what is there. Durable after sync_folder().
    void move_into_place(const sdk::Call& call);

  private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

// The same of a symlink, at once. `after` needs no mode.
void replace_with_symlink(const posix::Place& place, const std::string& path, const Entry& now,
                          const std::string& target, const posix::Ownership& after,
                          const sdk::Call& call);

// What goes with a file of which nothing is kept: the names of its extended attributes and of its
// flags of chattr. Neither the ACL nor labels of security modules.
std::vector<std::string> attributes_of(const posix::Place& place, const std::string& path,
                                       const Entry& now);

// Of the symlink under this name, unless somebody has put another thing there meanwhile.
void set_symlink_owner(int folder, const char* name, const std::string& path,
                       const posix::Ownership& after,
                       const std::function<bool(const struct stat&)>& is_ours);

// Whether it is the same object, which may have been written to since.
bool is_same(const struct stat& one, const struct stat& other);

// The temporary name: ".evenkeel-" and 16 hex digits that stand for `name`.
std::string temporary_name(std::string_view name);

}  // namespace evenkeel::files
