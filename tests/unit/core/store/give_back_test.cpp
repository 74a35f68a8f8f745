#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <malloc.h>

#include "core/store/writer.hpp"
#include "tests/unit/core/store/fixture.hpp"

namespace evenkeel::store {
namespace {

constexpr int kMany = 1'000;

// What the kernel says is mapped of the file, in KiB.
long resident_of(const std::string& file) {
    std::ifstream maps("/proc/self/smaps");
    long sum = 0;
    bool of_file = false;
    for (std::string line; std::getline(maps, line);) {
        if (line.find('-') < line.find(' ')) of_file = line.ends_with(file);
        if (of_file && line.rfind("Rss:", 0) == 0) sum += std::stol(line.substr(4));
    }
    return sum;
}

class GiveBack : public StoreTest {
  protected:
    // One transaction in which each value has a page of its own.
    void write_many() {
        auto txn = env_->write().value();
        for (int i = 0; i < kMany; ++i)
            ASSERT_TRUE(txn.put(things(), "key" + std::to_string(i), std::string(2'500, 'x')));
        ASSERT_TRUE(txn.commit());
    }
    std::size_t read_all() const {
        std::size_t bytes = 0;
        const auto txn = env_->read().value();
        const auto take = [&](std::string_view, std::string_view value) {
            for (const char each : value) bytes += each == 'x';
            return true;
        };
        EXPECT_TRUE(txn.scan(things(), Range::all(), take));
        return bytes;
    }
};

TEST_F(GiveBack, UnmapsWhatWasReadAndKeepsWhatIsStored) {
    write_many();
    EXPECT_EQ(read_all(), kMany * 2'500U);
    EXPECT_GT(resident_of("/data.mdb"), 2'500);
    EXPECT_TRUE(env_->give_back());
    EXPECT_LT(resident_of("/data.mdb"), 500);
    EXPECT_EQ(read_all(), kMany * 2'500U);
    put("key", "value");
    EXPECT_EQ(get("key"), "value");
}

TEST_F(GiveBack, FreesThePagesThatALargeTransactionHasWritten) {
    // A sanitizer's allocator does not count.
    const std::size_t before = mallinfo2().uordblks;
    write_many();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    // LMDB keeps one for each value.
    EXPECT_GT(mallinfo2().uordblks, before + kMany * 4'096U);
#endif
    EXPECT_TRUE(env_->give_back());
    EXPECT_LT(mallinfo2().uordblks, before + (256 << 10));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// What a burst has freed, and what lives behind it keeps in the heap.
TEST_F(GiveBack, WritesNothingOfTheHeapForWhatIsHardlyUsed) {
    const auto anonymous = [] {
        std::ifstream status("/proc/self/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("RssAnon:")) return std::stol(line.substr(8));
        }
        return 0L;
    };
    std::vector<std::string> burst(200, std::string(64 << 10, 'x'));
    const std::string behind(1 << 10, 'x');
    burst.clear();
    burst.shrink_to_fit();
    malloc_trim(0);
    const long before = anonymous();
    EXPECT_TRUE(env_->give_back());
    EXPECT_LT(anonymous(), before + 1024);
}
#endif

TEST_F(GiveBack, WaitsForNobody) {
    {
        const auto reads = env_->read().value();
        EXPECT_FALSE(env_->give_back());
        EXPECT_EQ(reads.get(things(), "key").value(), std::nullopt);
    }
    {
        auto writes = env_->write().value();
        ASSERT_TRUE(writes.put(things(), "key", "value"));
        EXPECT_FALSE(env_->give_back());
        auto part = writes.nested().value();
        ASSERT_TRUE(part.commit());
        ASSERT_TRUE(writes.commit());
    }
    EXPECT_TRUE(env_->give_back());
    EXPECT_EQ(get("key"), "value");
}

TEST_F(GiveBack, LeavesTheHandlesOfTablesAsTheyAre) {
    open({.tables = {"things", "b", "a", "c"}, .migrations = {}});
    const Table tables[] = {things(), env_->table("b"), env_->table("a"), env_->table("c")};
    for (int round = 0; round < 3; ++round) {
        EXPECT_TRUE(env_->give_back());
        auto txn = env_->write().value();
        for (const Table& table : tables)
            ASSERT_TRUE(txn.put(table, "key", std::to_string(table.handle)));
        ASSERT_TRUE(txn.commit());
    }
    env_.reset();
    open({.tables = {"things", "b", "a", "c"}, .migrations = {}});
    for (const char* name : {"things", "b", "a", "c"}) {
        const Table table = env_->table(name);
        EXPECT_EQ(env_->read()->get(table, "key").value(), std::to_string(table.handle));
    }
}

// While a writer commits and others read, all goes well whenever it comes.
TEST_F(GiveBack, DisturbsNobody) {
    std::atomic<int> committed = 0, given = 0;
    std::atomic<bool> over = false;
    {
        Writer writer(*env_, [](const std::function<void()>& post) { post(); });
        std::thread reads([&] {
            while (!over) {
                std::this_thread::yield();
                const auto txn = env_->read();
                ASSERT_TRUE(txn) << txn.error().what;
                ASSERT_TRUE(txn->get(things(), "1"));
            }
        });
        std::thread gives([&] {
            while (!over) given += env_->give_back();
        });
        for (int i = 0; i < 50; ++i) {
            ASSERT_TRUE(writer.run([this, i](WriteTxn& txn) {
                return txn.put(things(), std::to_string(i), std::string(100, 'x'));
            }));
            ++committed;
        }
        while (given == 0) std::this_thread::yield();
        over = true;
        reads.join();
        gives.join();
    }
    for (int i = 0; i < committed; ++i) EXPECT_EQ(get(std::to_string(i)).size(), 100U);
}

}  // namespace
}  // namespace evenkeel::store
