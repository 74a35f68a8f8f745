#include "plugins/accounts/etc_watch.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::accounts {
namespace {

// The reactor of a host, turned by hand.
class EtcWatches : public testing::Test {
  protected:
    EtcWatches() {
        host_.size = sizeof host_;
        host_.ctx = this;
        host_.fd = [](void* self, std::int32_t fd, std::uint32_t events) {
            static_cast<EtcWatches*>(self)->fd_ = events != 0 ? fd : -1;
            return ek_status{EK_OK};
        };
        host_.timer = [](void* self, std::uint64_t at) {
            static_cast<EtcWatches*>(self)->timer_ = at;
            return ek_status{EK_OK};
        };
        host_.hint = [](void* self, const ek_hint* hint) {
            static_cast<EtcWatches*>(self)->hints_ += (hint->kind == EK_HINT_UNSETTLED ? "~" : "") +
                                                      std::string(sdk::view(hint->id)) + ";";
        };
        replace("passwd", "alice:x:1:1::/:/bin/sh\nbob:x:2:2::/:/bin/sh\n");
        replace("group", "alice:x:1:\nbob:x:2:\n");
        replace("shadow", "alice:!:1:::::::\nbob:!:1:::::::\n");
        watch_.emplace(sdk::WatchHost(&host_), look, folder_.path());
        for (const char* id : {"alice", "bob", "carol"}) watch_->interest(id, true);
    }

    static std::string look(const Database& database, const std::string& id) {
        const User* const user = database.user(id);
        return user ? user->password + user->gecos + joined(database.groups_with(id)) : "";
    }
    static std::string joined(const std::vector<std::string>& names) {
        std::string all;
        for (const std::string& name : names) all += name + ",";
        return all;
    }
    void write(const char* name, const std::string& text) { std::ofstream(path(name)) << text; }
    // As the shadow tools and vipw do it.
    void replace(const char* name, const std::string& text) {
        write("edited", text);
        std::filesystem::rename(path("edited"), path(name));
    }
    std::string path(const char* name) const { return folder_ / name; }
    // What is hinted until nothing is left to do at once.
    std::string heard() {
        pollfd ready{fd_, POLLIN, 0};
        while (::poll(&ready, 1, 0) > 0) watch_->ready(fd_, POLLIN);
        return std::exchange(hints_, "");
    }
    std::string heard_after_timer() {
        EXPECT_NE(timer_, 0u);
        watch_->ready(-1, 0);
        return std::exchange(hints_, "");
    }

    test::TempFolder folder_;
    ek_watch_host host_{};
    int fd_ = -1;
    std::uint64_t timer_ = 0;
    std::string hints_;
    std::optional<EtcWatch> watch_;
};

TEST_F(EtcWatches, HintOnlyTheAccountThatChanged) {
    replace("passwd", "alice:x:1:1:New:/:/bin/sh\nbob:x:2:2::/:/bin/sh\n");
    EXPECT_EQ(heard(), "alice;");
    replace("shadow", "alice:!:1:::::::\nbob:*:1:::::::\n");
    EXPECT_EQ(heard(), "bob;");
    replace("group", "alice:x:1:bob\nbob:x:2:alice\n");
    EXPECT_EQ(heard(), "alice;bob;");
}

TEST_F(EtcWatches, SayNothingOfWhatChangesNoDescribedAccount) {
    replace("passwd", "dave:x:3:3::/:\nalice:x:1:1::/:/bin/sh\nbob:x:2:2::/:/bin/sh\n");
    replace("hosts", "x");
    write("passwd-", "x");
    EXPECT_EQ(heard(), "");
}

TEST_F(EtcWatches, SeeAnAccountComeAndGo) {
    replace("passwd", "carol:x:3:3::/:\nalice:x:1:1::/:/bin/sh\nbob:x:2:2::/:/bin/sh\n");
    EXPECT_EQ(heard(), "carol;");
    replace("passwd", "bob:x:2:2::/:/bin/sh\n");
    EXPECT_EQ(heard(), "alice;carol;");
    watch_->interest("bob", false);
    replace("passwd", "");
    EXPECT_EQ(heard(), "");
}

TEST_F(EtcWatches, WaitUntilTheLocksAreGone) {
    write("passwd.lock", std::to_string(::getpid()));
    replace("passwd", "alice:x:1:1:A:/:/bin/sh\nbob:x:2:2::/:/bin/sh\n");
    EXPECT_EQ(heard(), "~alice;~bob;~carol;") << "one file is new, another may be old";
    EXPECT_EQ(heard_after_timer(), "");
    replace("shadow", "alice:*:1:::::::\nbob:!:1:::::::\n");
    EXPECT_EQ(heard(), "");
    std::filesystem::remove(path("passwd.lock"));
    EXPECT_EQ(heard(), "alice;bob;carol;");
    EXPECT_EQ(timer_, 0u);
}

TEST_F(EtcWatches, TellAgainOfALockThatStays) {
    watch_.emplace(sdk::WatchHost(&host_), look, folder_.path(), 0);
    watch_->interest("alice", true);
    write("passwd.lock", std::to_string(::getpid()));
    replace("passwd", "alice:x:1:1:A:/:/bin/sh\n");
    heard();
    EXPECT_EQ(heard_after_timer(), "~alice;");
    EXPECT_EQ(heard_after_timer(), "~alice;") << "a host believes it for a minute only";
}

TEST_F(EtcWatches, AreNotHeldUpByALockThatItsProcessLeftBehind) {
    write("passwd.lock", "2147483646");
    replace("passwd", "alice:x:1:1:A:/:/bin/sh\nbob:x:2:2::/:/bin/sh\n");
    EXPECT_EQ(heard(), "alice;");
}

TEST_F(EtcWatches, TakeAMissingFileForHalfOfAReplacement) {
    std::filesystem::rename(path("passwd"), path("saved"));
    EXPECT_EQ(heard(), "");
    replace("passwd", "alice:x:1:1:A:/:/bin/sh\nbob:x:2:2::/:/bin/sh\n");
    EXPECT_EQ(heard(), "alice;");
}

TEST_F(EtcWatches, LetGoOfTheirDescriptor) {
    watch_.reset();
    EXPECT_EQ(fd_, -1);
    EXPECT_EQ(timer_, 0u);
}

}  // namespace
}  // namespace evenkeel::accounts
