#include "core/store/damage.hpp"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/store/file_check.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/store/fixture.hpp"

namespace evenkeel::store {
namespace {

constexpr std::size_t kPage = 4096;

class StoreDamage : public StoreTest {
  protected:
    // Several levels, values on pages of their own, and pages that were freed.
    void fill(int entries = 3000) {
        auto txn = env_->write();
        for (int i = 0; i < entries; ++i) {
            const std::size_t bytes = i % 100 == 0 ? 20'000 : 100;
            ASSERT_TRUE(txn->put(things(), "key" + std::to_string(i), std::string(bytes, 'v')));
        }
        ASSERT_TRUE(txn->commit());
        auto second = env_->write();
        for (int i = 0; i < entries; i += 2)
            ASSERT_TRUE(second->erase(things(), "key" + std::to_string(i)));
        ASSERT_TRUE(second->commit());
    }
    std::string data() const { return path() + "/data.mdb"; }
    Result<FileCheck> check() const {
        const std::atomic<bool> never{false};
        return check_file(data(), EK_TRY(last_commit(data())), never);
    }
    // What was there before.
    std::string overwrite(std::size_t offset, const std::string& bytes) const {
        std::fstream file(data(), std::ios::in | std::ios::out | std::ios::binary);
        std::string before(bytes.size(), '\0');
        file.seekg(static_cast<std::streamoff>(offset));
        file.read(before.data(), static_cast<std::streamsize>(before.size()));
        file.seekp(static_cast<std::streamoff>(offset));
        file << bytes;
        EXPECT_TRUE(file.good());
        return before;
    }
    std::size_t root_page() const { return last_commit(data())->trees[1].root; }
};

TEST_F(StoreDamage, IsNotFoundInASoundStore) {
    fill();
    close();
    const auto found = check();
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->tables, 2U);
    // Of the table and of `meta`: layout and stream.
    EXPECT_EQ(found->entries, 1500U + 2U);
}

TEST_F(StoreDamage, IsFoundInWhicheverPageItIs) {
    fill();
    close();
    const auto sound = check().value();
    std::uint64_t found = 0;
    for (std::size_t page = 2; page * kPage < std::filesystem::file_size(data()); ++page) {
        const std::string before = overwrite(page * kPage, std::string(16, '\xff'));
        const auto checked = check();
        if (!checked) {
            EXPECT_EQ(checked.error().code, Errc::corrupt) << checked.error().what;
            ++found;
        }
        overwrite(page * kPage, before);
    }
    // All that are in use but the inner ones of large values, which hold nothing but bytes.
    EXPECT_GE(found + 4U * 30, sound.pages);
    EXPECT_LE(found, sound.pages);
}

TEST_F(StoreDamage, NeverMakesTheCheckReadOutsideOfAPage) {
    fill(300);
    close();
    // Each 16 bits of the page that leads to all others: bounds, slots, sizes of keys and values.
    const std::size_t root = root_page() * kPage;
    for (std::size_t at = 0; at < kPage; at += 2) {
        for (const char* bytes : {"\xff\xff", "\xff\x0f", "\x01\x80"}) {
            const std::string before = overwrite(root + at, std::string(bytes, 2));
            check();
            overwrite(root + at, before);
        }
    }
    EXPECT_TRUE(check());
}

// Each such byte stands in a page of its own kind, whose header stays as it was.
TEST_F(StoreDamage, IsFoundInsideOfPages) {
    fill();
    close();
    const auto trees = last_commit(data())->trees;
    const auto number = [](std::uint64_t value) {
        return std::string(reinterpret_cast<const char*>(&value), sizeof value);
    };
    const auto found = [&](std::size_t offset, const std::string& bytes) {
        const std::string before = overwrite(offset, bytes);
        const bool is_found = !check();
        overwrite(offset, before);
        return is_found;
    };
    std::string whole;
    {
        std::ifstream file(data(), std::ios::binary);
        whole.assign(std::istreambuf_iterator<char>(file), {});
    }
    const auto read = [&whole](std::size_t offset, auto value) {
        std::memcpy(&value, whole.data() + offset, sizeof value);
        return value;
    };
    // The list of free pages is one leaf, an entry for each commit: header of the node, its number
    // of 8 bytes, how many pages, and they.
    const std::size_t leaf = trees[0].root * kPage;
    std::size_t list = 0;
    for (std::size_t slot = leaf + 16; slot < leaf + read(leaf + 12, std::uint16_t{}); slot += 2) {
        const std::size_t entry = leaf + read(slot, std::uint16_t{});
        const bool is_apart = (read(entry + 4, std::uint16_t{}) & 1) != 0;  // on pages of its own
        const std::size_t at =
            is_apart ? read(entry + 16, std::uint64_t{}) * kPage + 16 : entry + 16;
        if (read(at, std::uint64_t{}) >= 2) list = at;
    }
    ASSERT_NE(list, 0U);
    const auto second = read(list + 16, std::uint64_t{});
    EXPECT_TRUE(found(list + 8, number(0)));
    EXPECT_TRUE(found(list + 8, number(std::uint64_t{1} << 40)));
    EXPECT_TRUE(found(list + 8, number(second)));
    EXPECT_TRUE(found(list + 8, number(trees[1].root)));

    // The root of the table is a branch: its key leads to a page; in the list of tables its flags.
    const std::size_t table = whole.find("things", root_page() * kPage) + 6;
    EXPECT_TRUE(found(table + 4, "\x02"));
    const auto root = read(table + 40, std::uint64_t{});
    const std::size_t node = root * kPage + read(root * kPage + 18, std::uint16_t{});
    const std::size_t last_byte = node + 8 + read(node + 6, std::uint16_t{}) - 1;
    EXPECT_TRUE(found(last_byte, "~"));
}

TEST_F(StoreDamage, StaysKnownOverAStopAndAStart) {
    fill();
    const std::string killed = folder_ / "killed";
    std::filesystem::copy(path(), killed);
    // The pages of some keys, which nothing reads or writes at the start.
    std::string whole;
    {
        std::ifstream file(killed + "/data.mdb", std::ios::binary);
        whole.assign(std::istreambuf_iterator<char>(file), {});
    }
    for (auto at = whole.find("key1001"); at != whole.npos; at = whole.find("key1001", at + 1))
        whole.replace(at / kPage * kPage, 2, "\xff\xff");
    std::ofstream(killed + "/data.mdb", std::ios::binary) << whole;
    {
        const auto opened = Env::open(killed, {.tables = {"things"}, .migrations = {}});
        ASSERT_TRUE(opened) << opened.error().what;
        std::atomic<int> told = 0;
        on_unusable([&told] { ++told; });
        EXPECT_TRUE(test::wait_until([&told] { return told == 1; }));
        EXPECT_TRUE(damage().has_value());
        // Whoever comes later is told at once, and nobody is told twice.
        on_unusable([&told] { told += 10; });
        note_damage("more of it");
        EXPECT_EQ(told, 11);
        on_unusable({});
    }
    EXPECT_EQ(Env::open(killed, {.tables = {"things"}, .migrations = {}}).error().code,
              Errc::corrupt);
}

TEST_F(StoreDamage, OfACutOffFileIsRefusedAtOpen) {
    fill();
    close();
    std::filesystem::resize_file(data(), std::filesystem::file_size(data()) / 2);
    const auto opened = Env::open(path(), {.tables = {"things"}, .migrations = {}});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::corrupt);
    EXPECT_NE(opened.error().what.find(data()), std::string::npos) << opened.error().what;
    EXPECT_EQ(Env::check(path()).error().code, Errc::corrupt);
}

TEST_F(StoreDamage, OfTheFirstPagesIsRefusedAtOpen) {
    fill();
    close();
    overwrite(0, std::string(2 * kPage, 'x'));
    EXPECT_EQ(Env::open(path(), {.tables = {"things"}, .migrations = {}}).error().code,
              Errc::corrupt);
}

TEST_F(StoreDamage, IsSoughtInNoStore) {
    close();
    std::filesystem::resize_file(data(), 0);
    EXPECT_FALSE(Env::exists(path()));
    EXPECT_EQ(Env::check(path()).error().code, Errc::not_found);
}

TEST_F(StoreDamage, IsNotSoughtWhileTheStoreIsOpen) {
    EXPECT_EQ(Env::check(path()).error().code, Errc::busy);
}

TEST_F(StoreDamage, IsNotSoughtAfterACleanEnd) {
    close();
    EXPECT_FALSE(std::filesystem::exists(path() + "/open"));
}

}  // namespace
}  // namespace evenkeel::store
