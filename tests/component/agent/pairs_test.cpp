#include <csignal>
#include <filesystem>
#include <random>

#include <sys/resource.h>

#include "core/agent/store/outbox.hpp"
#include "tests/component/agent/bench.hpp"

// Every drift of a resource that is in line again has its end: an event of its own, committed with
// the verdict. So it is whatever ends the drift (a repair, a command, somebody else), in which
// order things come, and wherever between two transactions the process is killed.
namespace evenkeel::agent::test {
namespace {

using wire::Verdict;

const json::Value kGood = json::Object{{"text", "good"}};

class Pairs : public AgentBench {
  protected:
    // Ends the agent and begins another one on what was on disk at this moment.
    void kill() { start_on(disk_now()); }

    // All events about `id` on disk, oldest first.
    std::vector<wire::EventKind> stored(const std::string& id) const {
        std::vector<wire::EventKind> kinds;
        const wire::Ref ref{"notes", id};
        const AgentStore::Loaded loaded = agent->store().load().value();
        for (const OutboxEvent& event : loaded.outbox) {
            const bool is_about = event.about.size() == 1 && event.about.front() == ref;
            if (is_about && event.kind.known()) kinds.push_back(*event.kind.known());
        }
        return kinds;
    }

    testing::AssertionResult every_drift_has_its_end(const std::string& id) const {
        bool open = false;
        std::string order;
        for (const wire::EventKind kind : stored(id)) {
            order += " " + std::string(to_string(kind));
            using Kind = wire::EventKind;
            if (kind == Kind::resource_drifted || kind == Kind::resource_failed) open = true;
            if (kind == Kind::resource_repaired || kind == Kind::resource_restored) open = false;
        }
        if (!open) return testing::AssertionSuccess();
        return testing::AssertionFailure() << id << " is in line; its events:" << order;
    }

    bool is_in_line(const std::string& id) const {
        return agent->engine().unfinished() == 0 && compliance_of(id).status == Verdict::compliant;
    }
    void in_line_again(const std::string& id) {
        machine->fail_applies(std::nullopt);
        machine->let_go();
        machine->hint(id);
        // A check may find what nobody has announced.
        settle();
        ASSERT_TRUE(until([&] { return is_in_line(id); })) << compliance_of(id).reason;
        settle();
        // Memory is ahead of the store: the last commit may be under way.
        bool written = false;
        agent->journal().commit({}, {}, [&written](const Result<void>&) { written = true; });
        ASSERT_TRUE(until([&written] { return written; }));
        ASSERT_TRUE(is_in_line(id));
        EXPECT_TRUE(every_drift_has_its_end(id));
    }

    void give_good(wire::Policy policy, json::Value description = kGood) {
        ++seq_;
        give("cmd_" + std::to_string(seq_), seq_, "apply",
             {request("one", std::move(description), seq_, policy)}, [](link::Disposition) {});
    }
    void give_and_wait(wire::Policy policy) {
        give_good(policy);
        ASSERT_TRUE(until([&] { return !outcome_of("cmd_" + std::to_string(seq_)).empty(); }));
    }
    void drift() {
        machine->tamper("one", {{"text", "bad"}});
        ASSERT_TRUE(until([&] { return compliance_of("one").status == Verdict::drifted; }));
        settle();
    }

    std::uint64_t seq_ = 0;
};

TEST_F(Pairs, ACommandThatAppliesItEndsADrift) {
    start();
    give_and_wait(wire::Policy::report);
    drift();
    give_and_wait(wire::Policy::report);
    EXPECT_EQ(told("one"), (std::vector<std::string>{"resource.drifted", "resource.repaired"}));
    EXPECT_TRUE(every_drift_has_its_end("one"));
}

TEST_F(Pairs, ACommandThatFindsItInLineEndsADrift) {
    start();
    give_and_wait(wire::Policy::report);
    drift();
    machine->set("one", {{"text", "good"}});
    give_and_wait(wire::Policy::report);
    EXPECT_EQ(told("one"), (std::vector<std::string>{"resource.drifted", "resource.restored"}));
}

// The process is killed after each commit of a drift that a repair ends, and of one that a command
// ends, and each time another process goes on from there.
TEST_F(Pairs, KilledBetweenAnyTwoTransactions) {
    options.repairs.flap.quick.most = 1000;
    for (const wire::Policy policy : {wire::Policy::enforce, wire::Policy::report}) {
        for (std::size_t steps = 0;; ++steps) {
            options.state_dir =
                folder / ("state" + std::to_string(steps) + to_string(policy).data());
            machine = std::make_shared<FakeMachine>();
            seq_ = 0;
            events.clear();
            start();
            give_and_wait(policy);
            machine->tamper("one", {{"text", "bad"}});
            std::size_t left = steps;
            bool commanded = policy == wire::Policy::enforce;
            const auto is_over = [&] {
                const Verdict now = compliance_of("one").status;
                if (!commanded && now == Verdict::drifted) {
                    commanded = true;
                    give_good(policy);
                }
                return left-- == 0;
            };
            // One handler of the loop after the other: each may be the last.
            const bool killed = loop->run_until(is_over, 300ms);
            kill();
            if (policy == wire::Policy::report) give_and_wait(policy);
            in_line_again("one");
            if (testing::Test::HasFailure()) FAIL() << "after " << steps << " handlers";
            if (!killed || steps > 60) break;
        }
    }
}

TEST_F(Pairs, InAnyOrderOfChangesChecksCommandsFailuresAndKills) {
    options.repairs.flap.quick.most = 100'000;
    options.repairs.flap.quick.window = 1ms;
    options.repairs.flap.slow.most = 100'000;
    for (unsigned seed = 1; seed <= 12; ++seed) {
        std::mt19937 random(seed);
        const auto one_of = [&](unsigned count) { return random() % count; };
        options.state_dir = folder / ("seed" + std::to_string(seed));
        machine = std::make_shared<FakeMachine>();
        seq_ = 0;
        events.clear();
        start();
        give_and_wait(wire::Policy::enforce);
        for (int step = 0; step < 40; ++step) {
            switch (one_of(9)) {
                case 0:
                    machine->tamper("one", {{"text", "bad" + std::to_string(one_of(2))}});
                    break;
                case 1:
                    machine->tamper("one", {{"text", "good"}});
                    break;
                case 2:
                    machine->set("one", {{"text", "unseen"}});
                    break;
                case 3:
                    machine->vanish("one");
                    break;
                case 4:
                    give_good(wire::Policy::enforce);
                    break;
                case 5:
                    machine->fail_applies(one_of(2) == 0
                                              ? std::optional(Error{Errc::denied, "read-only"})
                                              : std::nullopt);
                    break;
                case 6:
                    machine->begin_to_tamper("one", {{"text", "half"}});
                    break;
                case 7:
                    if (one_of(3) == 0) kill();
                    break;
                default:
                    settle();
            }
            std::size_t handlers = one_of(25);
            loop->run_until([&] { return handlers-- == 0; }, 20ms);
        }
        in_line_again("one");
        if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
    }
}

TEST_F(Pairs, AFailureStaysWhenTheThingChangesUnderneathAndOverARestart) {
    start();
    machine->fail_applies(Error{Errc::denied, "the disk is read-only"});
    give_and_wait(wire::Policy::report);
    const auto is_failed = [&] {
        return compliance_of("one").status == Verdict::failed &&
               compliance_of("one").reason == "the disk is read-only";
    };
    EXPECT_TRUE(is_failed());
    machine->tamper("one", {{"text", "bad"}});
    settle();
    EXPECT_TRUE(is_failed()) << compliance_of("one").reason;
    kill();
    machine->tamper("one", {{"text", "worse"}});
    settle();
    EXPECT_TRUE(is_failed()) << compliance_of("one").reason;
    EXPECT_EQ(compliance_of("one").fields,
              (std::vector<wire::FieldDrift>{{"/text", "good", "worse"}}));
    // Without its plugin it is unknown; with it again, as before.
    const auto plugins = std::exchange(add_plugins, [](Agent&) {});
    kill();
    EXPECT_EQ(compliance_of("one").reason, "no_plugin");
    add_plugins = plugins;
    kill();
    EXPECT_TRUE(is_failed()) << compliance_of("one").reason;
    machine->fail_applies(std::nullopt);
    give_and_wait(wire::Policy::report);
    EXPECT_EQ(compliance_of("one").status, Verdict::compliant);
    EXPECT_TRUE(every_drift_has_its_end("one"));
}

// Two descriptions that undo each other: both are named, and it ends.
TEST_F(Pairs, AFightBetweenTwoDescriptionsNamesBoth) {
    options.repairs.flap.quick.most = 6;
    options.repairs.flap.at_once = 100;
    start();
    apply("one", kGood, "enforce");
    apply("two", kGood, "enforce");
    const auto undo = [this](const std::string& id) {
        machine->tamper(id, {{"text", "bad"}});
        return until([&] { return compliance_of(id).status != Verdict::compliant; }) &&
               until([&] { return compliance_of(id).status != Verdict::drifted; });
    };
    for (int round = 0; round < 8 && count("resource.failed") == 0; ++round) {
        ASSERT_TRUE(undo("one"));
        ASSERT_TRUE(undo("two"));
    }
    const std::string reason = compliance_of("one").reason;
    EXPECT_EQ(compliance_of("one").status, Verdict::failed);
    EXPECT_NE(reason.find("repaired 6 times within 1m and undone each time after notes two was "
                          "changed: notes one and notes two seem to contradict each other"),
              std::string::npos)
        << reason;
}

// While it stands nothing of this process can be written to a file.
class FullDisk {
  public:
    FullDisk() {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit none{0, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};

// The end of a removal that must be tried again must not take away what the next command describes.
TEST_F(Pairs, ACommandWaitsUntilTheEndOfTheOneBeforeIsStored) {
    start();
    give_and_wait(wire::Policy::report);
    machine->hang_in("remove");
    command("cmd_remove", ++seq_, "remove", {request("one", nullptr, seq_)});
    ASSERT_TRUE(hangs_in("remove"));
    give_good(wire::Policy::report);
    ASSERT_TRUE(until([this] { return agent->engine().unfinished() == 2; }));
    {
        const FullDisk full;
        machine->let_go();
        ASSERT_TRUE(until([&] { return !agent->catalog().find({"notes", "one"}); }));
        // Its end is being refused meanwhile: elapsed time is what this is about.
        loop->run_until([] { return false; }, 300ms);
        EXPECT_EQ(count("command.running"), 2U);
    }
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_3").empty(); }));
    EXPECT_EQ(outcome_of("cmd_remove"), "succeeded");
    EXPECT_EQ(outcome_of("cmd_3"), "succeeded");
    kill();
    EXPECT_EQ(compliance_of("one").status, Verdict::compliant);
}

TEST_F(Pairs, AVerdictThatCannotBeStoredIsFoundAgain) {
    options.repairs.repairs = false;
    start();
    give_and_wait(wire::Policy::report);
    {
        const FullDisk full;
        machine->tamper("one", {{"text", "bad"}});
        loop->run_until([] { return false; }, 300ms);
        EXPECT_EQ(count("resource.drifted"), 0U);
    }
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    machine->tamper("one", {{"text", "good"}});
    in_line_again("one");
    EXPECT_EQ(count("resource.restored"), 1U);
}

// A process that ends before the blind time is reported leaves the whole of it to the next one.
TEST_F(Pairs, ABlindTimeIsNotLostByAKill) {
    start();
    give_and_wait(wire::Policy::report);
    end();
    machine->hang_in("read");  // the first round of checks does not end
    const auto alive = std::filesystem::last_write_time(folder / "state/alive");
    events.clear();
    loop = std::make_unique<run::Loop>();
    agent = std::move(Agent::open(*loop, options).value());
    add_plugins(*agent);
    agent->start([] {});
    ASSERT_TRUE(hangs_in("read"));
    machine->let_go();
    end();  // before the loop has heard of the reads
    EXPECT_EQ(std::filesystem::last_write_time(folder / "state/alive"), alive);
    start();
    EXPECT_TRUE(until([this] { return count("agent.blind") == 1; }));
    EXPECT_GT(std::filesystem::last_write_time(folder / "state/alive"), alive);
}

}  // namespace
}  // namespace evenkeel::agent::test
