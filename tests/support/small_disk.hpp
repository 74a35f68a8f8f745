#pragma once

#include <filesystem>
#include <string>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::test {

// A disk of a few megabytes in memory; it needs root.
class SmallDisk {
  public:
    explicit SmallDisk(const std::string& size)
        : mounted_(::mount("tmpfs", path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0) {}
    ~SmallDisk() {
        if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    bool mounted() const { return mounted_; }
    const std::string& path() const { return folder_.path(); }
    // Takes all that is left, as another program on the machine would.
    void fill() const {
        const Fd file(::open((path() + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        const std::string page(4096, 'x');
        while (::pwrite(file.get(), page.data(), page.size(), ::lseek(file.get(), 0, SEEK_END)) >
               0) {
            continue;
        }
        // What a short write leaves is taken too.
        while (::write(file.get(), "x", 1) == 1) continue;
    }
    void make_room() const { std::filesystem::remove(path() + "/filler"); }

  private:
    TempFolder folder_;
    bool mounted_;
};

}  // namespace evenkeel::test
