#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "plugins/packages/rpm/dnf_reasons.hpp"
#include "plugins/packages/rpm/zypper_marks.hpp"
#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/call_frame.hpp"
#include "tests/unit/plugins/packages/locker.hpp"

namespace evenkeel::packages {
namespace {

using test::CallFrame;

void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// As dnf 4.14 prints it.
constexpr const char* kReasons =
    "basefiles noarch unknown\nboth i686 dependency\nboth x86_64 user\nhello noarch user\n"
    "libhello noarch dependency\nextra noarch weak-dependency\n";

class DnfMarks : public testing::Test {
  protected:
    DnfMarks() {
        write(history_, "a database");
        write(journal_, "its journal");
    }
    std::optional<bool> automatic(const std::string& name,
                                  const std::string& architecture = "noarch") {
        return reasons_.is_automatic(call_.call(), name, architecture);
    }

    test::TempFolder folder_;
    const std::string history_ = folder_ / "history.sqlite";
    const std::string journal_ = folder_ / "history.sqlite-wal";
    CallFrame call_;
    std::string output_ = kReasons;
    bool fails_ = false;
    int runs_ = 0;
    DnfReasons reasons_{folder_.path(), [this](const sdk::Call&) {
                            ++runs_;
                            if (fails_) throw sdk::Failure(EK_E_UNAVAILABLE, "dnf is broken");
                            return output_;
                        }};
};

TEST_F(DnfMarks, AreWhatDnfTakesForDependenciesByArchitecture) {
    EXPECT_EQ(automatic("libhello"), true);
    EXPECT_EQ(automatic("extra"), true);
    EXPECT_EQ(automatic("hello"), false);
    EXPECT_EQ(automatic("basefiles"), false) << "dnf does not take it away";
    EXPECT_EQ(automatic("both", "i686"), true);
    EXPECT_EQ(automatic("both", "x86_64"), false);
    EXPECT_TRUE(parse_dnf_reasons("Updating Subscription Management repositories.\n\n").empty());
}

TEST_F(DnfMarks, AreAskedForOnceUntilATransactionIsAdded) {
    for (int look = 0; look < 3; ++look)
        for (const char* name : {"hello", "libhello"}) automatic(name);
    EXPECT_EQ(runs_, 1);
    // So dnf does it when it only reads.
    write(history_, "a database with what was in the journal");
    ASSERT_EQ(::chown(journal_.c_str(), ::getuid(), ::getgid()), 0);
    automatic("libhello");
    EXPECT_EQ(runs_, 1);
    const std::string before = reasons_.stamp();
    output_ = "libhello noarch user\n";
    write(journal_, "its journal, which has grown");
    EXPECT_NE(reasons_.stamp(), before);
    EXPECT_EQ(automatic("libhello"), false);
    EXPECT_EQ(runs_, 2);
}

TEST_F(DnfMarks, OfADatabaseWithoutAJournalAreReadWhenItIsWritten) {
    for (const char* journal : {"", static_cast<const char*>(nullptr)}) {
        std::filesystem::remove(journal_);
        if (journal) write(journal_, journal);
        automatic("libhello");
        const int runs = runs_;
        automatic("libhello");
        EXPECT_EQ(runs_, runs);
        write(history_, journal ? "written" : "written again");
        automatic("libhello");
        EXPECT_EQ(runs_, runs + 1);
    }
}

TEST_F(DnfMarks, AreAskedForAgainForWhatRpmItselfHasInstalled) {
    automatic("hello");
    output_ += "late noarch dependency\n";
    EXPECT_EQ(automatic("late"), true);
    EXPECT_EQ(runs_, 2);
    EXPECT_EQ(automatic("never-told"), false);
    EXPECT_EQ(automatic("never-told"), false);
    EXPECT_EQ(runs_, 3);
}

TEST_F(DnfMarks, AreNotKnownWhileDnfCannotSay) {
    fails_ = true;
    EXPECT_EQ(automatic("hello"), std::nullopt);
    EXPECT_EQ(automatic("libhello"), std::nullopt);
    EXPECT_EQ(runs_, 1) << "not tried for each package";
    EXPECT_EQ(call_.notes, std::vector<std::string>{"/automatic dnf is broken"});
}

TEST_F(DnfMarks, AreReadFromACopy) {
    const test::TempFolder other;
    for (const char* journal : {"its journal", "another", static_cast<const char*>(nullptr)}) {
        std::filesystem::remove(journal_);
        if (journal) write(journal_, journal);
        reasons_.copy_to(other.path());
        EXPECT_EQ(text_of(other / "history.sqlite"), "a database");
        EXPECT_EQ(std::filesystem::exists(other / "history.sqlite-wal"), journal != nullptr);
        EXPECT_EQ(text_of(other / "history.sqlite-wal"), journal ? journal : "");
    }
    std::filesystem::remove(history_);
    EXPECT_THROW(reasons_.copy_to(other.path()), sdk::Failure);
}

TEST_F(DnfMarks, AreNoneWithoutAHistory) {
    std::filesystem::remove(history_);
    EXPECT_EQ(automatic("libhello"), false);
    EXPECT_EQ(runs_, 0) << "dnf would write one";
}

// As libzypp 17.25 writes it.
constexpr const char* kList =
    "# AutoInstalled generated Sun Nov 29 09:17:39 2026\n#\nboth\nlibhello\nlibhello-data\n#\n";

class ZypperList : public testing::Test {
  protected:
    ZypperList() { write(marks_.list, kList); }

    test::TempFolder folder_;
    const ZypperMarks marks_{folder_ / "AutoInstalled", folder_ / "zypp.pid"};
};

TEST_F(ZypperList, SaysWhatIsThereOnlyForOthers) {
    EXPECT_EQ(marks_.is_automatic("libhello"), true);
    EXPECT_EQ(marks_.is_automatic("hello"), false);
    EXPECT_EQ(marks_.is_automatic("#"), false);
    std::filesystem::remove(marks_.list);
    EXPECT_EQ(marks_.is_automatic("libhello"), std::nullopt) << "libzypp has made none yet";
    EXPECT_NO_THROW(marks_.erase({"libhello"}));
    EXPECT_FALSE(std::filesystem::exists(marks_.list));
}

TEST_F(ZypperList, LosesNamesAndNothingElse) {
    marks_.erase({"libhello", "never-there"});
    EXPECT_EQ(text_of(marks_.list),
              "# AutoInstalled generated Sun Nov 29 09:17:39 2026\n#\nboth\nlibhello-data\n#\n");
    EXPECT_EQ(std::filesystem::status(marks_.list).permissions(), std::filesystem::perms(0644));
    EXPECT_EQ(without_names(" libhello\r\n\tboth", {"libhello"}), "\tboth\n");
    EXPECT_EQ(text_of(marks_.lock), "") << "no number is left there";
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
        EXPECT_NE(entry.path().extension(), ".new");
}

TEST_F(ZypperList, IsSeenWholeByWhoReadsIt) {
    std::ifstream reader(marks_.list);
    marks_.erase({"libhello"});
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), kList)
        << "it was not written in place";
}

ek_status status_of(const ZypperMarks& marks) {
    try {
        marks.erase({"libhello"});
        return EK_OK;
    } catch (const sdk::Failure& failure) {
        return failure.status();
    }
}

TEST_F(ZypperList, IsLeftAloneWhileLibzyppWorks) {
    write(marks_.lock, std::to_string(::getppid()) + "\n");
    EXPECT_EQ(status_of(marks_), EK_E_BUSY) << "a libzypp works";
    write(marks_.lock, "");
    {
        const Locker starting(marks_.lock);
        ASSERT_GT(starting.pid(), 0);
        EXPECT_EQ(status_of(marks_), EK_E_BUSY) << "a libzypp begins to";
    }
    EXPECT_EQ(text_of(marks_.list), kList);
    write(marks_.lock, "999999999\n");
    EXPECT_EQ(status_of(marks_), EK_OK) << "the libzypp that has left its number was killed";
}

}  // namespace
}  // namespace evenkeel::packages
