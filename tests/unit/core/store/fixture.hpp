#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/store/env.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::store {

// A store in a folder of its own, with one table.
class StoreTest : public testing::Test {
  protected:
    StoreTest() { open(); }

    void open(Env::Options options = {.tables = {"things"}, .migrations = {}}) {
        env_.reset();
        auto opened = Env::open(path(), std::move(options));
        ASSERT_TRUE(opened) << opened.error().what;
        env_ = std::make_unique<Env>(std::move(*opened));
    }
    void close() { env_.reset(); }

    void put(const std::string& key, const std::string& value) {
        auto txn = env_->write();
        ASSERT_TRUE(txn);
        ASSERT_TRUE(txn->put(things(), key, value));
        ASSERT_TRUE(txn->commit());
    }
    std::string get(const std::string& key) const {
        return env_->read()->get(things(), key).value().value_or("(none)");
    }
    std::vector<std::string> keys(const Range& range) const {
        std::vector<std::string> found;
        EXPECT_TRUE(env_->read()->scan(things(), range, [&](std::string_view key, auto) {
            found.emplace_back(key);
            return true;
        }));
        return found;
    }
    Table things() const { return env_->table("things"); }
    std::string path() const { return folder_ / "store"; }

    test::TempFolder folder_;
    std::unique_ptr<Env> env_;
};

}  // namespace evenkeel::store
