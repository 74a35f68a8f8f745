#include "core/crypto/record_chain.hpp"

#include <gtest/gtest.h>

namespace evenkeel::crypto {
namespace {

const ChainEnd kStart{.seq = 0, .hash = kNoHash};

std::vector<json::Value> three() {
    std::vector<json::Value> records;
    ChainEnd end = kStart;
    for (const char* word : {"one", "two", "three"}) {
        json::Object record{{"what", word}, {"deep", json::Object{{"b", 1}, {"a", nullptr}}}};
        end = chain(record, end);
        records.emplace_back(std::move(record));
    }
    return records;
}

// The first complaint; empty when all is well.
std::string verdict(const std::vector<json::Value>& records) {
    const auto whole = three();
    ChainCheck check(kStart);
    for (const json::Value& record : records) {
        const auto ok = check.next(record);
        if (!ok) return ok.error().what;
    }
    const auto ok = check.finish({3, whole.back().string_or("hash")});
    return ok ? "" : ok.error().what;
}

TEST(RecordChain, TakesWhatWasChained) {
    EXPECT_EQ(verdict(three()), "");
}

TEST(RecordChain, NamesTheRecordThatWasChanged) {
    auto records = three();
    records[1].as_object().set("what", "TWO");
    EXPECT_NE(verdict(records).find("audit record 2 was changed"), std::string::npos);
}

TEST(RecordChain, NamesTheRecordThatIsMissing) {
    for (const std::size_t gone : {0U, 1U, 2U}) {
        auto records = three();
        records.erase(records.begin() + static_cast<std::ptrdiff_t>(gone));
        EXPECT_NE(verdict(records).find("audit record " + std::to_string(gone + 1)),
                  std::string::npos);
    }
}

TEST(RecordChain, NamesTheRecordThatWasMovedOrMadeAnew) {
    auto records = three();
    std::swap(records[0], records[1]);
    EXPECT_NE(verdict(records).find("audit record 1 is missing"), std::string::npos);
    // Rehashed to look whole: the next one does not follow it any more.
    records = three();
    json::Object forged = records[0].as_object();
    forged.set("what", "ONE");
    chain(forged, kStart);
    records[0] = forged;
    EXPECT_NE(verdict(records).find("audit record 2 does not follow"), std::string::npos);
}

TEST(RecordChain, DoesNotDependOnTheOrderOfMembers) {
    auto records = three();
    json::Object turned;
    for (auto member = records[0].as_object().end(); member != records[0].as_object().begin();) {
        --member;
        turned.append(member->first, member->second);
    }
    records[0] = turned;
    EXPECT_EQ(verdict(records), "");
}

}  // namespace
}  // namespace evenkeel::crypto
