#include "plugins/files/hashes.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <exception>
#include <memory_resource>
#include <mutex>
#include <random>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/cpp/fd.hpp>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"
#include "plugins/posix/walk.hpp"

namespace evenkeel::files {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::size_t kSliceBytes = std::size_t{4} << 20;
constexpr int kRestForWork = 9;  // times as long as it worked: a tenth of a core
// Coarser than the stamps of any file system that is in use: those of FAT are 2 s apart.
constexpr std::time_t kYoungSeconds = 3;
constexpr milliseconds kUntilOlder{250};

// What holds as long as the content does.
struct Stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    std::int64_t written_ns, changed_ns;

    explicit Stamp(const struct stat& info)
        : device(info.st_dev),
          inode(info.st_ino),
          size(info.st_size),
          written_ns(ns(info.st_mtim)),
          changed_ns(ns(info.st_ctim)) {}

    bool operator==(const Stamp& other) const {
        return device == other.device && inode == other.inode && size == other.size &&
               written_ns == other.written_ns && changed_ns == other.changed_ns;
    }

    // By the clock that stamps files, since it is compared with their stamps.
    bool is_young() const {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        return std::abs(now.tv_sec - changed_ns / kSecondNs) < kYoungSeconds;
    }

  private:
    static constexpr std::int64_t kSecondNs = 1'000'000'000;
    static std::int64_t ns(const timespec& time) { return time.tv_sec * kSecondNs + time.tv_nsec; }
};

struct Kept {
    Stamp stamp;
    Digest sha256;
    Clock::time_point until;
};

// What is known is found by a number made of the path. Two that have the same forget each other's:
// a stamp is never that of another file.
std::size_t number_of(const std::string& path) {
    return std::hash<std::string>()(path);
}

struct Job {
    std::string path;
    Stamp stamp;
    std::unique_ptr<Sha256> sum;
    off_t done = 0;
    Digest sha256 = {};
};

// The whole system's other work goes first, on the disk too.
void take_lowest_priority() {
    constexpr int kOfThread = 1, kIdleClass = 3 << 13;
    const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
    ::setpriority(PRIO_PROCESS, thread, 19);
    ::syscall(SYS_ioprio_set, kOfThread, static_cast<int>(thread), kIdleClass);
}

// What this thread has used: waiting for a core is no work.
Clock::duration cpu_time() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

// Opened anew for each slice, so that nobody who unmounts or deletes has to wait.
sdk::Fd open_file(const std::string& path) {
    const posix::Place place = posix::walk(path);
    if (!place.missing.empty() || !place.blocker.empty()) return sdk::Fd();
    return sdk::Fd(::openat(place.folder.get(), place.name.c_str(),
                            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

bool shows(int fd, const Stamp& stamp) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && Stamp(info) == stamp;
}

enum class Progress { goes_on, finished, given_up };

Progress add_slice(Job& job) {
    const sdk::Fd fd = open_file(job.path);
    if (!fd || !shows(fd.get(), job.stamp)) return Progress::given_up;
    if (!job.sum) job.sum = std::make_unique<Sha256>();
    // Read once: it shall not push out of the page cache what others read again.
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_NOREUSE);
    std::string buffer(256 * 1024, '\0');
    for (std::size_t read = 0; read < kSliceBytes && job.done < job.stamp.size;) {
        const ssize_t length = ::pread(fd.get(), buffer.data(), buffer.size(), job.done);
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) return Progress::given_up;
        job.sum->add(std::string_view(buffer.data(), static_cast<std::size_t>(length)));
        job.done += length;
        read += static_cast<std::size_t>(length);
    }
    if (!shows(fd.get(), job.stamp)) return Progress::given_up;
    if (job.done < job.stamp.size) return Progress::goes_on;
    job.sha256 = job.sum->digest();
    return Progress::finished;
}

Progress try_slice(Job& job) {
    try {
        return add_slice(job);
    } catch (const std::exception&) {  // out of memory too: nothing may end the thread
        return Progress::given_up;
    }
}

}  // namespace

class Hashes::Worker {
  public:
    explicit Worker(minutes kept_for)
        : kept_for_(kept_for), finished_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (!finished_) throw posix::os_failure(errno, "make an eventfd");
    }
    ~Worker() {
        {
            const std::lock_guard lock(mutex_);
            ends_ = true;
        }
        woken_.notify_all();
        if (thread_.joinable()) thread_.join();
    }

    std::optional<Known> find(const std::string& path, const Stamp& stamp) {
        const std::lock_guard lock(mutex_);
        const auto found = kept_.find(number_of(path));
        if (found == kept_.end()) return std::nullopt;
        if (found->second.stamp == stamp)
            return Known{found->second.sha256, Clock::now() >= found->second.until};
        kept_.erase(found);
        return std::nullopt;
    }

    void keep(const std::string& path, const Stamp& stamp, const Digest& sha256) {
        const std::lock_guard lock(mutex_);
        if (kept_.size() >= kKeptMax) kept_.erase(kept_.begin());
        // Between three quarters of the time and all of it, so that they do not end together.
        std::uniform_int_distribution<long> some(kept_for_.count() * 3 / 4, kept_for_.count());
        kept_.insert_or_assign(number_of(path),
                               Kept{stamp, sha256, Clock::now() + minutes(some(random_))});
    }

    void compute(const std::string& path, const Stamp& stamp) {
        const std::lock_guard lock(mutex_);
        if (at_work_ && at_work_->first == path && at_work_->second == stamp) return;
        // One for each file, however often it is written and asked for.
        const auto same = std::find_if(waiting_.begin(), waiting_.end(),
                                       [&](const Job& job) { return job.path == path; });
        if (same != waiting_.end()) {
            if (!(same->stamp == stamp)) *same = Job{path, stamp, nullptr};
            return;
        }
        if (waiting_.size() >= kWaitingMax) return;
        waiting_.push_back({path, stamp, nullptr});
        start();
        woken_.notify_all();
    }

    sdk::Fd finished_fd() const {
        sdk::Fd copy(::fcntl(finished_.get(), F_DUPFD_CLOEXEC, 0));
        if (!copy) throw posix::os_failure(errno, "copy a descriptor");
        return copy;
    }

    std::vector<std::string> take_finished() {
        const std::lock_guard lock(mutex_);
        eventfd_t count = 0;
        ::eventfd_read(finished_.get(), &count);
        return std::exchange(told_, {});
    }

  private:
    // Where the system has no thread left, the hash stays unknown until a later look asks again.
    void start() {
        if (thread_.joinable()) return;
        try {
            thread_ = std::thread([this] { work(); });
        } catch (const std::system_error&) {
            waiting_.clear();
        }
    }

    void work() {
        take_lowest_priority();
        std::unique_lock lock(mutex_);
        while (true) {
            woken_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
            if (ends_) return;
            const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                           [](const Job& job) { return !job.stamp.is_young(); });
            if (next == waiting_.end()) {
                woken_.wait_for(lock, kUntilOlder, [this] { return ends_; });
                continue;
            }
            Job job = std::move(*next);
            waiting_.erase(next);
            at_work_.emplace(job.path, job.stamp);
            lock.unlock();
            const auto worked = cpu_time();
            const Progress progress = try_slice(job);
            const Clock::duration rest = (cpu_time() - worked) * kRestForWork;
            if (progress == Progress::finished) keep(job.path, job.stamp, job.sha256);
            lock.lock();
            at_work_.reset();
            if (progress == Progress::finished) tell(job.path);
            if (progress == Progress::goes_on) go_on(std::move(job));
            woken_.wait_for(lock, rest, [this] { return ends_; });
        }
    }

    // Unless the file was asked for with other stamps meanwhile.
    void go_on(Job job) {
        for (const Job& other : waiting_)
            if (other.path == job.path) return;
        waiting_.push_back(std::move(job));
    }

    void tell(const std::string& path) {
        if (told_.size() < kKeptMax) told_.push_back(path);
        ::eventfd_write(finished_.get(), 1);
    }

    const minutes kept_for_;
    sdk::Fd finished_;
    std::mutex mutex_;
    std::condition_variable woken_;
    // By number_of(); side by side, so that none keeps memory around it from being given back.
    std::pmr::unsynchronized_pool_resource pool_;
    std::pmr::unordered_map<std::size_t, Kept> kept_{&pool_};
    std::deque<Job> waiting_;
    std::optional<std::pair<std::string, Stamp>> at_work_;
    std::vector<std::string> told_;
    std::minstd_rand random_{std::random_device{}()};
    std::thread thread_;
    bool ends_ = false;
};

Hashes::Hashes(minutes kept_for) : worker_(std::make_unique<Worker>(kept_for)) {}
Hashes::~Hashes() = default;

std::optional<Hashes::Known> Hashes::find(const std::string& path, const struct stat& info) {
    return worker_->find(path, Stamp(info));
}

void Hashes::keep(const std::string& path, const struct stat& info, const Digest& sha256) {
    worker_->keep(path, Stamp(info), sha256);
}

bool Hashes::is_young(const struct stat& info) {
    return Stamp(info).is_young();
}

void Hashes::compute(const std::string& path, const struct stat& info) {
    worker_->compute(path, Stamp(info));
}

sdk::Fd Hashes::finished_fd() const {
    return worker_->finished_fd();
}

std::vector<std::string> Hashes::take_finished() {
    return worker_->take_finished();
}

}  // namespace evenkeel::files
