#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"
#include "plugins/files/content.hpp"
#include "plugins/files/entry.hpp"
#include "plugins/files/hashes.hpp"
#include "tests/support/syscalls.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/plugin/recorded_hints.hpp"
#include "tests/unit/plugins/bundled.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::plugin {
namespace {

constexpr off_t kMebibyte = 1 << 20;
constexpr off_t kTebibyte = off_t{1} << 40;

// What this process has read from files, in bytes.
std::uint64_t bytes_read() {
    const std::string text = read_file("/proc/self/io").value();
    return std::stoull(text.substr(text.find("rchar: ") + 7));
}

struct stat written_long_ago() {
    struct stat info {};
    info.st_ino = 7;
    info.st_size = 3;
    info.st_mtim = info.st_ctim = {1'700'000'000, 5};
    return info;
}

class FilesLooks : public Bundled {
  protected:
    FilesLooks() : Bundled("files") {}

    void make_sparse(const std::string& name, off_t size) {
        write(name, "");
        ASSERT_EQ(::truncate(path(name).c_str(), size), 0);
    }
    std::uint64_t cost_of_state(const std::string& name) {
        const std::uint64_t before = bytes_read();
        state(name);
        return bytes_read() - before;
    }
};

TEST_F(FilesLooks, ReadNothingOfAFileThatIsLargerThanAnyDescription) {
    make_sparse("huge", kTebibyte);
    write("small", "x");
    const std::uint64_t before = bytes_read();
    const auto items = collection_->read({path("huge"), path("small")}, {});
    ASSERT_TRUE(items) << items.error().what;
    ASSERT_EQ(items->size(), 2u);
    EXPECT_TRUE(items->at(0).state.as_object().find("sha256")->is_null());
    EXPECT_EQ(items->at(0).state["size"], json::Value(kTebibyte));
    EXPECT_EQ(items->at(1).state["sha256"], json::Value(crypto::sha256_hex("x")));
    EXPECT_EQ(drift("huge", R"({"mode":"0644"})"), "");
    EXPECT_EQ(drift("huge", R"({"content":"x"})"), "/content;");
    EXPECT_LT(bytes_read() - before, 100'000u);
}

TEST_F(FilesLooks, ApplyToAHugeFileWithoutReadingIt) {
    make_sparse("huge", kTebibyte);
    const std::uint64_t before = bytes_read();
    EXPECT_EQ(done("huge", R"({"mode":"0600"})", true), "/mode planned;");
    EXPECT_EQ(done("huge", R"({"mode":"0600"})"), "/mode done;");
    const Applied applied = apply("huge", R"({"content":"x"})");
    ASSERT_EQ(applied.changes.size(), 1u);
    EXPECT_TRUE(applied.changes[0].before["sha256"].is_null());
    EXPECT_EQ(applied.changes[0].before["size"], json::Value(kTebibyte));
    EXPECT_EQ(content("huge"), "x");
    EXPECT_LT(bytes_read() - before, 100'000u);
}

TEST_F(FilesLooks, DoNotReadAnUnchangedFileAgain) {
    const std::string bytes(kMebibyte, 'a');
    write("f", bytes);
    EXPECT_EQ(state("f")["sha256"], json::Value(crypto::sha256_hex(bytes)));
    // Only once its times are so old that a later write would leave others.
    ASSERT_TRUE(test::wait_until([&] { return cost_of_state("f") < 100'000; }));
    EXPECT_EQ(state("f")["sha256"], json::Value(crypto::sha256_hex(bytes)));
    write("f", std::string(kMebibyte, 'b'));
    EXPECT_EQ(state("f")["sha256"], json::Value(crypto::sha256_hex(std::string(kMebibyte, 'b'))));
}

// All but those for memory, which are the allocator's.
int all_of(const std::map<long, int>& syscalls) {
    const std::set<long> memory{SYS_mmap,     SYS_munmap,  SYS_mremap,
                                SYS_mprotect, SYS_madvise, SYS_brk};
    int sum = 0;
    for (const auto& [number, count] : syscalls) sum += memory.contains(number) ? 0 : count;
    return sum;
}

// A first look, for the stamps, once the files are so old that their hashes are kept.
std::vector<Known> known_of(Collection& collection, const std::vector<std::string>& paths) {
    std::vector<Known> known;
    for (const std::string& path : paths) known.push_back({path, ""});
    for (int look = 0; look < 2; ++look) {
        const auto items = collection.read_changed(known, {});
        for (std::size_t i = 0; items && i < items->size(); ++i) known[i].stamp = (*items)[i].stamp;
    }
    return known;
}

bool all_trusted(const std::vector<Known>& known) {
    return std::all_of(known.begin(), known.end(),
                       [](const Known& each) { return each.stamp.starts_with('t'); });
}

TEST_F(FilesLooks, AskTheSystemOnceAboutAFileThatIsTrusted) {
    std::vector<std::string> paths;
    for (int i = 100; i < 200; ++i) {
        const std::string name = "f" + std::to_string(i);
        write(name, name);
        paths.push_back(path(name));
    }
    std::vector<Known> known;
    ASSERT_TRUE(
        test::wait_until([&] { return all_trusted(known = known_of(*collection_, paths)); }));
    const auto items = collection_->read_changed(known, {});
    ASSERT_TRUE(items);
    for (const Item& item : *items) EXPECT_TRUE(item.unchanged);

    const auto trusted = [&](std::size_t count) {
        const std::vector<Known> some(known.begin(), known.begin() + static_cast<long>(count));
        return all_of(
            test::syscalls_of([&] { static_cast<void>(collection_->read_changed(some, {})); }));
    };
    // What the call, the directory and the names of owners cost once is taken off.
    EXPECT_EQ(trusted(100) - trusted(50), 50);
    // Without stamps: a look at the name, open, its attributes, its ACL, close, and another look.
    std::vector<Known> unknown = known;
    for (Known& each : unknown) each.stamp.clear();
    const auto full = [&](std::size_t count) {
        const std::vector<Known> some(unknown.begin(), unknown.begin() + static_cast<long>(count));
        return all_of(
            test::syscalls_of([&] { static_cast<void>(collection_->read_changed(some, {})); }));
    };
    EXPECT_LE(full(100) - full(50), 50 * 6);
}

TEST_F(FilesLooks, SeeThroughAStampWhatStatShowsAndWhatItDoesNot) {
    write("f", "content");
    std::vector<Known> known;
    const auto trusted = [&] {
        return test::wait_until(
            [&] { return all_trusted(known = known_of(*collection_, {path("f")})); });
    };
    const auto unchanged = [&] { return collection_->read_changed(known, {})->front().unchanged; };
    ASSERT_TRUE(trusted());
    EXPECT_TRUE(unchanged());
    write("f", "CONTENT");  // of the same size
    EXPECT_FALSE(unchanged());
    ASSERT_TRUE(trusted());
    ASSERT_EQ(::chmod(path("f").c_str(), 0600), 0);
    EXPECT_FALSE(unchanged());
    ASSERT_TRUE(trusted());
    ASSERT_EQ(::chown(path("f").c_str(), 0, 1), 0);
    EXPECT_FALSE(unchanged());
    ASSERT_TRUE(trusted());
    ASSERT_EQ(::link(path("f").c_str(), path("g").c_str()), 0);
    EXPECT_FALSE(unchanged());
    ASSERT_EQ(::unlink(path("f").c_str()), 0);
    EXPECT_TRUE(collection_->read_changed(known, {})->empty());
}

TEST_F(FilesLooks, TellTheHashOfALargeFileOnceItIsKnown) {
    make_sparse("huge", kTebibyte);
    EXPECT_TRUE(state("huge")["sha256"].is_null());
    const std::string bytes(9 * kMebibyte + 1, 'a');
    write("large", bytes);
    EXPECT_TRUE(state("large")["sha256"].is_null());
    // The huge one, which came first, does not keep it.
    ASSERT_TRUE(test::wait_until([&] { return state("large")["sha256"].is_string(); }));
    EXPECT_EQ(state("large")["sha256"], json::Value(crypto::sha256_hex(bytes)));
    std::ofstream(path("large"), std::ios::app) << "more";
    EXPECT_TRUE(state("large")["sha256"].is_null());
    EXPECT_TRUE(state("huge")["sha256"].is_null());
}

// Descriptors that epolls of this process still wait for, closed ones of a shared file too.
std::size_t polled() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
        std::ifstream lines(entry.path());
        for (std::string line; std::getline(lines, line);) count += line.rfind("tfd:", 0) == 0;
    }
    return count;
}

TEST_F(FilesLooks, LeaveNoDescriptorPolledWhenTheWatchIsClosed) {
    RecordedHints hints;
    collection_->watch(hints.listener()).value().reset();
    const std::size_t before = polled();
    for (int i = 0; i < 3; ++i) collection_->watch(hints.listener()).value().reset();
    EXPECT_EQ(polled(), before);
}

TEST_F(FilesLooks, ReadAgainWhatOthersCanWrite) {
    const std::string bytes(kMebibyte, 'a');
    for (const char* name : {"roots", "theirs"}) write(name, bytes);
    ASSERT_EQ(::chown(path("theirs").c_str(), 1, 1), 0);
    write("roots", bytes);  // younger than the other one
    ASSERT_TRUE(test::wait_until([&] { return cost_of_state("roots") < 100'000; }));
    // The first look would keep its hash.
    for (int look = 0; look < 2; ++look) EXPECT_GE(cost_of_state("theirs"), bytes.size());
}

TEST_F(FilesLooks, CompareWhatIsDescribedWithWhatIsThere) {
    const std::string bytes(kMebibyte / 4, 'a');
    write("f", bytes);
    ASSERT_TRUE(test::wait_until([&] { return cost_of_state("f") < 100'000; }));
    for (const char* more : {"", R"(,"sensitive":true)"}) {
        const std::uint64_t before = bytes_read();
        EXPECT_EQ(done("f", R"({"content":")" + bytes + "\"" + more + "}", true), "");
        EXPECT_GE(bytes_read() - before, bytes.size());
    }
}

TEST_F(FilesLooks, TellTheSameDriftBeforeAndAfterTheHashIsKnown) {
    write("large", std::string(2 * kMebibyte, 'x'));
    const auto described = json::parse(R"({"content":"x"})").value();
    const auto drift_now = [&] {
        return collection_->compare(path("large"), described, state("large")).value().at(0).actual;
    };
    const json::Value before = drift_now();
    ASSERT_TRUE(test::wait_until([&] { return state("large")["sha256"].is_string(); }));
    EXPECT_EQ(drift_now(), before);
}

TEST(FilesHashes, AreComputedAlsoBesideAFileThatIsWrittenAllTheTime) {
    const test::TempFolder folder;
    const std::string file = folder / "large";
    std::ofstream(file) << std::string(2 * kMebibyte, 'x');
    files::Hashes hashes;
    struct stat written = written_long_ago();
    for (std::size_t i = 0; i <= files::Hashes::kWaitingMax; ++i) {
        ::clock_gettime(CLOCK_REALTIME, &written.st_ctim);
        written.st_size = static_cast<off_t>(i);
        hashes.compute("/no/such/file", written);
    }
    struct stat info {};
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    hashes.compute(file, info);
    EXPECT_TRUE(test::wait_until([&] { return hashes.find(file, info).has_value(); }));
}

TEST(FilesContent, ThatGrowsWhileItIsReadIsReadToALimit) {
    const test::TempFolder folder;
    std::ofstream(folder / "f") << std::string(8 * kMebibyte, 'x');
    const sdk::Fd fd(::open((folder / "f").c_str(), O_RDONLY | O_CLOEXEC));
    test::CallFrame frame;
    const std::uint64_t before = bytes_read();
    const files::Content content = files::read_content(fd.get(), "f", true, frame.call());
    EXPECT_FALSE(content.sha256);
    EXPECT_FALSE(content.bytes);
    EXPECT_LT(bytes_read() - before, 2u * kMebibyte);
}

constexpr files::Digest kSome{0x0a, 0xbc, 0xff};

TEST(FilesHashes, StandAsTextAndAreReadBack) {
    const std::string text = crypto::sha256_hex("some");
    EXPECT_EQ(files::hex_of(files::digest_of(text)), text);
    EXPECT_EQ(files::hex_of(kSome).substr(0, 8), "0abcff00");
}

TEST(FilesHashes, HoldAsLongAsSizeTimesAndIdentityDo) {
    files::Hashes hashes;
    const struct stat info = written_long_ago();
    hashes.keep("/f", info, kSome);
    EXPECT_EQ(hashes.find("/f", info).value().sha256, kSome);
    EXPECT_FALSE(hashes.find("/g", info));
    struct stat other = info;
    other.st_mtim.tv_nsec++;
    EXPECT_FALSE(hashes.find("/f", other));
    for (auto change :
         {+[](struct stat& s) { s.st_ctim.tv_nsec++; }, +[](struct stat& s) { s.st_size++; },
          +[](struct stat& s) { s.st_ino++; }, +[](struct stat& s) { s.st_dev++; }}) {
        hashes.keep("/f", info, kSome);
        other = info;
        change(other);
        EXPECT_FALSE(hashes.find("/f", other));
    }
}

TEST(FilesHashes, AreNotKeptOfAFileThatWasWrittenThisMoment) {
    struct stat info = written_long_ago();
    EXPECT_FALSE(files::Hashes::is_young(info));
    ::clock_gettime(CLOCK_REALTIME, &info.st_ctim);
    EXPECT_TRUE(files::Hashes::is_young(info));
}

TEST(FilesHashes, AreComputedAnewWhenTheirTimeIsOver) {
    files::Hashes hashes;
    hashes.keep("/f", written_long_ago(), kSome);
    EXPECT_FALSE(hashes.find("/f", written_long_ago()).value().is_due);
    files::Hashes none_kept(std::chrono::minutes(0));
    none_kept.keep("/f", written_long_ago(), kSome);
    EXPECT_TRUE(none_kept.find("/f", written_long_ago()).value().is_due);
}

// A large file's state would otherwise lose its hash once a day, for as long as it is computed.
TEST(FilesHashes, AreShownUntilTheNewOneIsComputed) {
    const test::TempFolder folder;
    const std::string file = folder / "large";
    std::ofstream(file) << std::string(2 * kMebibyte, 'x');
    struct stat info {};
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    files::Hashes hashes(std::chrono::minutes(0));
    hashes.keep(file, info, kSome);
    test::CallFrame frame;
    const auto shown = [&] {
        return files::read_entry(posix::walk(file), file, false, hashes, frame.call())
            .content.sha256.value();
    };
    EXPECT_EQ(shown(), files::hex_of(kSome));
    const std::string today = crypto::sha256_hex(std::string(2 * kMebibyte, 'x'));
    EXPECT_TRUE(test::wait_until([&] { return shown() == today; }));
}

}  // namespace
}  // namespace evenkeel::plugin
