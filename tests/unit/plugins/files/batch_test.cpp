#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/unit/plugins/bundled.hpp"

namespace {
std::atomic<int> syncs = 0;
}

// In place of the library's, also for the plugin: counts.
extern "C" __attribute__((visibility("default"))) int fsync(int fd) {
    ++syncs;
    return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace evenkeel::plugin {
namespace {

// Many files in one call.
class FilesBatch : public Bundled {
  protected:
    FilesBatch() : Bundled("files") {}

    Entry entry(const std::string& name, const std::string& description) {
        return {path(name), json::parse(description).value()};
    }
    // Hands back "path outcome;" of the changes of each, or its error.
    std::vector<std::string> done_together(const std::vector<Entry>& entries,
                                           bool dry_run = false) {
        std::vector<std::string> all;
        for (const Applied& applied : collection_->apply_many(entries, dry_run, {}))
            all.push_back(told(applied));
        return all;
    }
    std::vector<Entry> numbered(int count, const std::string& text) {
        std::vector<Entry> all;
        for (int i = 0; i < count; ++i)
            all.push_back({path("f" + std::to_string(i)),
                           json::Object{{"mode", "0640"}, {"content", text + std::to_string(i)}}});
        return all;
    }
};

TEST_F(FilesBatch, AGroupSyncsEachFileAndItsFolderOnce) {
    syncs = 0;
    done_together(numbered(64, "a"));
    EXPECT_EQ(syncs, 64 + 1);
    syncs = 0;
    done_together(numbered(130, "b"));
    EXPECT_EQ(syncs, 130 + 3);
    syncs = 0;
    done_together(numbered(130, "b"));
    EXPECT_EQ(syncs, 0) << "nothing to do";
    EXPECT_EQ(content("f129"), "b129");
    EXPECT_EQ(info("f129").st_mode & 07777, 0640u);
    EXPECT_EQ(entries(), 130u);
}

TEST_F(FilesBatch, TellsOfEachWhatItWouldTellAlone) {
    write("there", "before");
    ASSERT_EQ(::chmod(path("there").c_str(), 0644), 0);
    std::filesystem::create_directory(path("folder"));
    const auto all = done_together(
        {entry("new", R"({"content":"x"})"), entry("folder", R"({"content":"x"})"),
         entry("there", R"({"content":"after"})"), entry("missing/f", R"({"content":"x"})"),
         entry("link", R"({"type":"symlink","target":"new"})"),
         entry("new2", R"({"content":"x","mode":"0600"})")});
    EXPECT_EQ(all[0], "/ensure done;/content done;");
    EXPECT_EQ(all[1].rfind("conflict", 0), 0u) << all[1];
    EXPECT_EQ(all[2], "/content done;");
    EXPECT_EQ(all[3].rfind("not-found", 0), 0u) << all[3];
    EXPECT_EQ(all[4], "/ensure done;/target done;");
    EXPECT_EQ(all[5], "/ensure done;/content done;/mode done;");
    EXPECT_EQ(content("there"), "after");
    EXPECT_EQ(content("new2"), "x");
}

TEST_F(FilesBatch, ADryRunPlansEachAndMakesNothing) {
    EXPECT_EQ(
        done_together({entry("a", R"({"content":"x"})"), entry("b", R"({"content":"x"})")}, true),
        (std::vector<std::string>{"/ensure planned;/content planned;",
                                  "/ensure planned;/content planned;"}));
    EXPECT_EQ(entries(), 0u);
}

TEST_F(FilesBatch, RemovesBetween) {
    write("old", "x");
    EXPECT_EQ(done_together({entry("a", R"({"content":"x"})"),
                             {path("old"), json::Value()},
                             entry("b", R"({"content":"x"})")}),
              (std::vector<std::string>{"/ensure done;/content done;", "/ensure done;",
                                        "/ensure done;/content done;"}));
    EXPECT_FALSE(exists("old"));
}

TEST_F(FilesBatch, WhatAnEarlierEntryMakesIsThereForALaterOne) {
    std::filesystem::create_directory(path("folder"));
    const auto all =
        done_together({entry("link", R"({"type":"symlink","target":"folder"})"),
                       entry("link/f", R"({"content":"x"})"), entry("file", R"({"content":"x"})"),
                       entry("file/f", R"({"content":"x"})")});
    EXPECT_EQ(all[1], "/ensure done;/content done;");
    EXPECT_EQ(content("folder/f"), "x");
    EXPECT_EQ(all[3].rfind("conflict", 0), 0u) << "below a file of the same call: " << all[3];
}

TEST_F(FilesBatch, OnePlaceByTwoPathsIsAppliedTwice) {
    std::filesystem::create_directory_symlink(path("."), path("again"));
    const auto all = done_together(
        {entry("f", R"({"content":"one"})"), entry("again/f", R"({"content":"two"})")});
    EXPECT_EQ(all[0], "/ensure done;/content done;");
    EXPECT_EQ(all[1], "/content done;");
    EXPECT_EQ(content("f"), "two");
}

TEST_F(FilesBatch, TwoNamesOfOneFileAreAppliedOneByOne) {
    write("h1", "old");
    std::filesystem::create_hard_link(path("h1"), path("h2"));
    std::filesystem::create_hard_link(path("h1"), path("h3"));
    const auto all =
        done_together({entry("h1", R"({"content":"one"})"), entry("h2", R"({"content":"two"})"),
                       entry("h3", R"({"mode":"0600"})")});
    EXPECT_EQ(all[0], "/content done;/links done;");
    EXPECT_EQ(all[1], "/content done;/links done;");
    EXPECT_EQ(all[2], "/mode done;");
    EXPECT_EQ(content("h1") + content("h2") + content("h3"), "onetwoold");
}

TEST_F(FilesBatch, ACancelledCallTellsOfEachThatItWasNotDone) {
    CancelSource cancel;
    cancel.cancel();
    Call call;
    call.cancel = &cancel;
    for (const Applied& applied : collection_->apply_many(numbered(3, "a"), false, call)) {
        ASSERT_TRUE(applied.error);
        EXPECT_EQ(applied.error->code, Errc::cancelled);
    }
    EXPECT_EQ(entries(), 0u);
}

TEST_F(FilesBatch, AKillLeavesEachOldOrNewWhole) {
    const std::string a(50'000, 'a'), b(70'000, 'b');
    std::vector<Entry> first, second;
    for (int i = 0; i < 20; ++i) {
        const std::string name = "f" + std::to_string(i);
        write(name, a);
        first.push_back({path(name), json::Object{{"content", a}}});
        second.push_back({path(name), json::Object{{"content", b}}});
    }
    for (int round = 0; round < 10; ++round) {
        const pid_t child = ::fork();
        if (child == 0) {
            for (;;) {
                (void)collection_->apply_many(second, false, {});
                (void)collection_->apply_many(first, false, {});
            }
        }
        // Waits for nothing: each round kills at another moment, and elapsed time is what decides.
        std::this_thread::sleep_for(std::chrono::microseconds(3000 + round * 2371));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        for (int i = 0; i < 20; ++i) {
            const std::string found = content("f" + std::to_string(i));
            EXPECT_TRUE(found == a || found == b) << "round " << round << ": " << found.size();
        }
    }
    done_together(numbered(20, "end"));
    EXPECT_EQ(entries(), 20u) << "what the kills left is cleared";
}

}  // namespace
}  // namespace evenkeel::plugin
