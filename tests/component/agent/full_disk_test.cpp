#include <map>

#include "tests/component/agent/bus_bench.hpp"
#include "tests/support/small_disk.hpp"

namespace evenkeel::agent::test {
namespace {

// An agent whose state folder is on a disk of 6 MB, which the test fills.
class FullDisk : public Bus {
  protected:
    void SetUp() override {
        if (!disk.mounted()) GTEST_SKIP() << "needs root to mount a small disk";
        options.state_dir = disk.path() + "/state";
    }
    ~FullDisk() override {
        disconnect();
        end();
    }
    static std::string id(int number) { return "n" + std::to_string(number); }
    static json::Object state(int number, const std::string& round) {
        return {{"text", round + std::string(4000, static_cast<char>('a' + number % 26))}};
    }
    // All notes are described, applied and reported.
    void describe() {
        std::vector<wire::ResourceRequest> requests;
        for (int i = 0; i < kNotes; ++i) {
            requests.push_back(request(id(i), state(i, "as described "), 5));
        }
        orchestrator->command("cmd_1", "apply", std::move(requests));
        ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
        ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
    }
    void cut() {
        orchestrator->stop();
        ASSERT_TRUE(until([&] { return !session->is_up(); }));
    }
    bool is_full() { return agent->store().env().is_full(); }
    // What was given up made room, perhaps before anybody looked.
    bool has_shed() {
        const Outbox& outbox = agent->journal().outbox();
        for (std::uint64_t seq = 1; seq <= outbox.last(); ++seq) {
            const Outbox::Entry* entry = outbox.find(seq);
            if (entry && entry->kind == wire::EventKind::agent_shed) return true;
        }
        return false;
    }
    // Drifts end and begin until there is no room for them.
    void drift_until_full() {
        disk.fill();
        for (int round = 0; !is_full() && !has_shed(); ++round) {
            ASSERT_LT(round, 300);
            tamper(std::to_string(round));
            settle();
            // A drift that only changes takes the place of the one before.
            tamper("as described ");
            settle();
        }
        tamper("last ");
        settle();
    }
    void tamper(const std::string& round) {
        for (int i = 0; i < kNotes; ++i) machine->tamper(id(i), state(i, round));
    }
    // Every number is an event's or lies in what a shed explains.
    void expect_no_holes() const {
        std::uint64_t next = 1;
        for (const wire::Event& event : orchestrator->events) {
            const std::uint64_t from = event.kind == wire::EventKind::agent_shed
                                           ? std::uint64_t(event.data["from"].as_integer())
                                           : event.seq;
            EXPECT_EQ(from, next) << event.kind.text();
            next = event.seq + 1;
        }
    }
    std::size_t shed_numbers() const {
        std::size_t count = 0;
        for (const wire::Event& event : orchestrator->events) {
            if (event.kind != wire::EventKind::agent_shed) continue;
            count += event.seq + 1 - std::size_t(event.data["from"].as_integer());
        }
        return count;
    }
    // What the orchestrator was told last of each note.
    bool told_truth() const {
        std::map<std::string, std::string> verdicts;
        for (const wire::Event& event : orchestrator->events) {
            if (event.data["compliance"].is_object()) {
                verdicts[event.data.string_or("id")] = event.data["compliance"].string_or("status");
            }
        }
        for (int i = 0; i < kNotes; ++i) {
            if (verdicts[id(i)] != "drifted") return false;
        }
        return true;
    }

    // What could not be told is checked again in steps that double from one a second, and begin
    // anew with each that finds no room.
    void await_truth() {
        for (int tries = 0; tries < 5 && !told_truth(); ++tries) {
            static_cast<void>(until([&] { return told_truth(); }));
        }
        ASSERT_TRUE(told_truth());
    }

    static constexpr int kNotes = 40;
    evenkeel::test::SmallDisk disk{"6m"};
};

TEST_F(FullDisk, WhatIsStoredIsDeliveredAndWhatWasShedIsTold) {
    start_all();
    connect();
    describe();
    cut();
    testing::internal::CaptureStderr();
    drift_until_full();
    EXPECT_EQ(agent->journal().status()["disk_full"], json::Value(is_full()));
    for (int round = 0; round < 5; ++round) {
        tamper("lost " + std::to_string(round));
        settle();
    }
    orchestrator->start(*loop);
    await_truth();
    ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_LT(std::count(log.begin(), log.end(), '\n'), 300) << log;
    EXPECT_NE(log.find(options.state_dir), std::string::npos) << log;
    expect_no_holes();
    // One explanation for many numbers.
    EXPECT_GE(got("agent.shed"), 1U);
    EXPECT_LT(got("agent.shed"), shed_numbers());
    // The disk is as full as before, and there is room for what comes: a commit finds it behind
    // those that erased what was taken last.
    for (int i = 0; i < 2; ++i) {
        bool committed = false;
        agent->journal().commit({}, {}, [&committed](const Result<void>&) { committed = true; });
        ASSERT_TRUE(until([&committed] { return committed; }));
    }
    EXPECT_FALSE(is_full());
}

TEST_F(FullDisk, CommandsAreTakenAndTheirOutcomesArrive) {
    start_all();
    connect();
    describe();
    cut();
    drift_until_full();
    orchestrator->start(*loop);
    ASSERT_TRUE(until([&] { return session->is_up(); }));
    orchestrator->command("cmd_2", "apply", {request(id(0), state(0, "anew "), 6)});
    ASSERT_TRUE(until([&] { return got("command.outcome") == 2; }));
    EXPECT_EQ(orchestrator->answers.back(),
              std::make_pair(std::uint64_t{2}, link::Disposition::accept));
    EXPECT_EQ(machine->get(id(0))["text"], json::Value(state(0, "anew "))["text"]);
}

TEST_F(FullDisk, ALocalCommandIsCarriedOutWithoutALink) {
    start_all();
    connect();
    describe();
    cut();
    drift_until_full();
    // One that meets the very commit that finds the disk full is refused, and repeated by a person.
    ASSERT_TRUE(until(
        [&] { return apply(id(kNotes), state(0, "here ")).string_or("state") == "succeeded"; }));
}

TEST_F(FullDisk, AnotherProcessGoesOnFromWhatIsStored) {
    start_all();
    connect();
    describe();
    cut();
    drift_until_full();
    session.reset();
    start();
    orchestrator->start(*loop);
    connect();
    await_truth();
    ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
}

}  // namespace
}  // namespace evenkeel::agent::test
