#include <algorithm>
#include <string>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/core/store/fixture.hpp"

namespace {

// What this program has synced, in order.
std::vector<std::string>& synced() {
    static std::vector<std::string> paths;
    return paths;
}

}  // namespace

// Takes the place of the system's in this program: says what was synced, and syncs it.
extern "C" int fsync(int fd) {
    char path[4096];
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
    if (size > 0) synced().emplace_back(path, static_cast<std::size_t>(size));
    return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace evenkeel::store {
namespace {

class StoreCopy : public StoreTest {
  protected:
    static bool is_synced(const std::string& path) {
        return std::find(synced().begin(), synced().end(), path) != synced().end();
    }
};

TEST_F(StoreCopy, IsOnDiskBeforeTheStoreIsMigrated) {
    synced().clear();
    bool was_synced = false;
    open({.tables = {"things"}, .migrations = {[&](const Env&, WriteTxn&) -> Result<void> {
                                    was_synced = is_synced(path() + "/layout-1/data.mdb") &&
                                                 is_synced(path() + "/layout-1") &&
                                                 is_synced(path());
                                    return {};
                                }}});
    EXPECT_TRUE(was_synced);
}

}  // namespace
}  // namespace evenkeel::store
