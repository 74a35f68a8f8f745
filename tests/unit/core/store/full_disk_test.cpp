#include <filesystem>
#include <future>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/run/loop.hpp"
#include "core/store/damage.hpp"
#include "core/store/reserve.hpp"
#include "core/store/writer.hpp"
#include "tests/support/small_disk.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/store/fixture.hpp"

namespace evenkeel::store {
namespace {

// A store on a disk of 6 MB of its own, which the test fills.
class FullDisk : public testing::Test {
  protected:
    void SetUp() override {
        if (!disk_.mounted()) GTEST_SKIP() << "needs root to mount a small disk";
        open();
    }
    void open() {
        auto opened = Env::open(path(), {.tables = {"things"}, .migrations = {}});
        ASSERT_TRUE(opened) << opened.error().what;
        env_ = std::make_unique<Env>(std::move(*opened));
        writer_ = std::make_unique<Writer>(*env_, loop_.poster());
    }
    void close() {
        writer_.reset();
        env_.reset();
    }
    std::string path() const { return disk_.path() + "/store"; }
    Result<void> run(Writer::Work work, Importance importance) {
        std::optional<Result<void>> outcome;
        EXPECT_TRUE(writer_->submit(
            std::move(work), [&](Result<void> got) { outcome = std::move(got); }, importance));
        EXPECT_TRUE(loop_.run_until([&] { return outcome.has_value(); }, test::kPatience));
        return outcome.value_or(fail(Errc::timeout, "no answer"));
    }
    Result<void> put(std::uint64_t number, Importance importance = Importance::ordinary) {
        return run(
            [things = env_->table("things"), number](WriteTxn& txn) {
                return txn.put(things, number_key(number), std::string(1000, 'x'));
            },
            importance);
    }
    Result<void> erase(std::uint64_t number) {
        return run(
            [things = env_->table("things"), number](WriteTxn& txn) -> Result<void> {
                EK_TRY(txn.erase(things, number_key(number)));
                return {};
            },
            Importance::freeing);
    }
    // Until an ordinary change is refused; how many were not.
    std::uint64_t put_until_refused(std::uint64_t from) {
        for (std::uint64_t number = from;; ++number) {
            const auto done = put(number);
            if (done) continue;
            EXPECT_EQ(done.error().code, Errc::limit);
            EXPECT_NE(done.error().what.find(path()), std::string::npos) << done.error().what;
            return number;
        }
    }
    std::size_t count() const { return *env_->read()->count(env_->table("things")); }

    test::SmallDisk disk_{"6m"};
    run::Loop loop_;
    std::unique_ptr<Env> env_;
    std::unique_ptr<Writer> writer_;
};

TEST_F(FullDisk, WhatFreesRoomNeedsNoneThatIsNotThere) {
    ASSERT_TRUE(put(1));
    EXPECT_FALSE(env_->is_full());
    disk_.fill();
    const std::uint64_t end = put_until_refused(2);
    EXPECT_TRUE(env_->is_full());
    for (std::uint64_t number = 1; number < end; ++number) ASSERT_TRUE(erase(number)) << number;
    EXPECT_EQ(count(), 0U);
    // The pages that came free are room for new ones, though the disk is as full as before.
    EXPECT_TRUE(put(1));
    EXPECT_FALSE(env_->is_full());
}

TEST_F(FullDisk, WhatIsUrgentIsTakenAfterWhatIsOrdinaryIsRefused) {
    disk_.fill();
    const std::uint64_t end = put_until_refused(1);
    EXPECT_TRUE(put(end, Importance::urgent));
    EXPECT_FALSE(put(end + 1));
    std::uint64_t number = end + 1;
    while (put(number, Importance::urgent)) ++number;
    EXPECT_GT(number, end + 50);
    EXPECT_TRUE(erase(1));
}

TEST_F(FullDisk, TheReserveOutlivesAKillAndTheStoreOpens) {
    close();
    int ends[2] = {};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto env = Env::open(path(), {.tables = {"things"}, .migrations = {}});
        if (!env) ::_exit(1);
        Writer writer(*env, [](const std::function<void()>& f) { f(); });
        const Table things = env->table("things");
        disk_.fill();
        for (std::uint64_t number = 1;; ++number) {
            const auto done = writer.run([&](WriteTxn& txn) {
                return txn.put(things, number_key(number), std::string(1000, 'x'));
            });
            if (done) continue;
            const bool written = ::write(ends[1], &number, sizeof(number)) == sizeof(number);
            for (;;) ::pause();
            ::_exit(written ? 0 : 1);
        }
    }
    ::close(ends[1]);
    const Fd told(ends[0]);
    std::uint64_t end = 0;
    ASSERT_EQ(::read(told.get(), &end, sizeof(end)), static_cast<ssize_t>(sizeof(end)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    open();
    EXPECT_EQ(count(), end - 1);
    EXPECT_TRUE(put(end, Importance::urgent));
    for (std::uint64_t number = 1; number <= end; ++number) ASSERT_TRUE(erase(number)) << number;
    EXPECT_EQ(count(), 0U);
    EXPECT_TRUE(put(1));
}

TEST_F(FullDisk, ACommitThatFailsAsAWholeFailsItsOrdinaryWorksOnly) {
    for (std::uint64_t number = 1; number <= 100; ++number) ASSERT_TRUE(put(number));
    disk_.fill();
    std::promise<void> entered, go;
    ASSERT_TRUE(writer_->submit(
        [&](WriteTxn&) -> Result<void> {
            entered.set_value();
            go.get_future().wait();
            return {};
        },
        nullptr));
    entered.get_future().wait();
    std::vector<std::string> answers;
    const auto noting = [&answers](const std::string& name) {
        return [&answers, name](const Result<void>& done) {
            answers.push_back(name +
                              (done ? " ok" : " " + std::string(to_string(done.error().code))));
        };
    };
    const Table things = env_->table("things");
    ASSERT_TRUE(writer_->submit(
        [things](WriteTxn& txn) { return txn.put(things, "big", std::string(5 << 20, 'x')); },
        noting("big")));
    ASSERT_TRUE(writer_->submit(
        [things](WriteTxn& txn) -> Result<void> {
            EK_TRY(txn.erase(things, number_key(1)));
            return {};
        },
        noting("erase"), Importance::freeing));
    ASSERT_TRUE(writer_->submit([things](WriteTxn& txn) { return txn.put(things, "urgent", "x"); },
                                noting("urgent"), Importance::urgent));
    ASSERT_TRUE(writer_->submit(
        [things](WriteTxn& txn) { return txn.put(things, "large", std::string(5 << 20, 'x')); },
        noting("urgent and large"), Importance::urgent));
    ASSERT_TRUE(writer_->submit([things](WriteTxn& txn) { return txn.put(things, "last", "x"); },
                                noting("last"), Importance::urgent));
    ASSERT_TRUE(writer_->submit([things](WriteTxn& txn) { return txn.put(things, "small", "x"); },
                                noting("small")));
    go.set_value();
    ASSERT_TRUE(loop_.run_until([&] { return answers.size() == 6; }, test::kPatience));
    EXPECT_EQ(answers,
              (std::vector<std::string>{"big limit", "erase ok", "urgent ok",
                                        "urgent and large limit", "last ok", "small limit"}));
    EXPECT_EQ(count(), 101U);
}

// The descriptor by which LMDB writes its first pages, each at once to the disk.
int descriptor_of_first_pages(const std::string& data) {
    for (int fd = 3; fd < 1024; ++fd) {
        std::error_code error;
        const auto path =
            std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
        if (!error && path == data && (::fcntl(fd, F_GETFL) & O_DSYNC) != 0) return fd;
    }
    return -1;
}

// As a disk that writes every change to a new place does it when it is full; what goes wrong here.
int write_to_first_pages_that_fail() {
    const test::TempFolder folder;
    const std::string path = folder / "store";
    const Env::Options options{.tables = {"things"}, .migrations = {}};
    auto env = Env::open(path, options);
    if (!env) return 1;
    const auto put = [&]() -> Result<void> {
        WriteTxn txn = EK_TRY(env->write());
        EK_CHECK(txn.put(env->table("things"), "key", "value"));
        return txn.commit();
    };
    if (!put()) return 2;
    int told = 0;
    on_unusable([&told] { ++told; });
    const Fd full(::open("/dev/full", O_RDWR | O_CLOEXEC));
    const int first_pages = descriptor_of_first_pages(path + "/data.mdb");
    if (first_pages < 0 || ::dup3(full.get(), first_pages, O_CLOEXEC) < 0) return 3;
    if (const auto failed = put(); failed || failed.error().code != Errc::limit) return 4;
    if (const auto after = put(); after || after.error().code != Errc::unavailable) return 5;
    if (!is_restart_needed() || damage()) return 6;
    env = fail(Errc::unavailable, "closed");
    env = Env::open(path, options);
    if (!env) return 7;
    if (env->read()->get(env->table("things"), "key").value() != "value") return 8;
    if (told != 1) return 9;
    note_damage("a page");  // is told too, after the first
    note_restart_needed("once more");
    return told == 2 ? 0 : 10;
}

// In a process of its own, in which no other test has noted damage.
TEST(FirstPagesDeathTest, ThatCannotBeWrittenAreNoDamageAndTheNextStartGoesOn) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(::_exit(write_to_first_pages_that_fail()), testing::ExitedWithCode(0), "");
}

TEST_F(FullDisk, ANewStoreIsRefusedWithThePath) {
    disk_.fill();
    const std::string other = disk_.path() + "/other";
    const auto opened = Env::open(other, {.tables = {"things"}, .migrations = {}});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::limit);
    EXPECT_NE(opened.error().what.find(other), std::string::npos) << opened.error().what;
}

TEST(Reserve, FreePagesAloneSufficeWhereNothingIsLeftOfIt) {
    const auto allows = [](std::uint64_t free, Importance importance) {
        return Reserve::Room{.reserve = 0, .free = free}.suffices_for(importance);
    };
    EXPECT_TRUE(allows(Reserve::kBytes / 2, Importance::ordinary));
    EXPECT_FALSE(allows(Reserve::kBytes / 2 - 1, Importance::ordinary));
    EXPECT_TRUE(allows(Reserve::kBytes / 4, Importance::urgent));
    EXPECT_FALSE(allows(Reserve::kBytes / 4 - 1, Importance::urgent));
    EXPECT_TRUE(allows(0, Importance::freeing));
}

// An agent whose store had all but one page of the next step refused every event for ever.
TEST(Reserve, SufficesTogetherWithFreePagesWithoutSteps) {
    const auto allows = [](std::uint64_t reserve, std::uint64_t free) {
        return Reserve::Room{.reserve = reserve, .free = free}.suffices_for(Importance::ordinary);
    };
    constexpr std::uint64_t kPage = 4096;
    EXPECT_TRUE(allows(Reserve::kBytes / 4, Reserve::kBytes / 4 - kPage));
    EXPECT_TRUE(allows(Reserve::kBytes / 8, Reserve::kBytes / 4));
    EXPECT_FALSE(allows(Reserve::kBytes / 8, Reserve::kBytes / 4 - kPage));
    EXPECT_FALSE(allows(Reserve::kBytes / 8 - kPage, Reserve::kBytes / 4));
    EXPECT_TRUE(allows(Reserve::kBytes / 2, 0));
    EXPECT_FALSE(allows(Reserve::kBytes / 2 - kPage, 0));
}

}  // namespace
}  // namespace evenkeel::store
