#include "orchestrator/hosts/untrusted_claims.hpp"

#include <gtest/gtest.h>

namespace evenkeel::hosts {
namespace {

std::string tidied(const std::string& claimed) {
    return json::write(tidy_facts(json::parse(claimed).value()));
}

TEST(UntrustedClaims, AreBoundedAndPrintable) {
    EXPECT_EQ(tidy_text("a\x1b[1m\n", 64), "a\\x1b[1m\\n");
    EXPECT_EQ(tidy_text(std::string(500, '\x01'), 64).size(), 64U);
    const json::Value facts = tidy_facts(
        *json::parse(R"({"a":{"b":{"c":{"d":{"e":1}}}},"bad name":1,"yes":true,"n":1.5})"));
    EXPECT_EQ(json::write(facts), R"({"a":{"b":{"c":{}}},"yes":true,"n":1.5})");
    json::Object many;
    for (int i = 0; i < 60; ++i) {
        json::Object part;
        for (int j = 0; j < 60; ++j) part.set("m" + std::to_string(j), std::string(200, 'x'));
        many.set("p" + std::to_string(i), std::move(part));
    }
    EXPECT_EQ(tidy_facts(many), json::Value(json::Object{}));
}

TEST(UntrustedClaims, FactsThatAreListsAreKept) {
    EXPECT_EQ(tidied(R"({"addresses":["192.0.2.2","2001:db8::2"],"disks":[{"bytes":5}]})"),
              R"({"addresses":["192.0.2.2","2001:db8::2"],"disks":[{"bytes":5}]})");
}

TEST(UntrustedClaims, WhatDoesNotFitIsLeftOutOfListsToo) {
    EXPECT_EQ(tidied(R"({"a":["\u001b[1m",null,[[[[1]]]],{"b c":1}],"b c":1})"),
              R"({"a":["\\x1b[1m",[[]],{}]})");
}

TEST(UntrustedClaims, ListsAreBounded) {
    json::Array many(1000, json::Value(1));
    const json::Value facts = tidy_facts(json::Object{{"many", std::move(many)}});
    EXPECT_EQ(facts["many"].as_array().size(), 64U);
}

}  // namespace
}  // namespace evenkeel::hosts
