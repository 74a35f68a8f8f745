#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <evenkeel/cpp/fd.hpp>
#include <sys/stat.h>

#include "plugins/files/sha256.hpp"

namespace evenkeel::files {

// The SHA-256 of files, known without reading them again for as long as device, inode, size and
// both times of a file hold; after about a day it is due to be computed anew. Large ones are
// computed on a thread of its own: some MiB of each in turn, at the lowest priority, within a tenth
// of a core. One that is known takes some 120 bytes, however long its path is. [any]
class Hashes {
  public:
    // At most so many are kept, and so many wait to be computed; what is beyond that is forgotten,
    // and asked for again by the next look.
    static constexpr std::size_t kKeptMax = 65'536;
    static constexpr std::size_t kWaitingMax = 256;

    explicit Hashes(std::chrono::minutes kept_for = std::chrono::hours(24));
    ~Hashes();  // ends what is being computed
    Hashes(const Hashes&) = delete;
    Hashes& operator=(const Hashes&) = delete;

    struct Known {
        Digest sha256;
        bool is_due = false;  // to be computed anew
    };
    // Of the file at `path`, which `info` shows; nothing if not known.
    std::optional<Known> find(const std::string& path, const struct stat& info);
    // Of what was read after `info` was taken, which was not young then: is_young().
    void keep(const std::string& path, const struct stat& info, const Digest& sha256);
    // Whether it was written so shortly before now that another write may leave the same times. To
    // be asked before the content is read: when a slow read ends it may no longer be seen.
    static bool is_young(const struct stat& info);
    // Has it computed beside, and then told by take_finished(). Not if the file changes meanwhile.
    void compute(const std::string& path, const struct stat& info);

    // A descriptor of the caller's that is readable while take_finished() has something to tell.
    sdk::Fd finished_fd() const;
    std::vector<std::string> take_finished();

  private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

}  // namespace evenkeel::files
