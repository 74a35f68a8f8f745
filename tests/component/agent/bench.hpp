#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/agent/agent.hpp"
#include "core/agent/config/config.hpp"
#include "tests/component/agent/fake_collection.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent::test {

using evenkeel::test::FakeMachine;
using namespace std::chrono_literals;

using evenkeel::test::kPatience;

// Where the plugins of `config` run: with EK_TEST_PLUGIN_HOST, that program, in processes of their
// own, else in this one. What an agent does is the same.
void place_plugins(Config& config);

// An agent over a fake machine and a real store, stepped by the test.
class AgentBench : public testing::Test {
  protected:
    AgentBench();
    ~AgentBench() override;

    // (Re)starts the agent; what was in memory only is lost, like after a kill.
    void start();
    void end();
    // What is on disk at this moment, as another process would find it after a kill: a state
    // folder.
    std::string disk_now();
    // Ends the agent and begins another one on that disk; on `next` when it is given, so that calls
    // that hang do no more to the machine.
    void start_on(const std::string& disk, std::shared_ptr<FakeMachine> next = nullptr);
    // The writer commits nothing until the promise is set.
    std::shared_ptr<std::promise<void>> hold_writer();
    // Like command(), without waiting for the answer.
    void give(const std::string& id, std::uint64_t seq, const std::string& verb,
              std::vector<wire::ResourceRequest> resources,
              std::function<void(link::Disposition)> answer,
              std::chrono::milliseconds timeout = 60s);
    // Turns the loop until `done` holds.
    testing::AssertionResult until(const std::function<bool()>& done);
    // Turns it until a call of the plugin hangs there, which does not wake it up.
    testing::AssertionResult hangs_in(const std::string& call);
    // Turns it until what was ordered so far is through.
    void settle();

    wire::Reply ask(const std::string& verb, json::Value arguments);
    // Applies one description as a local administrator; the outcome.
    json::Value apply(const std::string& id, json::Value description,
                      const std::string& policy = "report", bool detach = false);
    // A command of the orchestrator; what it was answered with.
    link::Disposition command(const std::string& id, std::uint64_t seq, const std::string& verb,
                              std::vector<wire::ResourceRequest> resources,
                              std::chrono::milliseconds timeout = 60s);
    static wire::ResourceRequest request(const std::string& id, json::Value description,
                                         std::uint64_t revision,
                                         wire::Policy policy = wire::Policy::report);
    // The outcome's state of a command, empty before there is one.
    std::string outcome_of(const std::string& command) const;
    wire::Compliance compliance_of(const std::string& id) const;

    // Kinds of the events told since the start of the test about `id`, without observed.
    std::vector<std::string> told(const std::string& id) const;
    std::size_t count(const std::string& kind) const;

    struct Told {
        std::uint64_t seq;
        EventDraft draft;
    };

    evenkeel::test::TempFolder folder;
    std::shared_ptr<FakeMachine> machine = std::make_shared<FakeMachine>();
    Agent::Options options;
    std::function<void(Agent&)> add_plugins;  // the fake one, unless set
    std::function<void()> on_ready;           // before anything else is done, if set
    std::unique_ptr<run::Loop> loop;
    std::unique_ptr<Agent> agent;
    std::vector<Told> events;

  private:
    int disks_ = 0;
};

}  // namespace evenkeel::agent::test
