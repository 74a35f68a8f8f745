#include "plugins/files/check.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "tests/support/wait.hpp"
#include "tests/unit/plugins/bundled.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::plugin {
namespace {

// A program that is asked about a new file before it takes its place.
class FilesCheck : public Bundled {
  protected:
    FilesCheck() : Bundled("files") {}

    // The path of a program made of these lines of a shell script.
    std::string program(const std::string& lines) {
        write("program", "#!/bin/sh\n" + lines + "\n");
        EXPECT_EQ(::chmod(path("program").c_str(), 0755), 0);
        return path("program");
    }
    static json::Value described(json::Array argv, const std::string& content = "new\n") {
        return json::Object{{"content", content}, {"check", std::move(argv)}};
    }
    Applied apply_checked(const std::string& name, const json::Value& description,
                          const Call& call = {}) {
        return collection_->apply(path(name), description, false, call);
    }
    std::string checked(const std::string& name, const json::Value& description) {
        return told(apply_checked(name, description));
    }
    std::string refused(const json::Value& description) {
        const Applied applied = apply_checked("f", description);
        EXPECT_FALSE(exists("f"));
        return applied.error ? applied.error->what : "";
    }
};

TEST_F(FilesCheck, WhatPassesIsInstalled) {
    write("f", "old\n");
    EXPECT_EQ(checked("f", described({"grep", "-q", "new", "%"})), "/content done;");
    EXPECT_EQ(content("f"), "new\n");
    EXPECT_EQ(checked("g", described({"/bin/true", "%"})), "/ensure done;/content done;");
    EXPECT_EQ(entries(), 2u);
}

TEST_F(FilesCheck, WhatIsRefusedIsNotAndTheProgramsWordsAreTheError) {
    write("f", "old\n");
    const auto before = info("f");
    const Applied applied = apply_checked(
        "f",
        described({program("echo out; echo \"$2 in $1:1\" >&2; exit 3"), "%", "unknown word"}));
    ASSERT_TRUE(applied.error);
    EXPECT_EQ(applied.error->code, Errc::invalid);
    EXPECT_EQ(applied.error->what, "it is not installed: " + path("program") +
                                       " refuses it (exit status 3): out; unknown word in " +
                                       path("f") + ":1 (/check)");
    ASSERT_EQ(applied.changes.size(), 1u);
    EXPECT_EQ(applied.changes[0].outcome, wire::Outcome::failed);
    EXPECT_EQ(content("f"), "old\n");
    EXPECT_EQ(info("f").st_ino, before.st_ino);
    EXPECT_EQ(info("f").st_ctim.tv_nsec, before.st_ctim.tv_nsec);
    EXPECT_EQ(entries(), 2u) << "no temporary file is left";
}

TEST_F(FilesCheck, ANewFileThatIsRefusedIsNotMade) {
    EXPECT_NE(refused(described({"false", "%"})).find("exit status 1), without a word"),
              std::string::npos);
    EXPECT_NE(refused(described({program("kill -9 $$"), "%"})).find("exit status 137"),
              std::string::npos);
    EXPECT_NE(refused(described({"test", "-s", "%"}, "")).find("exit status 1"), std::string::npos);
    EXPECT_NE(
        refused(json::Object{{"check", json::Array{"test", "-s", "%"}}}).find("exit status 1"),
        std::string::npos)
        << "made empty";
    EXPECT_EQ(checked("f", json::Object{{"content_base64", "AAECAw=="},
                                        {"check", json::Array{"test", "-s", "%"}}}),
              "/ensure done;/content done;");
}

TEST_F(FilesCheck, SeesTheFileAsItWillBeBesideTheOldOne) {
    const std::string seen = path("seen");
    const json::Value description = json::Object{
        {"content", "x"},
        {"mode", "0640"},
        {"owner", "daemon"},
        {"check",
         json::Array{program("stat -c %a:%U \"$2\" >" + seen + "; dirname \"$2\" >>" + seen +
                             "; pwd >>" + seen + "; cat >>" + seen +
                             "; ls /proc/self/fd | wc -l >>" + seen + "; [ \"$1\" = \"$2\" ]"),
                     "%", "%"}}};
    EXPECT_EQ(checked("f", description), "/ensure done;/content done;/owner done;/mode done;");
    EXPECT_EQ(content("seen"), "640:daemon\n" + folder_.path() + "\n/\n" + "4\n");
}

TEST_F(FilesCheck, OnlyAnArgumentThatIsThePercentSignStandsForTheFile) {
    EXPECT_EQ(checked("f", described({"test", "%", "!=", "%%"})), "/ensure done;/content done;");
    EXPECT_EQ(checked("g", described({"test", "a%", "=", "a%", "-a", "-e", "%"})),
              "/ensure done;/content done;");
}

TEST_F(FilesCheck, IsNotRunWhereNoNewFileIsWritten) {
    write("f", "same");
    ASSERT_EQ(::chmod(path("f").c_str(), 0644), 0);
    const std::string ran = path("ran");
    const json::Array touch{program("touch " + ran + "; exit 1"), "%"};
    EXPECT_EQ(checked("f", described(touch, "same")), "") << "the check alone is new";
    EXPECT_EQ(checked("f", json::Object{{"content", "same"}, {"mode", "0600"}, {"check", touch}}),
              "/mode done;");
    EXPECT_EQ(told(collection_->apply(path("f"), described(touch, "other"), true, {})),
              "/content planned;");
    EXPECT_EQ(told(collection_->remove(path("f"), false, {})), "/ensure done;");
    EXPECT_FALSE(exists("ran"));
}

TEST_F(FilesCheck, IsNeverDriftAndInNoState) {
    EXPECT_EQ(checked("f", described({"true", "%"})), "/ensure done;/content done;");
    EXPECT_EQ(state("f").find("check"), nullptr);
    EXPECT_EQ(drift("f", R"({"content":"new\n","check":["false","%"]})"), "");
}

TEST_F(FilesCheck, OfASecretTellsNotAWord) {
    json::Value description = described({program("cat \"$1\"; exit 2"), "%"}, "s3cret");
    description.as_object().set("sensitive", true);
    const std::string what = refused(description);
    EXPECT_EQ(what.find("s3cret"), std::string::npos);
    EXPECT_NE(what.find("(exit status 2); its words may quote the secret and are not shown"),
              std::string::npos)
        << what;
}

TEST_F(FilesCheck, SaysOnlySoMuchAndWholeCharacters) {
    const std::string what =
        refused(described({program("yes \xc3\xa4\xc3\xa4\xc3\xa4 | head -c 200000; exit 1"), "%"}));
    EXPECT_GT(what.size(), 3000u);
    EXPECT_LT(what.size(), 4096u);
    EXPECT_EQ(what.find("\\x"), std::string::npos) << what.substr(what.size() - 20);
    EXPECT_TRUE(what.ends_with("... (/check)")) << what.substr(what.size() - 20);
}

TEST_F(FilesCheck, AProgramThatIsNotThereIsNamed) {
    const Applied applied = apply_checked("f", described({"ek-no-such-program", "%"}));
    ASSERT_TRUE(applied.error);
    EXPECT_EQ(applied.error->code, Errc::unavailable);
    EXPECT_NE(applied.error->what.find("there is no ek-no-such-program"), std::string::npos);
    EXPECT_NE(refused(described({"/no/such/program", "%"})).find("there is no /no/such/program"),
              std::string::npos);
}

TEST_F(FilesCheck, WhatCannotBeAskedIsRefusedWithItsPlace) {
    const auto why = [&](const json::Value& check) {
        return refused(json::Object{{"content", "x"}, {"check", check}});
    };
    EXPECT_NE(why(json::Array{}), "");
    EXPECT_NE(why(json::Array{"%"}), "");
    for (const auto& check : {json::Array{"true"}, json::Array{"true", "a%"}})
        EXPECT_NE(why(check).find("one of which is %"), std::string::npos) << why(check);
    for (const char* program : {"", "%", "./x", "../bin/true", "bin/true"})
        EXPECT_NE(why(json::Array{program, "%"}).find("absolute path"), std::string::npos)
            << program;
    EXPECT_NE(why("nginx -t -c %"), "");
    EXPECT_NE(why(json::Array{"true", 1, "%"}), "");
    EXPECT_NE(
        refused(json::Object{
                    {"type", "symlink"}, {"target", "/x"}, {"check", json::Array{"true", "%"}}})
            .find("a symlink has no check"),
        std::string::npos);
}

TEST_F(FilesCheck, WhereAStrangerCouldShowAnotherFileItIsDenied) {
    std::filesystem::create_directory(path("theirs"));
    ASSERT_EQ(::chown(path("theirs").c_str(), 1, 1), 0);
    const json::Value description = described({"true", "%"});
    for (const bool dry_run : {true, false}) {
        const Applied applied = collection_->apply(path("theirs/f"), description, dry_run, {});
        ASSERT_TRUE(applied.error);
        EXPECT_EQ(applied.error->code, Errc::denied) << applied.error->what;
    }
    EXPECT_FALSE(exists("theirs/f"));
    EXPECT_EQ(done("theirs/f", R"({"content":"new\n"})"), "/ensure done;/content done;");
    EXPECT_EQ(checked("theirs/f", description), "") << "there is nothing to check";
}

TEST_F(FilesCheck, AProgramThatChangesTheFileIsRefused) {
    for (const char* lines :
         {"echo more >>\"$1\"", "rm \"$1\"", "cp \"$1\" \"$1\".x; mv \"$1\".x \"$1\""}) {
        const std::string what = refused(described({program(lines), "%"}));
        EXPECT_NE(what.find("was changed before it was in place"), std::string::npos) << what;
    }
}

TEST_F(FilesCheck, AFileOfTheSameNameThatAppearsMeanwhileStays) {
    const Applied applied =
        apply_checked("f", described({program("echo theirs >" + path("f")), "%"}));
    ASSERT_TRUE(applied.error);
    EXPECT_EQ(applied.error->code, Errc::conflict);
    EXPECT_EQ(content("f"), "theirs\n");
}

TEST_F(FilesCheck, AmongManyHoldsBackNobodyAndSeesThoseBeforeIt) {
    const json::Array reads_first{"grep", "-q", "1", path("a"), "%"};
    const json::Array misses_last{"test", "-e", "%", "-a", "!", "-e", path("z")};
    const auto all = collection_->apply_many({{path("a"), json::Object{{"content", "1"}}},
                                              {path("bad"), described({"false", "%"})},
                                              {path("m"), described(reads_first)},
                                              {path("n"), described(misses_last)},
                                              {path("z"), json::Object{{"content", "2"}}}},
                                             false, {});
    std::vector<std::string> each;
    for (const Applied& applied : all) each.push_back(told(applied).substr(0, 7));
    EXPECT_EQ(each,
              (std::vector<std::string>{"/ensure", "invalid", "/ensure", "/ensure", "/ensure"}));
    EXPECT_FALSE(exists("bad"));
    EXPECT_EQ(content("a") + content("m") + content("z"), "1new\n2");
}

TEST_F(FilesCheck, ACancelledCallEndsIt) {
    const std::string begun = path("begun");
    CancelSource cancel;
    std::thread canceller([&] {
        EXPECT_TRUE(test::appears(begun));
        cancel.cancel();
    });
    Call call;
    call.cancel = &cancel;
    const Applied applied =
        apply_checked("f", described({program("touch " + begun + "; sleep 600"), "%"}), call);
    canceller.join();
    ASSERT_TRUE(applied.error);
    EXPECT_EQ(applied.error->code, Errc::cancelled);
    EXPECT_FALSE(exists("f"));
}

TEST_F(FilesCheck, ThatTakesTooLongIsEnded) {
    write("f", "old");
    const test::CallFrame frame;
    const files::Check check{{program("echo waits; sleep 600"), "%"}, 0};
    const std::string what = test::failure_of(
        [&] {
            files::run_check(frame.call(), check, {path("f"), path("f"), false});
        },
        EK_E_TIMEOUT);
    EXPECT_NE(what.find("had not ended after 0 s"), std::string::npos) << what;
}

}  // namespace
}  // namespace evenkeel::plugin
