#include "core/agent/runs/start_commit.hpp"

#include <gtest/gtest.h>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/runs/busy_marks.hpp"
#include "core/agent/runs/repair_scheduler.hpp"
#include "core/agent/store/journal.hpp"
#include "core/store/writer.hpp"
#include "tests/support/rehearsal.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/agent/runs/steps.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent {
namespace {

using test::list_of;
using test::note;
using test::step_of;

class StartCommitTest : public testing::Test {
  protected:
    void describe(const std::string& id, wire::Verdict status) {
        Metadata metadata;
        metadata.ref = note(id);
        metadata.generation = {"stream", 5};
        catalog.put(metadata).status.compliance.status = status;
    }
    static Step newer(const std::string& id) {
        Step step = step_of(id, Decision::apply);
        step.description.metadata.generation = {"stream", 6};
        step.description.body = json::Object{{"text", "hi"}};
        return step;
    }
    std::uint64_t revision_of(const std::string& id) {
        return catalog.find(note(id))->metadata.generation.revision;
    }

    evenkeel::test::TempFolder folder;
    run::Loop loop;
    std::shared_ptr<AgentStore> store =
        std::make_shared<AgentStore>(std::move(AgentStore::open(folder / "state").value()));
    store::Writer writer{store->env(), loop.poster(), {.rehearses = evenkeel::test::rehearses()}};
    Journal journal{*store, writer, loop, {}, true};
    Catalog catalog;
    CollectionRegistry registry;
    ComplianceTracker tracker{catalog, journal, loop};
    Checker checker{catalog, registry, tracker, loop, store};
    RepairScheduler repairs{catalog, tracker, loop, {}};
    BusyMarks busy_marks{catalog, checker};
    StartCommit start_commit{{catalog, registry, repairs, busy_marks}};
};

TEST_F(StartCommitTest, TheCatalogHasWhatIsStoredAndItIsReserved) {
    describe("one", wire::Verdict::compliant);
    describe("old", wire::Verdict::compliant);
    StepList steps = list_of({newer("one"), step_of("old", Decision::supersede)});
    start_commit.take(steps);
    EXPECT_EQ(revision_of("one"), 6U);
    EXPECT_EQ(catalog.find(note("one"))->status.compliance.reason, "pending");
    EXPECT_TRUE(catalog.find(note("one"))->busy);
    EXPECT_FALSE(catalog.find(note("old"))->busy);
}

TEST_F(StartCommitTest, WhatIsOnlyStoredIsFailedAtOnce) {
    Step wrong = newer("one");
    wrong.decision = Decision::store_only;
    finish(wrong, wire::Outcome::failed, Error{Errc::invalid, "no"});
    StepList steps = list_of({wrong});
    start_commit.take(steps);
    ASSERT_TRUE(steps[0].result.compliance);
    EXPECT_EQ(catalog.find(note("one"))->metadata.generation.revision, 6U);
}

TEST_F(StartCommitTest, WithTheCommitTheStoreHasItToo) {
    StepList steps = list_of({newer("one")});
    InboxCommand command;
    command.id = "cmd_1";
    start_commit.take(steps);
    std::optional<bool> stored;
    const auto inbox = [&](store::WriteTxn& txn) { return store->put_new(txn, command); };
    start_commit.commit(journal, inbox,
                        [&](const Result<void>& done) { stored = done.has_value(); });
    ASSERT_TRUE(loop.run_until([&] { return stored.has_value(); }, evenkeel::test::kPatience));
    EXPECT_TRUE(*stored);
    EXPECT_EQ(store->description(note("one")).value()->metadata.generation.revision, 6U);
    EXPECT_EQ(store->load()->inbox.size(), 1U);
}

TEST_F(StartCommitTest, WithoutTheCommitTheCatalogIsAsItWas) {
    describe("one", wire::Verdict::drifted);
    catalog.tombstones[note("gone")] = {"stream", 4};
    StepList steps =
        list_of({newer("one"), newer("new"), newer("gone"), step_of("one", Decision::invoke)});
    start_commit.take(steps);
    EXPECT_TRUE(catalog.tombstones.empty());
    start_commit.undo(steps, Error{Errc::limit, "the disk is full"});
    EXPECT_EQ(revision_of("one"), 5U);
    EXPECT_EQ(catalog.find(note("one"))->status.compliance.status, wire::Verdict::drifted);
    EXPECT_EQ(catalog.size(), 1U);
    EXPECT_EQ(catalog.tombstones.at(note("gone")).revision, 4U);
    for (const Step& step : steps) {
        EXPECT_EQ(step.decision, Decision::leave);
        EXPECT_EQ(step.progress, Progress::finished);
        EXPECT_EQ(step.result.error->what, "the disk is full");
    }
    busy_marks.release();
    EXPECT_FALSE(catalog.find(note("one"))->busy);
}

}  // namespace
}  // namespace evenkeel::agent
