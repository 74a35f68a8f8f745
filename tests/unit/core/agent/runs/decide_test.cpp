#include "core/agent/runs/decide.hpp"

#include <gtest/gtest.h>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/secrets/redactor.hpp"
#include "tests/unit/core/agent/runs/steps.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent {
namespace {

using test::note;

class Decisions : public testing::Test {
  protected:
    Decisions() {
        store.emplace(std::move(AgentStore::open(folder / "state").value()));
        request.ref = note("one");
        request.description = json::Object{{"text", "hi"}};
        request.generation = {"stream", 5};
    }
    void describe(std::uint64_t revision, wire::Policy policy = wire::Policy::report) {
        Metadata metadata;
        metadata.ref = request.ref;
        metadata.policy = policy;
        metadata.generation = {"stream", revision};
        catalog.put(metadata);
    }
    Step decide(const Intent& intent) const {
        return agent::decide(intent, request, {catalog, registry, *store});
    }

    const Intent apply{wire::Verb::apply}, local{wire::Verb::apply, wire::Origin::local};
    wire::ResourceRequest request;
    evenkeel::test::TempFolder folder;
    std::optional<AgentStore> store;
    Catalog catalog;
    CollectionRegistry registry;
};

TEST_F(Decisions, AnOlderRevisionIsSupersededAnEqualOneIsNot) {
    describe(6);
    EXPECT_EQ(decide(apply).decision, Decision::supersede);
    EXPECT_EQ(decide(apply).progress, Progress::finished);
    EXPECT_EQ(decide({wire::Verb::invoke}).decision, Decision::invoke);
    describe(5);
    EXPECT_EQ(decide(apply).decision, Decision::apply);
    EXPECT_EQ(decide(apply).progress, Progress::waiting);
}

TEST_F(Decisions, WhatTheOrchestratorDescribesIsStoredThoughItIsWrongALocalMistakeIsNot) {
    request.description = json::Object{{"ensure", "maybe"}};
    EXPECT_EQ(decide(apply).decision, Decision::store_only);
    EXPECT_EQ(decide(local).decision, Decision::leave);
    request.description = json::Array{};
    EXPECT_EQ(decide(apply).decision, Decision::leave);
    EXPECT_EQ(decide(apply).result.outcome, wire::Outcome::failed);
}

TEST_F(Decisions, ALocalAdministratorTakesOverOnlyByDetaching) {
    describe(5);
    request.generation = {};
    EXPECT_EQ(decide(local).decision, Decision::leave);
    EXPECT_EQ(decide(local).result.error->code, Errc::conflict);
    EXPECT_EQ(decide({wire::Verb::apply, wire::Origin::local, true}).decision, Decision::apply);
}

TEST_F(Decisions, ARemovalKeepsThePolicyOfWhatItRemoves) {
    describe(5, wire::Policy::audit);
    const Step step = decide({wire::Verb::remove});
    EXPECT_EQ(step.decision, Decision::remove);
    EXPECT_TRUE(step.is_audit());
    EXPECT_TRUE(step.description.metadata.absent);
    EXPECT_FALSE(step.drops()) << "not before it is done";
}

TEST_F(Decisions, ForgettingNeedsNoCallAndAnUnknownVerbIsRefused) {
    EXPECT_TRUE(decide({wire::Verb::forget}).drops());
    EXPECT_EQ(decide({wire::Verb::forget}).progress, Progress::finished);
    const Step odd = decide({OpenName<wire::Verb>("dance")});
    EXPECT_EQ(odd.decision, Decision::leave);
    EXPECT_EQ(odd.result.error->code, Errc::unsupported);
}

TEST_F(Decisions, ADescriptionRemembersThatASensitiveOneWasThereBefore) {
    request.description = json::Object{{"text", "hi"}, {"sensitive", true}};
    Metadata metadata = decide(apply).description.metadata;
    EXPECT_TRUE(metadata.sensitive);
    EXPECT_FALSE(metadata.left_secret);
    catalog.put(metadata);
    request.description = json::Object{{"text", "hi"}};
    metadata = decide(apply).description.metadata;
    EXPECT_FALSE(metadata.sensitive);
    EXPECT_TRUE(metadata.left_secret);
    catalog.put(metadata);
    EXPECT_TRUE(decide(apply).description.metadata.left_secret) << "until one has replaced it";
    EXPECT_TRUE(decide({wire::Verb::remove}).description.metadata.left_secret);
    EXPECT_TRUE(decide({wire::Verb::forget}).description.metadata.left_secret);
    catalog.erase(request.ref);
    EXPECT_FALSE(decide(apply).description.metadata.left_secret);
    catalog.put(Tombstone{request.ref, {"stream", 4}, true});
    EXPECT_TRUE(decide(apply).description.metadata.left_secret);
}

TEST_F(Decisions, ALocalRedactedValueStandsForTheStoredOneOnlyWhileItIsSecret) {
    Description stored;
    stored.metadata.ref = request.ref;
    stored.metadata.origin = wire::Origin::local;
    stored.body = json::Object{{"content", "lion"}, {"sensitive", true}};
    auto txn = store->env().write();
    ASSERT_TRUE(store->put(*txn, stored) && txn->commit());
    catalog.put(stored.metadata);
    const secrets::Redactor redactor(secrets::fingerprint_by(store->sealer()));
    const json::Value content = redactor.value("lion");
    request.generation = {};

    request.description = json::Object{{"content", content}, {"sensitive", true}};
    EXPECT_EQ(decide(local).description.body, stored.body);
    const json::Value stale = json::Object{{"redacted", "0a"}};
    for (const json::Object& wrong : {json::Object{{"content", content}},
                                      json::Object{{"content", stale}, {"sensitive", true}}}) {
        request.description = wrong;
        const Step step = decide(local);
        EXPECT_EQ(step.decision, Decision::leave);
        ASSERT_TRUE(step.result.error);
        EXPECT_EQ(step.result.error->code, Errc::invalid);
        EXPECT_TRUE(step.result.error->what.starts_with("/content: ")) << step.result.error->what;
    }
}

}  // namespace
}  // namespace evenkeel::agent
