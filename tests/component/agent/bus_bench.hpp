#pragma once

#include <algorithm>

#include "core/agent/uplink/uplink.hpp"
#include "tests/component/agent/bench.hpp"
#include "tests/component/agent/fake_orchestrator.hpp"

namespace evenkeel::agent::test {

// An agent that is connected to an orchestrator.
class Bus : public AgentBench {
  protected:
    ~Bus() override { disconnect(); }

    void start_all(const std::string& stream = "stream_o") {
        start();
        orchestrator = std::make_unique<FakeOrchestrator>(stream);
        orchestrator->start(*loop);
        identity = orchestrator->enrol(options.state_dir);
    }
    void dial() {
        Uplink::Options to{"127.0.0.1", orchestrator->port(), identity,
                           IdentityFiles(options.state_dir)};
        to.release_pause = 50ms;
        to.hello_time = hello_time;
        to.quarantine_pause = quarantine_pause;
        to.backoff_base = to.backoff_cap = backoff;
        session = std::make_unique<Uplink>(agent->uplink_parts(), *loop, to);
        Journal::Events events_to;
        events_to.on_event = [this](std::uint64_t seq, const std::string& time,
                                    const EventDraft& draft) {
            events.push_back({seq, draft});
            if (seq == 0 && session) session->send_live(time, draft);
        };
        events_to.on_more = [this] {
            if (session) session->pump();
        };
        events_to.on_outcome_taken = [this](const std::string& id) {
            agent->admission().on_outcome_taken(id);
        };
        agent->journal().set_events(std::move(events_to));
        ASSERT_TRUE(session->start());
    }
    void connect() {
        dial();
        ASSERT_TRUE(until([this] { return session->is_up() || orchestrator->connections > 3; }));
    }
    void disconnect() {
        session.reset();
        if (orchestrator) orchestrator->stop();
    }
    // Another process over the same store, and the same orchestrator.
    void restart() {
        disconnect();
        start();
        orchestrator->start(*loop);
    }
    std::vector<std::uint64_t> seqs() const {
        std::vector<std::uint64_t> seqs;
        for (const wire::Event& event : orchestrator->events) seqs.push_back(event.seq);
        return seqs;
    }
    std::size_t got(const std::string& kind) const {
        return static_cast<std::size_t>(
            std::count_if(orchestrator->events.begin(), orchestrator->events.end(),
                          [&](const wire::Event& event) { return event.kind.text() == kind; }));
    }
    testing::AssertionResult without_holes() const {
        const auto numbers = seqs();
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            if (numbers[i] != i + 1) return testing::AssertionFailure() << "at " << i + 1;
        }
        return testing::AssertionSuccess();
    }

    std::unique_ptr<FakeOrchestrator> orchestrator;
    std::unique_ptr<Uplink> session;
    Identity identity;
    std::chrono::milliseconds hello_time = 20s;
    std::chrono::milliseconds backoff = 50ms;
    std::chrono::milliseconds quarantine_pause = 1h;
};

}  // namespace evenkeel::agent::test
