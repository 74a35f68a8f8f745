#include "plugins/packages/apt/database.hpp"

#include <filesystem>
#include <fstream>
#include <string_view>

#include <gtest/gtest.h>

#include "plugins/packages/apt/watch.hpp"
#include "plugins/packages/lock.hpp"
#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/call_frame.hpp"
#include "tests/unit/plugins/packages/locker.hpp"

namespace evenkeel::packages {
namespace {

using test::CallFrame;
using test::failure_of;

using namespace std::string_view_literals;

constexpr std::string_view kStatus = R"(Package: libc6
Status: install ok installed
Architecture: i386
Version: 2.36
Description: short
 Status: not this one
 .

Package: dpkg
Status: install ok installed
Architecture: amd64
Version: 1.21

Package: held
Status: hold ok installed
Architecture: all
Version: 1:1.0-2

Package: half
Status: install reinstreq half-installed
Architecture: amd64
Version: 1.0

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0
)";

class DpkgDatabase : public testing::Test {
  protected:
    DpkgDatabase() {
        std::filesystem::create_directory(folder_ / "updates");
        write("status", kStatus);
        write("lock", "");
        write("lock-frontend", "");
    }
    // As dpkg does it.
    void write(const std::string& name, std::string_view text) {
        std::ofstream(folder_ / (name + "-new")) << text;
        std::filesystem::rename(folder_ / (name + "-new"), folder_ / name);
    }
    void append(const std::string& name, std::string_view text) {
        std::ofstream(folder_ / name) << text;
    }

    test::TempFolder folder_;
    Database database_{folder_.path(), folder_.path()};
};

TEST_F(DpkgDatabase, KnowsEachPackageByItsCanonicalId) {
    database_.refresh();
    EXPECT_EQ(database_.native(), "amd64");
    EXPECT_EQ(database_.package("dpkg")->version, "1.21");
    EXPECT_EQ(database_.package("libc6:i386")->version, "2.36");
    EXPECT_FALSE(database_.package("libc6"));
    EXPECT_TRUE(database_.package("held")->hold);
    EXPECT_EQ(database_.package("held")->version, "1:1.0-2");
    EXPECT_EQ(database_.package("half")->condition, "half-installed");
    EXPECT_FALSE(database_.package("gone")) << "only its configuration is left";
    EXPECT_EQ(database_.packages().size(), 4u);
    EXPECT_EQ(database_.canonical("dpkg:amd64"), "dpkg");
    EXPECT_EQ(database_.canonical("held:all"), "held");
    EXPECT_EQ(database_.canonical("libc6:i386"), "libc6:i386");
}

TEST_F(DpkgDatabase, SeesAChangeAtTheNextRefresh) {
    database_.refresh();
    std::string changed(kStatus);
    changed.replace(changed.find("1.21"), 4, "1.22");
    write("status", changed);
    EXPECT_EQ(database_.package("dpkg")->version, "1.21");
    database_.refresh();
    EXPECT_EQ(database_.package("dpkg")->version, "1.22");
}

TEST_F(DpkgDatabase, KnowsWhatIsThereOnlyForOthers) {
    database_.refresh();
    EXPECT_EQ(database_.is_automatic("dpkg"), false) << "apt has said nothing yet";
    write("extended_states",
          "Package: dpkg\nArchitecture: amd64\nAuto-Installed: 1\n\n"
          "Package: libc6\nArchitecture: i386\nAuto-Installed: 1\n\n"
          "Package: held\nAuto-Installed: 0\n\nPackage: gone\nAuto-Installed: 1\n");
    database_.refresh();
    EXPECT_EQ(database_.is_automatic("dpkg"), true);
    EXPECT_EQ(database_.is_automatic("libc6:i386"), true);
    EXPECT_EQ(database_.is_automatic("held"), false);
    EXPECT_FALSE(database_.package("gone"));
    write("extended_states", "Package: held\nArchitecture: all\nAuto-Installed: 1\n");
    database_.refresh();
    EXPECT_EQ(database_.is_automatic("dpkg"), false);
    EXPECT_EQ(database_.is_automatic("held"), true);
}

TEST_F(DpkgDatabase, TakesTheJournalOfAnInterruptedRunForTrue) {
    append("updates/0002",
           "Package: new\nStatus: install ok half-configured\n"
           "Architecture: all\nVersion: 1.0\n");
    append("updates/0001",
           "Package: new\nStatus: install ok unpacked\nArchitecture: all\n"
           "Version: 1.0\n");
    append("updates/tmp.i", "Package: other\nStatus: install ok installed\nVersion: 1\n");
    database_.refresh();
    EXPECT_TRUE(database_.interrupted());
    EXPECT_EQ(database_.package("new")->condition, "half-configured");
    EXPECT_FALSE(database_.package("other"));
}

TEST_F(DpkgDatabase, LeavesTheJournalAloneWhileSomebodyIsAtWork) {
    append("updates/0001",
           "Package: new\nStatus: install ok unpacked\nArchitecture: all\n"
           "Version: 1.0\n");
    {
        const Locker worker(folder_ / "lock");
        database_.refresh();
        EXPECT_FALSE(database_.interrupted());
        EXPECT_FALSE(database_.package("new"));
    }
    database_.refresh();
    EXPECT_TRUE(database_.interrupted());
}

TEST_F(DpkgDatabase, SaysWhyItCannotBeRead) {
    Database missing(folder_ / "nothing", folder_.path());
    EXPECT_NE(failure_of([&] { missing.refresh(); }, EK_E_NOT_FOUND).find("nothing/status"),
              std::string::npos);
    write("status", "\n\n:\nPackage\nPackage:\nStatus: x\n\0\xff\n"sv);
    EXPECT_NO_THROW(database_.refresh());
    EXPECT_TRUE(database_.packages().empty());
}

TEST_F(DpkgDatabase, IsWaitedForUntilTheDeadline) {
    const FindLockHolder find_holder = dpkg_lock_holder(folder_.path());
    const auto wait = [&](const sdk::Call& call) { wait_until_free(call, find_holder, "dpkg"); };
    EXPECT_NO_THROW(wait(CallFrame().call()));
    const Locker worker(folder_ / "lock-frontend");
    EXPECT_EQ(find_holder(), worker.pid());
    CallFrame late(0, std::chrono::seconds(4));
    EXPECT_EQ(failure_of([&] { wait(late.call()); }, EK_E_BUSY)
                  .find("dpkg is locked by process " + std::to_string(worker.pid())),
              0u);
    CallFrame cancelled;
    cancelled.cancel();
    EXPECT_EQ(failure_of([&] { wait(cancelled.call()); }, EK_E_CANCELLED),
              "the call was cancelled");
}

}  // namespace
}  // namespace evenkeel::packages
