#include "plugins/packages/watch.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "plugins/packages/apt/watch.hpp"
#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/packages/locker.hpp"

namespace evenkeel::packages {
namespace {

class DpkgWatch : public testing::Test {
  protected:
    DpkgWatch() {
        std::filesystem::create_directory(folder_ / "updates");
        std::filesystem::create_directory(folder_ / "apt");
        std::ofstream(folder_ / "lock-frontend").flush();
        set("1.0", "1.0");
        host_.size = sizeof(host_);
        host_.ctx = this;
        host_.fd = [](void* ctx, std::int32_t fd, std::uint32_t events) -> ek_status {
            static_cast<DpkgWatch*>(ctx)->fd_ = events == 0 ? -1 : fd;
            return EK_OK;
        };
        host_.timer = [](void* ctx, std::uint64_t at_ns) -> ek_status {
            static_cast<DpkgWatch*>(ctx)->timer_ = at_ns;
            return EK_OK;
        };
        host_.hint = [](void* ctx, const ek_hint* hint) {
            std::string& hints = static_cast<DpkgWatch*>(ctx)->hints_;
            if (hint->kind == EK_HINT_MISSED) hints += "missed";
            if (hint->kind == EK_HINT_UNSETTLED) hints += "?";
            (hints += sdk::view(hint->id)) += ";";
        };
        watch_ = watch_dpkg(sdk::WatchHost(&host_), folder_.path(), folder_ / "apt");
        watch_->interest("a", true);
        watch_->interest("missing", true);
    }
    void set(const std::string& a, const std::string& b) {
        std::ofstream(folder_ / "status-new")
            << "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
            << "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: " << a
            << "\n\nPackage: b\nStatus: install ok installed\nArchitecture: all\nVersion: " << b
            << "\n";
        std::filesystem::rename(folder_ / "status-new", folder_ / "status");
    }
    // What was hinted at since the last time; "?a" is that a is not settled.
    std::string hints() {
        pollfd fd{fd_, POLLIN, 0};
        while (::poll(&fd, 1, 0) > 0) watch_->ready(fd_, POLLIN);
        return std::exchange(hints_, "");
    }

    test::TempFolder folder_;
    ek_watch_host host_{};
    int fd_ = -1;
    std::uint64_t timer_ = 0;
    std::string hints_;
    std::unique_ptr<Watcher> watch_;
};

TEST_F(DpkgWatch, HintsAtWhatIsDescribedAndHasChanged) {
    EXPECT_EQ(hints(), "");
    set("1.0", "2.0");
    EXPECT_EQ(hints(), "") << "b is not described";
    set("2.0", "2.0");
    EXPECT_EQ(hints(), "a;");
    set("2.0", "2.0");
    EXPECT_EQ(hints(), "") << "written anew and the same";
    watch_->interest("a", false);
    set("3.0", "3.0");
    EXPECT_EQ(hints(), "");
}

TEST_F(DpkgWatch, HintsAtWhatAptMarksWithoutALock) {
    for (const char* mark : {"1", "0"}) {
        std::ofstream(folder_ / "apt/new")
            << "Package: a\nArchitecture: amd64\nAuto-Installed: " << mark << "\n";
        std::filesystem::rename(folder_ / "apt/new", folder_ / "apt/extended_states");
        EXPECT_EQ(hints(), "a;") << mark;
    }
}

TEST_F(DpkgWatch, NothingIsSettledWhileALockIsHeld) {
    {
        const Locker apt(folder_ / "lock-frontend");
        EXPECT_EQ(hints(), "?a;?missing;") << "its opening is told before anything has changed";
        set("2.0", "1.0");
        EXPECT_EQ(hints(), "");
        EXPECT_NE(timer_, 0u);
        watch_->ready(-1, 0);
        EXPECT_EQ(hints(), "") << "told once";
        watch_->interest("b", true);
        EXPECT_EQ(hints(), "?b;") << "what is described meanwhile, too";
    }
    EXPECT_EQ(hints(), "a;b;missing;") << "the lock's last close wakes it";
    EXPECT_EQ(timer_, 0u);
}

TEST_F(DpkgWatch, ALongRunIsToldAgain) {
    Watched watched;
    watched.find_holder = [] { return std::optional<pid_t>(1); };
    watched.fingerprint = [](const std::string&) { return "1"; };
    watched.repeat_ns = 0;
    watch_ = std::make_unique<DatabaseWatch>(sdk::WatchHost(&host_), std::move(watched));
    watch_->interest("a", true);
    EXPECT_EQ(hints(), "?a;");
    watch_->ready(-1, 0);
    EXPECT_EQ(hints(), "?a;") << "the host would judge after a minute";
}

TEST_F(DpkgWatch, ALockThatIsTakenAfterItsOpeningIsFoundHeld) {
    std::ofstream lock(folder_ / "lock-frontend", std::ios::app);
    EXPECT_EQ(hints(), "");
    EXPECT_NE(timer_, 0u) << "who has opened it may take it";
    const int fd = ::open((folder_ / "lock-frontend").c_str(), O_RDWR);
    hints();
    const Locker apt(folder_ / "lock-frontend");
    watch_->ready(-1, 0);
    EXPECT_EQ(hints(), "?a;?missing;");
    ::close(fd);
}

TEST_F(DpkgWatch, TellsAtOnceOfWorkThatHadBegunBefore) {
    const Locker apt(folder_ / "lock-frontend");
    watch_.reset();
    watch_ = watch_dpkg(sdk::WatchHost(&host_), folder_.path(), folder_ / "apt");
    watch_->interest("a", true);
    EXPECT_EQ(hints(), "?a;");
}

TEST_F(DpkgWatch, HearsALockThatWasNotThereBefore) {
    std::ofstream(folder_ / "lock").flush();
    hints();
    {
        const Locker dpkg(folder_ / "lock");
        EXPECT_EQ(hints(), "?a;?missing;");
    }
    EXPECT_EQ(hints(), "a;missing;");
}

TEST_F(DpkgWatch, TellsOfWhatHasChangedBackMeanwhile) {
    {
        const Locker apt(folder_ / "lock-frontend");
        set("2.0", "1.0");
        EXPECT_EQ(hints(), "?a;?missing;");
        set("1.0", "1.0");
    }
    EXPECT_EQ(hints(), "a;missing;");
}

TEST_F(DpkgWatch, SaysThatItHasMissedWhatTheQueueCouldNotTake) {
    long most = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
    const Locker apt(folder_ / "lock-frontend");
    EXPECT_EQ(hints(), "?a;?missing;");
    for (long i = 0; i <= most / 2; ++i) {
        std::ofstream(folder_ / "status-new").flush();
        std::ofstream(folder_ / "lock-other").flush();
        std::filesystem::remove(folder_ / "status-new");
        std::filesystem::remove(folder_ / "lock-other");
    }
    // On a slow machine it has been time to repeat who is not settled before.
    const std::string told = hints(), last = "missed;?a;?missing;";
    EXPECT_EQ(told.substr(told.size() - std::min(told.size(), last.size())), last)
        << "the host forgets who is not settled";
}

TEST_F(DpkgWatch, SeesTheJournalOfAKilledRun) {
    {
        const Locker dpkg(folder_ / "lock-frontend");
        std::ofstream(folder_ / "updates/0000") << "Package: a\nStatus: install ok unpacked\n"
                                                   "Architecture: all\nVersion: 1.0\n";
    }
    EXPECT_EQ(hints(), "a;");
}

TEST_F(DpkgWatch, DoesNotWakeItself) {
    set("2.0", "1.0");
    EXPECT_EQ(hints(), "a;");
    pollfd fd{fd_, POLLIN, 0};
    EXPECT_EQ(::poll(&fd, 1, 0), 0) << "to look at the locks is no event";
}

}  // namespace
}  // namespace evenkeel::packages
