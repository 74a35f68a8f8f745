#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "core/base/id.hpp"
#include "tests/unit/core/store/fixture.hpp"

namespace evenkeel::store {
namespace {

class Store : public StoreTest {
  protected:
    static mode_t mode_of(const std::string& path) {
        struct stat info = {};
        EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
        return info.st_mode & 0777;
    }
    Errc refusal(Env::Options options) {
        close();
        const auto opened = Env::open(path(), std::move(options));
        return opened ? Errc::internal : opened.error().code;
    }
    Stream stream() const { return stream_of(*env_, *env_->read()).value(); }
    static Env::Migration nothing() {
        return [](const Env&, WriteTxn&) -> Result<void> { return {}; };
    }
    static Env::Migration failing() {
        return [](const Env& env, WriteTxn& txn) -> Result<void> {
            EK_CHECK(txn.put(env.table("things"), "half", "done"));
            return fail(Errc::internal, "broken");
        };
    }
    static Env::Migration double_things() {
        return [](const Env& env, WriteTxn& txn) -> Result<void> {
            const auto a = EK_TRY(txn.get(env.table("things"), "a"));
            return txn.put(env.table("more"), "aa", a.value_or("") + a.value_or(""));
        };
    }
};

TEST_F(Store, BelongsToItsUserAlone) {
    EXPECT_EQ(mode_of(path()), 0700U);
    EXPECT_EQ(mode_of(path() + "/data.mdb"), 0600U);
    EXPECT_EQ(mode_of(path() + "/lock.mdb"), 0600U);
}

TEST_F(Store, KeepsWhatWasCommittedAfterReopen) {
    put("a", "1");
    open();
    EXPECT_EQ(get("a"), "1");
}

TEST_F(Store, IsOpenedOnceOnly) {
    const auto second = Env::open(path(), {.tables = {"things"}, .migrations = {}});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::busy);
}

TEST_F(Store, HasAStreamFromItsBirthAndKeepsIt) {
    const std::string id = stream().id;
    EXPECT_TRUE(is_id("stream", id));
    EXPECT_EQ(stream().predecessor, "");
    open();
    EXPECT_EQ(stream().id, id);
}

TEST_F(Store, ANewStreamKnowsItsPredecessor) {
    const std::string before = stream().id;
    auto txn = env_->write();
    const Stream begun = begin_stream(*env_, *txn, 77).value();
    ASSERT_TRUE(txn->commit());
    open();
    EXPECT_EQ(stream().id, begun.id);
    EXPECT_NE(stream().id, before);
    EXPECT_EQ(stream().predecessor, before);
    EXPECT_EQ(stream().predecessor_end, 77U);
}

TEST_F(Store, RefusesALayoutNewerThanTheProgram) {
    put("a", "1");
    open({.tables = {"things"}, .migrations = {nothing(), nothing()}});
    close();
    const auto opened = Env::open(path(), {.tables = {"things"}, .migrations = {}});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::unsupported);
    EXPECT_NE(opened.error().what.find("layout 3"), std::string::npos) << opened.error().what;
    open({.tables = {"things"}, .migrations = {nothing(), nothing()}});
    EXPECT_EQ(get("a"), "1");
}

TEST_F(Store, MigratesAnOlderLayoutAfterACopy) {
    put("a", "1");
    const std::string before = stream().id;
    open({.tables = {"things", "more"}, .migrations = {double_things()}});
    EXPECT_EQ(env_->read()->get(env_->table("more"), "aa").value(), "11");
    EXPECT_EQ(stream().id, before);
    auto copy = Env::open(path() + "/layout-1", {.tables = {"things"}, .migrations = {}});
    ASSERT_TRUE(copy) << copy.error().what;
    EXPECT_EQ(copy->read()->get(copy->table("things"), "a").value(), "1");
}

TEST_F(Store, MigratesOnce) {
    put("a", "1");
    open({.tables = {"things", "more"}, .migrations = {double_things()}});
    put("a", "2");
    open({.tables = {"things", "more"}, .migrations = {double_things()}});
    EXPECT_EQ(env_->read()->get(env_->table("more"), "aa").value(), "11");
}

TEST_F(Store, MigratesOverSeveralLayoutsInOrder) {
    put("a", "1");
    open({.tables = {"things", "more"}, .migrations = {double_things(), nothing(), nothing()}});
    EXPECT_EQ(env_->read()->get(env_->table("meta"), "layout").value(), "4");
}

TEST_F(Store, ATableOfAnOlderLayoutIsThereForItsMigrationAndGoneAfterIt) {
    put("a", "1");
    const auto move = [](const Env& env, WriteTxn& txn) -> Result<void> {
        const auto a = EK_TRY(txn.get(env.table("things"), "a"));
        return txn.put(env.table("more"), "a", a.value_or(""));
    };
    open({.tables = {"more"}, .retired_tables = {"things", "never"}, .migrations = {move}});
    EXPECT_EQ(env_->read()->get(env_->table("more"), "a").value(), "1");
    open({.tables = {"things", "more"}, .migrations = {nothing()}});
    EXPECT_EQ(get("a"), "(none)");
}

TEST_F(Store, OpenedForReadingItStaysAsItIs) {
    put("a", "1");
    close();
    const Env::Options newer = {.tables = {"things"}, .migrations = {failing()}};
    {
        const auto opened = Env::open_for_reading(path(), newer);
        ASSERT_TRUE(opened) << opened.error().what;
        EXPECT_EQ(opened->read()->get(opened->table("things"), "a").value(), "1");
        EXPECT_EQ(Env::open_for_reading(path(), newer).error().code, Errc::busy);
    }
    EXPECT_FALSE(std::filesystem::exists(path() + "/layout-1"));
    EXPECT_EQ(Env::open_for_reading(path(), {.tables = {"more"}, .migrations = {}}).error().code,
              Errc::not_found);
    EXPECT_EQ(Env::open_for_reading(folder_ / "none", newer).error().code, Errc::not_found);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
    open();
    EXPECT_EQ(get("a"), "1");
}

TEST_F(Store, AFailedMigrationChangesNothing) {
    put("a", "1");
    EXPECT_EQ(refusal({.tables = {"things", "more"}, .migrations = {double_things(), failing()}}),
              Errc::internal);
    open();
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(get("half"), "(none)");
    open({.tables = {"things", "more"}, .migrations = {double_things()}});
    EXPECT_EQ(env_->read()->get(env_->table("more"), "aa").value(), "11");
}

TEST_F(Store, ANewStoreIsNotMigrated) {
    close();
    std::filesystem::remove_all(path());
    open({.tables = {"things"}, .migrations = {failing()}});
    EXPECT_EQ(env_->read()->get(env_->table("meta"), "layout").value(), "2");
}

TEST_F(Store, AFullStoreSaysSoAndStaysUsable) {
    open({.tables = {"things"}, .migrations = {}, .map_bytes = 1 << 20});
    put("a", "1");
    Result<void> full;
    {
        auto txn = env_->write();
        for (int i = 0; full && i < 10'000; ++i) {
            full = txn->put(things(), "k" + std::to_string(i), std::string(1000, 'x'));
        }
    }
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, Errc::limit);
    EXPECT_NE(full.error().what.find("full"), std::string::npos);
    put("b", "2");
    EXPECT_EQ(get("a"), "1");
}

TEST_F(Store, UsageGrowsAndIsGivenBack) {
    const auto empty = env_->usage().value();
    auto txn = env_->write();
    for (int i = 0; i < 64; ++i) {
        ASSERT_TRUE(txn->put(things(), "k" + std::to_string(i), std::string(8192, 'x')));
    }
    ASSERT_TRUE(txn->commit());
    const auto full = env_->usage().value();
    EXPECT_GE(full.used_bytes, empty.used_bytes + 64U * 8192U);
    EXPECT_EQ(full.map_bytes, std::uint64_t{16} << 30);
    auto erasing = env_->write();
    ASSERT_TRUE(erasing->erase(things(), Range::all(), 1000));
    ASSERT_TRUE(erasing->commit());
    EXPECT_LT(env_->usage()->used_bytes, full.used_bytes / 2);
}

TEST_F(Store, TheSparseMapTakesNoDisk) {
    struct stat info = {};
    ASSERT_EQ(::stat((path() + "/data.mdb").c_str(), &info), 0);
    // Next to nothing but the reserve.
    EXPECT_LT(info.st_blocks * 512, 2 << 20);
}

TEST_F(Store, CopiesOneMomentWhileItIsInUse) {
    put("a", "1");
    const std::string to = folder_ / "copy";
    const auto open_txn = env_->read();
    ASSERT_TRUE(env_->copy_to(to));
    put("a", "2");
    EXPECT_EQ(mode_of(to), 0700U);
    EXPECT_EQ(mode_of(to + "/data.mdb"), 0600U);
    const auto copy = Env::open(to, {.tables = {"things"}, .migrations = {}});
    ASSERT_TRUE(copy) << copy.error().what;
    EXPECT_EQ(copy->read()->get(copy->table("things"), "a").value(), "1");
}

TEST_F(Store, CopiesOnlyToANewOrEmptyFolder) {
    ASSERT_TRUE(env_->copy_to(folder_ / "copy"));
    EXPECT_EQ(env_->copy_to(folder_ / "copy").error().code, Errc::conflict);
}

TEST_F(Store, AClosedStoreIsCopiedByPath) {
    put("a", "1");
    close();
    ASSERT_TRUE(Env::copy(path(), folder_ / "copy"));
    const auto copy = Env::open(folder_ / "copy", {.tables = {"things"}, .migrations = {}});
    EXPECT_EQ(copy->read()->get(copy->table("things"), "a").value(), "1");
    EXPECT_FALSE(Env::copy(folder_ / "nowhere", folder_ / "other"));
}

TEST_F(Store, DamagedFilesAreRefused) {
    close();
    std::ofstream(path() + "/data.mdb", std::ios::trunc) << std::string(20'000, 'x');
    EXPECT_EQ(refusal({.tables = {"things"}, .migrations = {}}), Errc::corrupt);
}

TEST(StoreDeathTest, ATableNeverNamedIsABug) {
    const test::TempFolder folder;
    const auto env = Env::open(folder / "store", {});
    EXPECT_DEATH(static_cast<void>(env->table("other")), "");
}

}  // namespace
}  // namespace evenkeel::store
