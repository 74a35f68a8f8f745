#include "core/agent/model/catalog.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

namespace evenkeel::agent {
namespace {

Metadata described(const std::string& id) {
    Metadata metadata;
    metadata.ref = {"files", id};
    return metadata;
}

std::vector<std::string> ids(const Catalog& catalog) {
    std::vector<std::string> found;
    for (const auto& [ref, entry] : catalog) {
        EXPECT_EQ(ref, &entry.metadata.ref);
        found.push_back(ref->id);
    }
    return found;
}

TEST(Catalog, KeepsEntriesByWhatTheyAreOfWhateverIsPutAndErased) {
    Catalog catalog;
    for (const char* id : {"/b", "/a", "/d", "/c"}) catalog.put(described(id)).epoch = 7;
    EXPECT_EQ(ids(catalog), (std::vector<std::string>{"/a", "/b", "/c", "/d"}));
    Metadata again = described("/b");
    again.absent = true;
    EXPECT_EQ(catalog.put(again).epoch, 7U);
    EXPECT_TRUE(catalog.find({"files", "/b"})->metadata.absent);
    EXPECT_EQ(catalog.find({"files", "/bb"}), nullptr);
    EXPECT_EQ(*catalog.after({"files", "/b"})->first, (wire::Ref{"files", "/c"}));
    // By the entry's own reference too.
    catalog.erase(catalog.find({"files", "/c"})->metadata.ref);
    catalog.erase({"files", "/x"});
    EXPECT_EQ(ids(catalog), (std::vector<std::string>{"/a", "/b", "/d"}));
    EXPECT_EQ(catalog.ids_of("files").size(), 3U);
    EXPECT_TRUE(catalog.ids_of("file").empty());
}

TEST(Catalog, KnowsWhatRequiresAThingFromWhatIsDescribedNow) {
    Catalog catalog;
    const wire::Ref folder{"directories", "/srv"}, user{"users", "www"};
    Metadata page = described("/srv/page");
    page.relations.required = {folder, user};
    catalog.put(page);
    Metadata other = described("/srv/other");
    other.relations.required = {folder};
    catalog.put(other);
    EXPECT_EQ(catalog.requiring(folder), (std::vector<wire::Ref>{other.ref, page.ref}));
    EXPECT_EQ(catalog.requiring(user), std::vector<wire::Ref>{page.ref});
    page.relations.required = {folder};
    catalog.put(page);
    EXPECT_TRUE(catalog.requiring(user).empty());
    catalog.erase(catalog.find(other.ref)->metadata.ref);
    EXPECT_EQ(catalog.requiring(folder), std::vector<wire::Ref>{page.ref});
}

#ifndef __SANITIZE_ADDRESS__
TEST(Catalog, HasEachIdOnce) {
    constexpr std::size_t kMany = 4'000, kIdBytes = 1'000;
    Catalog catalog;
    const std::size_t before = mallinfo2().uordblks;
    for (std::size_t i = 0; i < kMany; ++i)
        catalog.put(described(std::to_string(i) + std::string(kIdBytes, 'x')));
    EXPECT_LT((mallinfo2().uordblks - before) / kMany, kIdBytes + 700);
}
#endif

TEST(Superseded, OnlyByAHigherRevisionOfTheSameStream) {
    const wire::Generation held{"s", 5};
    EXPECT_TRUE(is_superseded({"s", 4}, &held));
    EXPECT_FALSE(is_superseded({"s", 5}, &held));
    EXPECT_FALSE(is_superseded({"t", 4}, &held));
    EXPECT_FALSE(is_superseded({}, &held));
    EXPECT_FALSE(is_superseded({"s", 4}, nullptr));
}

}  // namespace
}  // namespace evenkeel::agent
