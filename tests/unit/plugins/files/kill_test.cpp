#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/plugins/bundled.hpp"

namespace evenkeel::plugin {
namespace {

class FilesKilled : public Bundled {
  protected:
    FilesKilled() : Bundled("files") {}

    // A child that writes one content after the other until it is killed.
    pid_t start_writer(const std::string& a, const std::string& b) {
        const json::Value first = json::Object{{"content", a}, {"mode", "0600"}};
        const json::Value second = json::Object{{"content", b}, {"mode", "0640"}};
        const pid_t child = ::fork();
        if (child != 0) return child;
        for (;;) {
            (void)collection_->apply(path("f"), first, false, {});
            (void)collection_->apply(path("f"), second, false, {});
        }
    }
};

TEST_F(FilesKilled, LeavesTheOldOrTheNewWholeAtAnyMoment) {
    const std::string a(200'000, 'a'), b(300'000, 'b');
    write("f", a);
    ASSERT_EQ(::chmod(path("f").c_str(), 0600), 0);
    for (int round = 0; round < 15; ++round) {
        const pid_t child = start_writer(a, b);
        // Waits for nothing: each round kills at another moment, and elapsed time is what decides.
        std::this_thread::sleep_for(std::chrono::microseconds(3000 + round * 1371));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        const std::string found = content("f");
        EXPECT_TRUE(found == a || found == b) << "round " << round << ": " << found.size();
        EXPECT_EQ(info("f").st_mode & 07777, found == a ? 0600u : 0640u);
    }
    done("f", R"({"content":"end"})");
    EXPECT_EQ(entries(), 1u) << "what the kills left is cleared";
}

}  // namespace
}  // namespace evenkeel::plugin
