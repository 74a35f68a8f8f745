#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <evenkeel/cpp/fd.hpp>
#include <evenkeel/plugin.hpp>
#include <sys/types.h>

namespace evenkeel::packages {

// A file that programs lock (by fcntl). It is opened once, since a watch sees each opening. One
// thread at a time.
class LockFile {
  public:
    explicit LockFile(std::string path) : path_(std::move(path)) {}

    // The process that holds it; nothing if it is free or not there. Never takes it.
    std::optional<pid_t> holder();

  private:
    bool open();  // whether there is one

    std::string path_;
    sdk::Fd fd_;
};

// The living process whose number is written in `path`; nothing if there is none.
std::optional<pid_t> pid_in(const std::string& path);

// Finds the process that changes packages right now; nothing if there is none.
using FindLockHolder = std::function<std::optional<pid_t>()>;

// Waits until no process changes packages. Throws EK_E_BUSY, naming the process and `what` it
// holds, shortly before the deadline; EK_E_CANCELLED when cancelled.
void wait_until_free(const sdk::Call& call, const FindLockHolder& find_holder,
                     const std::string& what);

}  // namespace evenkeel::packages
