#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include "plugins/facts/machine.hpp"
#include "plugins/facts/thresholds.hpp"
#include "tests/unit/core/plugin/recorded_hints.hpp"
#include "tests/unit/plugins/bundled.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::plugin {
namespace {

TEST(FactsOfProc, AreReadAsTheKernelWritesThem) {
    const std::string meminfo =
        "MemTotal:       24689764 kB\nMemFree:        100 kB\nMemAvailable:  7 kB\n";
    EXPECT_EQ(facts::meminfo_kib(meminfo, "MemTotal"), 24689764);
    EXPECT_EQ(facts::meminfo_kib(meminfo, "MemAvailable"), 7);
    EXPECT_EQ(facts::meminfo_kib(meminfo, "Mem"), -1);
    EXPECT_EQ(facts::pressure_percent("some avg10=0.00 avg60=12.60 avg300=1.00 total=5\n"
                                      "full avg10=0.00 avg60=99.00 avg300=0.00 total=0\n"),
              13);
    EXPECT_EQ(facts::pressure_percent(""), -1);
}

TEST(FactsOfMounts, AreThoseOfLocalFileSystems) {
    const auto mount = facts::mount_of("/dev/sda1 /srv/two\\040words ext4 rw,relatime 0 0");
    EXPECT_EQ(mount.path, "/srv/two words");
    EXPECT_TRUE(facts::is_local(mount));
    EXPECT_TRUE(facts::is_local(facts::mount_of("overlay / overlay rw 0 0")));
    for (const char* line :
         {"srv:/x /net nfs4 rw 0 0", "//srv/x /net cifs rw 0 0", "x /f fuse.sshfs rw 0 0",
          "proc /proc proc rw 0 0", "overlay /var/lib/x overlay rw 0 0", "short", ""})
        EXPECT_FALSE(facts::is_local(facts::mount_of(line))) << line;
}

TEST(FactsOfMounts, AreWithoutWhatOnlyThePluginsProcessSees) {
    const auto disks = facts::disks_of(
        "/dev/sda1 / ext4 rw 0 0\n"
        "/dev/sdc1 /var/lib/evenkeel/agent ext4 rw 0 0\n"
        "tmpfs /run tmpfs rw 0 0\n"
        "evenkeel-hidden /run/evenkeel tmpfs ro 0 0\n"
        "evenkeel-hidden /var/lib/evenkeel/agent tmpfs ro 0 0\n"
        "/dev/sda1 /var/lib/evenkeel/agent/plugins/facts ext4 rw 0 0\n"
        "/dev/sdb1 /var/lib/evenkeel/agents ext4 rw 0 0\n");
    EXPECT_EQ(disks, (std::set<std::string>{"/", "/run", "/var/lib/evenkeel/agents"}));
}

// "path before>after;" of what is not kept.
std::string broken(const std::string& limits, const std::string& state) {
    const evenkeel::test::CallFrame frame;
    facts::compare(frame.call(), limits, state);
    return frame.differences;
}

TEST(FactsCompared, TellWhichLimitsAreNotKept) {
    const std::string state =
        R"({"disks":{"/":{"free_percent":10,"inodes_free_percent":90}},)"
        R"("memory_available_percent":50,)"
        R"("load_per_cpu":1.5,"uptime_days":3,"reboot_required":true,"clock_synchronised":true})";
    EXPECT_EQ(broken(R"({"disk_free_percent_min":{"/":10},"memory_available_percent_min":50,)"
                     R"("load_per_cpu_max":1.5,"uptime_days_max":3,"clock_synchronised":true})",
                     state),
              "");
    EXPECT_EQ(
        broken(R"({"disk_free_percent_min":{"/":11,"/no":1},"inodes_free_percent_min":{"/":91}})",
               state),
        "/disk_free_percent_min/~1 10>11;/disk_free_percent_min/~1no >1;"
        "/inodes_free_percent_min/~1 90>91;");
    EXPECT_EQ(
        broken(R"({"memory_available_percent_min":51,"load_per_cpu_max":1.4,"uptime_days_max":2})",
               state),
        "/memory_available_percent_min 50>51;/load_per_cpu_max 1.5>1.4;/uptime_days_max 3>2;");
    EXPECT_EQ(broken(R"({"reboot_required":false,"clock_synchronised":false})", state),
              "/reboot_required true>false;/clock_synchronised true>false;");
    EXPECT_EQ(broken(R"({"memory_pressure_percent_max":5})", state),
              "/memory_pressure_percent_max >5;")
        << "what is not known keeps no limit";
}

class Facts : public Bundled {
  protected:
    Facts() : Bundled("facts") {}
};

TEST_F(Facts, AreThoseOfThisMachine) {
    const auto items = collection_->list({}, {});
    ASSERT_TRUE(items) << items.error().what;
    ASSERT_EQ(items->size(), 1u);
    const json::Value& state = items->front().state;
    struct statvfs root {};
    ::statvfs("/", &root);
    EXPECT_EQ(state["disks"]["/"]["size_mib"],
              json::Value(static_cast<std::int64_t>(root.f_blocks * root.f_frsize >> 20)));
    EXPECT_EQ(state["cpus"],
              json::Value(static_cast<std::int64_t>(::sysconf(_SC_NPROCESSORS_ONLN))));
    EXPECT_EQ(state["memory_mib"],
              json::Value(::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE) >> 20));
    EXPECT_EQ(state["reboot_required"],
              json::Value(std::filesystem::exists("/run/reboot-required")));
    EXPECT_TRUE(collection_->read({"machine"}, {})->size() == 1);
    EXPECT_TRUE(collection_->read({"other"}, {})->empty());
}

TEST_F(Facts, CannotBeAppliedOrRemoved) {
    EXPECT_EQ(collection_->capabilities(),
              (std::vector<std::string>{"list", "read", "compare", "watch"}));
    const auto limits = json::parse(R"({"uptime_days_max":0})").value();
    EXPECT_TRUE(
        told(collection_->apply("machine", limits, false, {})).starts_with("unsupported: "));
}

TEST_F(Facts, HearsThatARebootIsWanted) {
    const std::string flag = "/run/reboot-required";
    if (std::filesystem::exists(flag)) GTEST_SKIP() << "this machine wants one already";
    RecordedHints heard;
    const auto watch = collection_->watch(heard.listener()).value();
    ASSERT_TRUE(watch->interest("machine", true));
    const auto is_wanted = [&] {
        return collection_->read({"machine"}, {})->front().state["reboot_required"];
    };
    EXPECT_EQ(is_wanted(), json::Value(false));
    std::ofstream(flag) << "";
    EXPECT_TRUE(heard.wait_for_id("machine"));
    EXPECT_EQ(is_wanted(), json::Value(true)) << "what was measured a moment ago counts no more";
    std::filesystem::remove(flag);
    EXPECT_TRUE(heard.wait_for_id("machine"));
    ASSERT_TRUE(watch->interest("machine", false));
}

}  // namespace
}  // namespace evenkeel::plugin
