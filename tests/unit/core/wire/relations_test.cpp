#include "core/wire/relations.hpp"

#include <map>

#include <gtest/gtest.h>

namespace evenkeel::wire {
namespace {

Ref file(const std::string& id) {
    return {"files", id};
}

RelatedResource tied(const std::string& id, const std::vector<std::string>& required) {
    RelatedResource out{file(id), {}, "/resources/" + id};
    for (const std::string& need : required) out.relations.required.push_back(file(need));
    return out;
}

std::string ids_in_order(const std::vector<RelatedResource>& entries) {
    const auto order = in_order(entries);
    if (!order) return order.error().what;
    std::string out;
    for (const std::size_t at : *order) out += entries[at].ref.id;
    return out;
}

// A host that has `there` and knows the action restart only.
std::string wrong_in(const std::vector<RelatedResource>& entries,
                     std::map<Ref, Relations> there = {}) {
    const RelationLookup known{
        [&there](const Ref& ref) {
            const auto found = there.find(ref);
            return found == there.end() ? std::nullopt : std::optional(found->second);
        },
        [](const Notification& notice) { return notice.action == "restart"; }};
    return text_of(check_relations(entries, known));
}

TEST(InOrder, KeepsWhatIsInOrderAlready) {
    EXPECT_EQ(ids_in_order({tied("a", {}), tied("b", {"a"}), tied("c", {})}), "abc");
    EXPECT_EQ(ids_in_order({}), "");
}

TEST(InOrder, PutsWhatIsRequiredFirstAndMovesNothingElse) {
    EXPECT_EQ(ids_in_order({tied("a", {"d"}), tied("b", {}), tied("c", {"a"}), tied("d", {"b"})}),
              "bdac");
    EXPECT_EQ(ids_in_order({tied("a", {"elsewhere"}), tied("b", {})}), "ab");
}

TEST(InOrder, NamesACycle) {
    EXPECT_EQ(ids_in_order({tied("z", {}), tied("a", {"b"}), tied("b", {"c"}), tied("c", {"a"})}),
              "a cycle: files a -> files b -> files c -> files a");
}

TEST(InOrder, IsNotExhaustedByALongChain) {
    std::vector<RelatedResource> chain;
    for (int i = 0; i < 20'000; ++i)
        chain.push_back(tied(std::to_string(i), {std::to_string(i + 1)}));
    const auto order = in_order(chain);
    ASSERT_TRUE(order);
    EXPECT_EQ(order->front(), 19'999U);
    chain.back() = tied("19999", {"0"});
    EXPECT_FALSE(in_order(chain));
}

TEST(CheckTies, WantsWhatIsNamedToBeThereAndTheActionToBeOffered) {
    RelatedResource one = tied("a", {"b", "c"});
    one.relations.notified = {
        {file("b"), "restart"}, {file("c"), "explode"}, {file("d"), "restart"}};
    EXPECT_EQ(wrong_in({one, tied("b", {})}, {{file("c"), {}}}),
              "/resources/a/notifies/1/action: the collection files has no action 'explode'; "
              "/resources/a/notifies/2: files d is neither given here nor described on the host: "
              "describe it, or leave it out of notifies");
}

TEST(CheckTies, WhatHasGoneSinceItWasDescribedMayStay) {
    RelatedResource one = tied("a", {"b"});
    one.relations.notified = {{file("c"), "restart"}};
    EXPECT_EQ(wrong_in({one}, {{file("a"), one.relations}}), "");
    one.relations.required.push_back(file("d"));
    one.relations.notified = {{file("c"), "reload"}};
    const Relations now = tied("a", {"b"}).relations;
    EXPECT_EQ(wrong_in({one}, {{file("a"), now}}),
              "/resources/a/requires/1: files d is neither given here nor described on the host: "
              "describe it, or leave it out of requires; "
              "/resources/a/notifies/0: files c is neither given here nor described on the host: "
              "describe it, or leave it out of notifies");
}

TEST(CheckTies, FindsACycleThatGoesOverTheHost) {
    std::map<Ref, Relations> there;
    there[file("b")].required = {file("c")};
    there[file("c")].required = {file("a")};
    EXPECT_EQ(wrong_in({tied("a", {"b"})}, there),
              "/resources/a/requires/0: a cycle: files a -> files b -> files c -> files a");
    // What is given anew counts as given.
    EXPECT_EQ(wrong_in({tied("a", {"b"}), tied("c", {})}, there), "");
}

TEST(CheckTies, TellsEachCycleOnceWhereTheFileSaysIt) {
    EXPECT_EQ(wrong_in({tied("a", {"a"}), tied("b", {"c"}), tied("c", {"b"})}),
              "/resources/a/requires/0: it requires itself; "
              "/resources/b/requires/0: a cycle: files b -> files c -> files b");
}

TEST(ReadTies, TakesTheTwoListsAsTheyAre) {
    const auto entry = json::parse(R"({"requires":[{"collection":"files","id":"/a"}],
        "notifies":[{"collection":"services","id":"x","action":"restart"}]})");
    std::vector<WrongField> wrong;
    const Relations relations = read_relations(*entry, "", wrong);
    EXPECT_TRUE(wrong.empty());
    EXPECT_EQ(relations.required, std::vector<Ref>{file("/a")});
    EXPECT_EQ(relations.notified, (std::vector<Notification>{{{"services", "x"}, "restart"}}));
    json::Object back;
    put_relations(back, relations);
    EXPECT_EQ(json::Value(back), *entry);
    EXPECT_EQ(*decode_relations(*entry), relations);
}

TEST(ReadTies, TellsEveryWrongFieldByItsPointer) {
    const auto entry = json::parse(R"({"requires":{"collection":"files","id":"/a"},"notifies":[
        {"collection":"s","id":"x","action":"r"},{"collection":"s","id":"x","action":"r"},
        {"collection":"","id":7,"acton":"r"},null]})");
    std::vector<WrongField> wrong;
    const Relations relations = read_relations(*entry, "/x", wrong);
    EXPECT_EQ(relations.notified.size(), 1U);
    std::vector<std::string> pointers;
    for (const WrongField& field : wrong) pointers.push_back(field.pointer + " " + field.code);
    EXPECT_EQ(pointers, (std::vector<std::string>{
                            "/x/requires invalid", "/x/notifies/1 invalid",
                            "/x/notifies/2/acton unknown-field", "/x/notifies/2/collection invalid",
                            "/x/notifies/2/id invalid", "/x/notifies/2/action invalid",
                            "/x/notifies/3 invalid"}));
}

}  // namespace
}  // namespace evenkeel::wire
