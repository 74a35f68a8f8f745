#include <atomic>
#include <chrono>
#include <mutex>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "tests/support/wait.hpp"
#include "tests/unit/core/plugin/recorded_hints.hpp"
#include "tests/unit/plugins/bundled.hpp"

namespace evenkeel::plugin {
namespace {

using std::chrono::milliseconds;

class FilesWatch : public Bundled {
  protected:
    FilesWatch() : Bundled("files") {}
    void SetUp() override {
        Bundled::SetUp();
        watch_ = collection_->watch(hints_.listener()).value();
    }
    void TearDown() override { watch_.reset(); }
    void watch(const std::string& name) {
        const auto watched = watch_->interest(path(name), true);
        ASSERT_TRUE(watched) << watched.error().what;
    }
    bool hears(const std::string& name, milliseconds patience = test::kPatience) {
        return hints_.wait_for_id(path(name), patience);
    }

    RecordedHints hints_;
    std::unique_ptr<Watch> watch_;
};

TEST_F(FilesWatch, HearsContentModeRenamesAndRemoval) {
    write("f", "x");
    watch("f");
    write("f", "y");
    EXPECT_TRUE(hears("f"));
    ::chmod(path("f").c_str(), 0600);
    EXPECT_TRUE(hears("f"));
    write("g", "z");
    std::filesystem::rename(path("g"), path("f"));
    EXPECT_TRUE(hears("f"));
    std::filesystem::remove(path("f"));
    EXPECT_TRUE(hears("f"));
    std::filesystem::create_symlink("g", path("f"));
    EXPECT_TRUE(hears("f"));
}

TEST_F(FilesWatch, SaysWhenSomebodyIsInTheMiddleOfWriting) {
    write("f", "x");
    watch("f");
    const int fd = ::open(path("f").c_str(), O_WRONLY | O_TRUNC);
    ASSERT_EQ(::write(fd, "y", 1), 1);
    watch_->sync();
    EXPECT_EQ(hints_.unsettled(), std::vector<std::string>{path("f")});
    EXPECT_TRUE(hints_.ids().empty());
    ::close(fd);
    watch_->sync();
    EXPECT_EQ(hints_.ids(), std::vector<std::string>{path("f")});
}

TEST_F(FilesWatch, SaysWhenTheHashOfALargeFileIsThere) {
    write("f", std::string(3 << 20, 'x'));
    EXPECT_TRUE(state("f")["sha256"].is_null());
    ASSERT_TRUE(hears("f"));
    EXPECT_TRUE(state("f")["sha256"].is_string());
}

TEST_F(FilesWatch, IsSilentAboutItsNeighbours) {
    write("f", "x");
    watch("f");
    write("other", "y");
    std::filesystem::remove(path("other"));
    write("f", "y");
    EXPECT_TRUE(hints_.wait_for(1));
    for (const std::string& id : hints_.ids()) EXPECT_EQ(id, path("f"));
}

TEST_F(FilesWatch, WaitsForAnOpenWriterOneSecondAtMost) {
    write("f", "x");
    watch("f");
    const auto begun = std::chrono::steady_clock::now();
    std::ofstream writer(path("f"), std::ios::app);
    writer << "half" << std::flush;
    EXPECT_TRUE(hears("f"));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(950));
    writer << "whole";
    writer.close();
    EXPECT_TRUE(hears("f"));
}

TEST_F(FilesWatch, TakesAReplacementForOneChange) {
    write("f", "x");
    watch("f");
    std::filesystem::remove(path("f"));
    write("f", "y");
    ASSERT_TRUE(hints_.wait_for(1));
    // Closed, so at once; neither the removal nor the creation is judged by itself.
    EXPECT_EQ(hints_.ids(), std::vector<std::string>{path("f")});
    EXPECT_EQ(content("f"), "y");
}

TEST_F(FilesWatch, HearsOfFilesInDirectoriesThatComeLater) {
    watch("a/b/f");
    std::filesystem::create_directories(path("a/b"));
    write("a/b/f", "x");
    EXPECT_TRUE(hears("a/b/f"));
    write("a/b/f", "y");
    EXPECT_TRUE(hears("a/b/f"));
}

TEST_F(FilesWatch, SurvivesTheDirectoryBeingReplaced) {
    std::filesystem::create_directories(path("a/b"));
    write("a/b/f", "x");
    watch("a/b/f");
    std::filesystem::rename(path("a"), path("old"));
    EXPECT_TRUE(hears("a/b/f"));
    std::filesystem::create_directories(path("a/b"));
    write("a/b/f", "y");
    EXPECT_TRUE(hears("a/b/f"));
    std::filesystem::remove_all(path("a"));
    EXPECT_TRUE(hears("a/b/f"));
    std::filesystem::rename(path("old"), path("a"));
    EXPECT_TRUE(hears("a/b/f"));
    ::chmod(path("a/b/f").c_str(), 0600);
    EXPECT_TRUE(hears("a/b/f"));
}

TEST_F(FilesWatch, EndsWithTheInterest) {
    watch("f");
    watch("g");
    ASSERT_TRUE(watch_->interest(path("f"), false));
    write("f", "x");
    write("g", "x");
    EXPECT_TRUE(hints_.wait_for(1));
    for (const std::string& id : hints_.ids()) EXPECT_EQ(id, path("g"));
}

TEST_F(FilesWatch, FindsTheEndOfABurst) {
    write("f", "");
    watch("f");
    for (int i = 0; i < 2000; ++i) write("f", std::to_string(i));
    // Only the end counts, and it comes after the last write.
    while (hears("f", milliseconds(300))) continue;
    write("f", "end");
    EXPECT_TRUE(hears("f"));
}

TEST_F(FilesWatch, AsksForARescanWhenTheQueueOverflows) {
    write("f", "x");
    watch("f");
    std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
    long most = 0;
    limit >> most;
    if (most > 20'000) GTEST_SKIP() << "the queue is too long to fill";
    // The reactor is kept busy by us: a hint blocks it until the queue is full.
    std::mutex gate;
    gate.lock();
    std::atomic<bool> blocked{false}, missed{false};
    const auto second = collection_->watch([&](Hint hint, const std::string&) {
        if (hint == Hint::missed) missed = true;
        if (blocked.exchange(true)) return;
        const std::lock_guard wait(gate);
    });
    ASSERT_TRUE((*second)->interest(path("f"), true));
    write("f", "y");
    ASSERT_TRUE(test::wait_until([&] { return blocked.load(); }));
    const int fd = ::open(path("f").c_str(), O_WRONLY);
    for (long i = 0; i < most + 10; ++i) {
        // Two kinds in turn, for equal ones in a row are merged.
        ASSERT_EQ(::write(fd, "x", 1), 1);
        ASSERT_EQ(::fchmod(fd, 0644), 0);
    }
    ::close(fd);
    gate.unlock();
    EXPECT_TRUE(test::wait_until([&] { return missed.load(); }));
    write("f", "end");
    EXPECT_TRUE(hears("f")) << "and it goes on";
}

}  // namespace
}  // namespace evenkeel::plugin
