#pragma once

#include <string>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace evenkeel::packages {

// Another process that holds an fcntl lock, as dpkg does, until this is destroyed.
class Locker {
  public:
    explicit Locker(const std::string& path) {
        int ready[2];
        if (::pipe(ready) != 0) return;
        pid_ = ::fork();
        if (pid_ == 0) {
            struct flock lock {};
            lock.l_type = F_WRLCK;
            const int fd = ::open(path.c_str(), O_RDWR);
            const bool held = fd >= 0 && ::fcntl(fd, F_SETLK, &lock) == 0;
            if (held && ::write(ready[1], "x", 1) == 1) ::pause();
            ::_exit(1);
        }
        ::close(ready[1]);
        char byte = 0;
        locked_ = ::read(ready[0], &byte, 1) == 1;
        ::close(ready[0]);
    }
    ~Locker() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Locker(const Locker&) = delete;
    Locker& operator=(const Locker&) = delete;

    pid_t pid() const { return locked_ ? pid_ : -1; }

  private:
    pid_t pid_ = -1;
    bool locked_ = false;
};

}  // namespace evenkeel::packages
