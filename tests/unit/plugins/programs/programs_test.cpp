#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "tests/unit/core/plugin/recorded_hints.hpp"
#include "tests/unit/plugins/bundled.hpp"

namespace evenkeel::plugin {
namespace {

// Waits until it is gone, or a zombie: a signal takes its time.
bool ends(const std::string& pid) {
    const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(pid), 0)));
    pollfd ended{process.get(), POLLIN, 0};
    return !process || ::poll(&ended, 1, 60'000) == 1;
}

class Programs : public Bundled {
  protected:
    Programs() : Bundled("programs") {}

    Applied apply(const std::string& description, bool dry_run = false, const Call& call = {}) {
        return collection_->apply("it", json::parse(description).value(), dry_run, call);
    }
    std::string done(const std::string& description, bool dry_run = false) {
        return told(apply(description, dry_run));
    }
    json::Value state() {
        auto items = collection_->read({"it"}, {});
        EXPECT_TRUE(items) << items.error().what;
        if (!items || items->empty()) return {};
        EXPECT_FALSE(items->front().error) << items->front().error->what;
        return items->front().state;
    }
    std::string drift(const std::string& description) {
        std::string all;
        const auto fields = collection_->compare("it", json::parse(description).value(), state());
        for (const auto& field : fields.value()) all += field.path + ";";
        return all;
    }
    // {"command":["/bin/sh","-c",script], rest}: a shell is a program like any other.
    static std::string sh(const std::string& script, const std::string& rest = "") {
        return R"({"command":["/bin/sh","-c",)" + json::write(json::Value(script)) + "]" +
               (rest.empty() ? "" : "," + rest) + "}";
    }
    std::string append(const std::string& name) const { return "echo x >> " + path(name); }
};

TEST_F(Programs, WithoutGuardsEachDescriptionRunsOnce) {
    const auto once = sh(append("f"));
    EXPECT_EQ(done(once, true), "/ensure planned;/runs planned;");
    EXPECT_FALSE(exists("f"));
    EXPECT_TRUE(state().is_null());
    EXPECT_EQ(done(once), "/ensure done;/runs done;");
    EXPECT_EQ(done(once), "");
    EXPECT_EQ(drift(once), "");
    EXPECT_EQ(content("f"), "x\n");
    const auto other = sh(append("f") + " #");
    EXPECT_EQ(drift(other), "/command;");
    EXPECT_EQ(done(other, true), "/command planned;/runs planned;");
    EXPECT_EQ(done(other), "/command done;/runs done;");
    EXPECT_EQ(done(other), "");
    EXPECT_EQ(content("f"), "x\nx\n");
    EXPECT_EQ(state()["runs"], json::Value(2));
    EXPECT_EQ(state()["exit_code"], json::Value(0));
}

TEST_F(Programs, OneThatFailedIsDueUntilItHasDoneItsWork) {
    const auto description = sh("test -e " + path("open"));
    EXPECT_EQ(done(description), "conflict: /bin/sh ended with exit code 1");
    EXPECT_EQ(drift(description), "/due;");
    EXPECT_EQ(state()["exit_code"], json::Value(1));
    write("open", "");
    EXPECT_EQ(drift(description), "/due;");
    EXPECT_EQ(done(description), "/due done;/runs done;");
    EXPECT_EQ(drift(description), "");
}

TEST_F(Programs, RunsWhileWhatItCreatesIsNotThere) {
    const auto guard = R"("creates":")" + path("f") + R"(")";
    write("f", "");
    EXPECT_EQ(done(sh(append("f"), guard)), "/ensure done;");
    EXPECT_EQ(content("f"), "");
    EXPECT_EQ(drift(sh(append("f"), guard)), "");
    std::filesystem::remove(path("f"));
    EXPECT_EQ(drift(sh(append("f"), guard)), "/due;");
    EXPECT_EQ(state()["due"], json::Value("there is no " + path("f")));
    EXPECT_EQ(done(sh(append("f"), guard), true), "/due planned;/runs planned;");
    EXPECT_EQ(done(sh(append("f"), guard)), "/due done;/runs done;");
    EXPECT_EQ(content("f"), "x\n");
    EXPECT_EQ(done(sh("true", guard)), "/command done;") << "there is nothing to run it for";
}

TEST_F(Programs, AllGuardsHaveToWantIt) {
    const auto rest = R"("unless":["/usr/bin/test","-e",")" + path("done") +
                      R"("],"only_if":["/usr/bin/test","-e",")" + path("wanted") + R"("])";
    const auto description = sh("touch " + path("done"), rest);
    EXPECT_EQ(done(description), "/ensure done;");
    EXPECT_FALSE(exists("done"));
    write("wanted", "");
    EXPECT_EQ(drift(description), "/due;");
    EXPECT_EQ(done(description), "/due done;/runs done;");
    EXPECT_TRUE(exists("done"));
    EXPECT_EQ(done(description), "");
}

TEST_F(Programs, OneThatChangesNothingIsTold) {
    EXPECT_EQ(done(sh("true", R"("creates":")" + path("f") + R"(")")),
              "conflict: /bin/sh ended with exit code 0, but still there is no " + path("f"));
    EXPECT_EQ(done(sh("true", R"("unless":["/no/such"])")),
              "unavailable: there is no /no/such: install the package that has it");
}

TEST_F(Programs, RunsAsTheUserInTheFolderWithNothingButItsEnvironment) {
    ::setenv("OF_THE_AGENT", "1", 1);
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0777));
    const auto description = sh("id -u > f; id -G >> f; pwd >> f; env | sort >> f",
                                R"("user":"nobody","folder":")" + folder_.path() +
                                    R"(","environment":{"A":"1 2","PATH":"/bin"})");
    EXPECT_EQ(done(description), "/ensure done;/runs done;");
    ::unsetenv("OF_THE_AGENT");
    EXPECT_EQ(content("f"),
              "65534\n65534\n" + folder_.path() +
                  "\nA=1 2\nHOME=/nonexistent\nLC_ALL=C\nLOGNAME=nobody\nPATH=/bin\nPWD=" +
                  folder_.path() + "\nUSER=nobody\n");
    EXPECT_TRUE(done(sh("true", R"("user":"no-such-user")")).ends_with("(/user)"));
}

TEST_F(Programs, ASecretIsNeitherShownNorKept) {
    const auto with = [&](const std::string& secret) {
        return sh("printf %s \"$S\" > " + path("f"), R"("environment":{"S":")" + secret + R"("})");
    };
    EXPECT_EQ(done(with("canary1")), "/ensure done;/runs done;");
    EXPECT_EQ(done(with("canary1")), "");
    const Applied applied = apply(with("canary2"));
    EXPECT_EQ(told(applied), "/environment done;/runs done;");
    EXPECT_EQ(content("f"), "canary2");
    for (const auto& change : applied.changes)
        EXPECT_EQ(json::write(change.after).find("canary"), std::string::npos);
    EXPECT_EQ(json::write(state()).find("canary"), std::string::npos);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data_.path())) {
        if (!entry.is_regular_file()) continue;
        std::ostringstream kept;
        kept << std::ifstream(entry.path(), std::ios::binary).rdbuf();
        EXPECT_EQ(kept.str().find("canary"), std::string::npos) << entry.path();
    }
}

TEST_F(Programs, WhatItPrintsGoesWithTheResult) {
    const Applied applied = apply(sh("echo out; echo err >&2; exit 3", R"("exit_codes":[0,3])"));
    EXPECT_EQ(told(applied), "/ensure done;/runs done;");
    ASSERT_TRUE(applied.output);
    EXPECT_EQ(applied.output->text, "out\nerr\n");
    const Applied failed = apply(sh("head -c 300000 /dev/zero | tr '\\0' x; exit 1"));
    EXPECT_TRUE(failed.error);
    ASSERT_TRUE(failed.output);
    EXPECT_EQ(failed.output->bytes, 300000u);
}

TEST_F(Programs, IsEndedWithItsChildrenAtItsTimeOrWhenTheCallIs) {
    const auto script = "sleep 600 & echo $! > " + path("pid") + "; wait";
    EXPECT_TRUE(
        done(sh(script, R"("timeout_s":3)")).starts_with("timeout: it still ran after 3 s"));
    EXPECT_TRUE(ends(content("pid")));
    CancelSource cancel;
    Call call;
    call.cancel = &cancel;
    std::filesystem::remove(path("pid"));
    std::thread canceller([&] {
        while (content("pid").find('\n') == std::string::npos) std::this_thread::yield();
        cancel.cancel();
    });
    const Applied applied = apply(sh(script), false, call);
    canceller.join();
    ASSERT_TRUE(applied.error);
    EXPECT_EQ(applied.error->code, Errc::cancelled);
    EXPECT_TRUE(ends(content("pid")));
}

TEST_F(Programs, ToRemoveItIsToForgetThatItRan) {
    const auto description = sh(append("f"));
    EXPECT_EQ(done(description), "/ensure done;/runs done;");
    EXPECT_EQ(told(collection_->remove("it", true, {})), "/ensure planned;");
    EXPECT_EQ(told(collection_->remove("it", false, {})), "/ensure done;");
    EXPECT_EQ(told(collection_->remove("it", false, {})), "");
    EXPECT_TRUE(state().is_null());
    EXPECT_EQ(content("f"), "x\n");
    EXPECT_EQ(done(description), "/ensure done;/runs done;");
    EXPECT_EQ(content("f"), "x\nx\n");
}

TEST_F(Programs, TheActionRunsWhatIsDescribedOrGiven) {
    const auto run = [&](const std::string& arguments) {
        return told(collection_->invoke("it", "run", json::parse(arguments).value(), {}));
    };
    EXPECT_TRUE(run("{}").starts_with("not-found: it is not described here")) << run("{}");
    EXPECT_EQ(run(sh(append("f"))), "");
    EXPECT_EQ(run(sh("exit 7")), "conflict: /bin/sh ended with exit code 7");
    EXPECT_TRUE(state().is_null());
    EXPECT_EQ(done(sh("echo $0 >> " + path("f"))), "/ensure done;/runs done;");
    EXPECT_EQ(run(R"({"arguments":["more"]})"), "");
    EXPECT_EQ(content("f"), "x\n/bin/sh\nmore\n");
    EXPECT_EQ(state()["runs"], json::Value(2));
    EXPECT_EQ(done(sh("true", R"("environment":{"S":"s"})")),
              "/command done;/environment done;/runs done;");
    EXPECT_TRUE(run("{}").starts_with("invalid: its environment is not kept")) << run("{}");
}

TEST_F(Programs, HearsWhenWhatItCreatesComesAndGoes) {
    RecordedHints heard;
    const auto watch = collection_->watch(heard.listener()).value();
    ASSERT_TRUE(watch->interest("it", true));
    EXPECT_EQ(done(sh(append("f"), R"("creates":")" + path("f") + R"(")")),
              "/ensure done;/runs done;");
    EXPECT_TRUE(heard.wait_for_id("it"));
    std::filesystem::remove(path("f"));
    EXPECT_TRUE(heard.wait_for_id("it"));
}

TEST_F(Programs, RefusesWhatCannotBeBeforeAnythingIsStored) {
    for (const char* wrong : {R"({})", R"({"command":[]})", R"({"command":["/bin/true"],"runs":3})",
                              R"({"command":["/bin/true"],"environment":{"A=B":"x"}})",
                              R"({"command":["/bin/true"],"creates":"relative"})",
                              R"({"command":["/bin/true"],"exit_codes":[]})"})
        EXPECT_TRUE(done(wrong).starts_with("invalid: ")) << done(wrong);
    EXPECT_TRUE(done(R"({"command":["true"]})").starts_with("invalid: "));
}

}  // namespace
}  // namespace evenkeel::plugin
