#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"

// Files that decide what a privileged program does: who could have written them? [any]
namespace evenkeel::plugin {

// `denied`, with the remedy, when the owner of `path` is another than root (or, with
// `accept_own_user`, the running user), or others can write it.
Result<void> require_safe(const struct stat& info, const std::string& path, bool accept_own_user);

// A regular file, opened and looked at through its descriptor: what it is called later does not
// matter.
class CheckedFile {
  public:
    // `denied` for a symlink and for what is not require_safe.
    static Result<CheckedFile> open(const std::string& path, bool accept_own_user);
    // From the start, in pieces. `limit` past `most` bytes.
    Result<void> read(std::size_t most, const std::function<void(std::string_view)>& take) const;
    const struct stat& info() const { return info_; }

  private:
    Fd fd_;
    std::string path_;
    struct stat info_ {};
};

// Whether both are the same file and nobody has written to it in between.
bool is_unchanged(const struct stat& before, const struct stat& now);

// Why a file that begins with these bytes is no shared object that this program can load; nothing
// if it looks like one. Names neither the file nor the remedy.
Result<void> check_elf(std::string_view beginning);

}  // namespace evenkeel::plugin
