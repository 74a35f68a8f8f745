#include "plugins/packages/apt/watch.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/packages/locker.hpp"

namespace evenkeel::packages {
namespace {

class DpkgWatch : public testing::Test {
  protected:
    DpkgWatch() {
        std::filesystem::create_directory(folder_ / "updates");
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
        host_.changed = [](void* ctx, ek_str id) {
            (static_cast<DpkgWatch*>(ctx)->hints_ += sdk::view(id)) += ";";
        };
        watch_ = watch_dpkg(sdk::WatchHost(&host_), folder_.path());
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
    // What was hinted at since the last time.
    std::string hints() {
        pollfd fd{fd_, POLLIN, 0};
        if (::poll(&fd, 1, 0) > 0) watch_->ready(fd_, POLLIN);
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

TEST_F(DpkgWatch, WaitsUntilTheLockIsFree) {
    {
        const Locker apt(folder_ / "lock-frontend");
        set("2.0", "1.0");
        EXPECT_EQ(hints(), "");
        EXPECT_NE(timer_, 0u);
        watch_->ready(-1, 0);
        EXPECT_EQ(hints(), "");
    }
    EXPECT_EQ(hints(), "a;") << "the lock's last close wakes it";
    EXPECT_EQ(timer_, 0u);
}

TEST_F(DpkgWatch, TellsOfWhatHasChangedBackMeanwhile) {
    {
        const Locker apt(folder_ / "lock-frontend");
        set("2.0", "1.0");
        EXPECT_EQ(hints(), "");
        set("1.0", "1.0");
    }
    EXPECT_EQ(hints(), "a;");
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
