#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace evenkeel::test {

// Mounts that only this process sees, unmounted at the end.
class PrivateMounts {
  public:
    PrivateMounts() {
        EXPECT_EQ(::unshare(CLONE_NEWNS), 0) << std::strerror(errno);
        EXPECT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    }
    ~PrivateMounts() { unmount(); }
    PrivateMounts(const PrivateMounts&) = delete;
    PrivateMounts& operator=(const PrivateMounts&) = delete;

    void bind(const std::string& source, const std::string& target) {
        ASSERT_EQ(::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr), 0)
            << std::strerror(errno);
        targets_.push_back(target);
    }
    void bind_read_only(const std::string& source, const std::string& target) {
        bind(source, target);
        ASSERT_EQ(
            ::mount(nullptr, target.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0)
            << std::strerror(errno);
    }
    void unmount() {
        for (; !targets_.empty(); targets_.pop_back())
            ::umount2(targets_.back().c_str(), MNT_DETACH);
    }

  private:
    std::vector<std::string> targets_;
};

// The flags of chattr.
inline int flags_of(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int flags = 0;
    if (fd < 0 || ::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) flags = 0;
    if (fd >= 0) ::close(fd);
    return flags;
}

inline void set_flags(const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    EXPECT_GE(fd, 0);
    EXPECT_EQ(::ioctl(fd, FS_IOC_SETFLAGS, &flags), 0) << std::strerror(errno);
    ::close(fd);
}

// A flag of chattr, taken away at the end.
class Flag {
  public:
    Flag(std::string path, int flag) : path_(std::move(path)), before_(flags_of(path_)) {
        set_flags(path_, before_ | flag);
    }
    ~Flag() { set_flags(path_, before_); }
    Flag(const Flag&) = delete;
    Flag& operator=(const Flag&) = delete;

  private:
    std::string path_;
    int before_;
};

}  // namespace evenkeel::test
