#include "core/store/mapped_pages.hpp"

#include <fstream>
#include <string>

#include "tests/unit/core/store/fixture.hpp"

namespace evenkeel::store {
namespace {

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

class MappedPages : public StoreTest {};

TEST_F(MappedPages, AreReleasedAndReadAgain) {
    {
        auto txn = env_->write().value();
        for (int i = 0; i < 1'000; ++i)
            ASSERT_TRUE(
                txn.put(env_->table("things"), "key" + std::to_string(i), std::string(2'000, 'x')));
        ASSERT_TRUE(txn.commit());
    }
    const auto read_all = [this] {
        std::size_t bytes = 0;
        const auto txn = env_->read().value();
        const auto take = [&](std::string_view, std::string_view value) {
            for (const char each : value) bytes += each == 'x';
            return true;
        };
        EXPECT_TRUE(txn.scan(env_->table("things"), Range::all(), take));
        return bytes;
    };
    EXPECT_EQ(read_all(), 2'000'000U);
    EXPECT_GT(resident_of("/data.mdb"), 2'000);
    release_pages(path());
    EXPECT_LT(resident_of("/data.mdb"), 500);
    EXPECT_EQ(read_all(), 2'000'000U);
}

}  // namespace
}  // namespace evenkeel::store
