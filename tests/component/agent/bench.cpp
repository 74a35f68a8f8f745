#include "tests/component/agent/bench.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "tests/support/rehearsal.hpp"
#include "tests/support/wait.hpp"

namespace evenkeel::agent::test {

void place_plugins(Config& config) {
    const char* host = std::getenv("EK_TEST_PLUGIN_HOST");
    if (host != nullptr) config.plugin_host = host;
    const std::vector<std::string> all =
        config.plugins.value_or(std::vector<std::string>{"files", "directories"});
    for (const std::string& name : all) config.isolation[name] = host != nullptr;
}

AgentBench::AgentBench() {
    options.state_dir = folder / "state";
    options.keeps_events = true;
    options.sweep_interval = 1h;
    options.grace = 100ms;
    options.writer.rehearses = evenkeel::test::rehearses();
    options.repairs.retry_base = 20ms;
    options.repairs.retry_cap = 40ms;
    add_plugins = [this](Agent& to) { to.add(evenkeel::test::make_fake_collection(machine)); };
}

AgentBench::~AgentBench() {
    machine->let_go();
    end();
}

void AgentBench::start() {
    end();
    loop = std::make_unique<run::Loop>();
    auto opened = Agent::open(*loop, options);
    ASSERT_TRUE(opened) << opened.error().what;
    agent = std::move(*opened);
    Journal::Events to;
    to.on_event = [this](std::uint64_t seq, const std::string&, const EventDraft& draft) {
        events.push_back({seq, draft});
    };
    to.on_outcome_taken = [this](const std::string& id) {
        agent->admission().on_outcome_taken(id);
    };
    agent->journal().set_events(std::move(to));
    add_plugins(*agent);
    bool ready = false;
    agent->start([this, &ready] {
        if (on_ready) on_ready();
        ready = true;
    });
    ASSERT_TRUE(until([&ready] { return ready; }));
    if (agent->admission().mark().stream.empty()) agent->admission().begin_stream("stream_o");
    settle();
}

void AgentBench::end() {
    if (agent) agent->stop();
    agent.reset();
    loop.reset();
}

std::string AgentBench::disk_now() {
    const std::string to = folder / ("disk" + std::to_string(++disks_));
    std::filesystem::create_directories(to);
    for (const auto& each : std::filesystem::directory_iterator(options.state_dir)) {
        const std::string name = each.path().filename().string();
        // In which call the process ended is another matter.
        if (name == "store" || name == "calls") continue;
        std::filesystem::copy(each.path(), to + "/" + name,
                              std::filesystem::copy_options::recursive);
    }
    const auto copied = agent->store().env().copy_to(to + "/store");
    EXPECT_TRUE(copied) << copied.error().what;
    return to;
}

void AgentBench::start_on(const std::string& disk, std::shared_ptr<FakeMachine> next) {
    if (next) {
        machine->let_go();
        machine = std::move(next);
    }
    end();
    std::filesystem::remove_all(options.state_dir);
    options.state_dir = disk;
    start();
}

std::shared_ptr<std::promise<void>> AgentBench::hold_writer() {
    auto go = std::make_shared<std::promise<void>>();
    const auto entered = std::make_shared<std::atomic<bool>>(false);
    // It may run twice.
    agent->journal().commit(
        {},
        [entered, gone = go->get_future().share()](store::WriteTxn&, const auto&) -> Result<void> {
            *entered = true;
            gone.wait();
            return {};
        },
        {});
    EXPECT_TRUE(evenkeel::test::wait_until([&] { return entered->load(); }));
    return go;
}

testing::AssertionResult AgentBench::until(const std::function<bool()>& done) {
    if (loop->run_until(done, kPatience)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "it did not come about in time";
}

testing::AssertionResult AgentBench::hangs_in(const std::string& call) {
    const bool hangs = evenkeel::test::wait_until([&] {
        loop->run_ready();
        return machine->hangs_in(call);
    });
    return hangs ? testing::AssertionSuccess() : testing::AssertionFailure() << call;
}

void AgentBench::settle() {
    ask("check", json::Object{});
}

wire::Reply AgentBench::ask(const std::string& verb, json::Value arguments) {
    wire::Request request;
    request.verb = OpenName<wire::RequestVerb>(verb);
    request.timeout = 60s;
    request.arguments = std::move(arguments);
    std::optional<wire::Reply> reply;
    agent->requests().answer_local(request,
                                   {[&reply](wire::Reply got) { reply = std::move(got); }});
    EXPECT_TRUE(until([&reply] { return reply.has_value(); })) << verb;
    return reply.value_or(wire::Reply{});
}

json::Value AgentBench::apply(const std::string& id, json::Value description,
                              const std::string& policy, bool detach) {
    const json::Value resource = json::Object{{"collection", "notes"},
                                              {"id", id},
                                              {"description", std::move(description)},
                                              {"policy", policy}};
    return ask("apply", json::Object{{"resources", json::Array{resource}}, {"detach", detach}})
        .result;
}

wire::ResourceRequest AgentBench::request(const std::string& id, json::Value description,
                                          std::uint64_t revision, wire::Policy policy) {
    wire::ResourceRequest request;
    request.ref = {"notes", id};
    request.description = std::move(description);
    request.policy = policy;
    request.generation = {"stream_o", revision};
    return request;
}

void AgentBench::give(const std::string& id, std::uint64_t seq, const std::string& verb,
                      std::vector<wire::ResourceRequest> resources,
                      std::function<void(link::Disposition)> answer,
                      std::chrono::milliseconds timeout) {
    wire::Command command;
    command.id = id;
    command.stream = "stream_o";
    command.seq = seq;
    command.verb = OpenName<wire::Verb>(verb);
    command.timeout = timeout;
    command.resources = std::move(resources);
    agent->admission().take(command, std::move(answer));
}

link::Disposition AgentBench::command(const std::string& id, std::uint64_t seq,
                                      const std::string& verb,
                                      std::vector<wire::ResourceRequest> resources,
                                      std::chrono::milliseconds timeout) {
    std::optional<link::Disposition> answer;
    give(
        id, seq, verb, std::move(resources), [&answer](link::Disposition got) { answer = got; },
        timeout);
    EXPECT_TRUE(until([&answer] { return answer.has_value(); })) << id;
    return answer.value_or(link::Disposition::release);
}

std::string AgentBench::outcome_of(const std::string& command) const {
    for (const Told& told : events) {
        if (told.draft.kind == wire::EventKind::command_outcome && told.draft.command == command) {
            return told.draft.data.string_or("state");
        }
    }
    return "";
}

wire::Compliance AgentBench::compliance_of(const std::string& id) const {
    const CatalogEntry* entry = agent->catalog().find({"notes", id});
    return entry ? entry->status.compliance : wire::Compliance{};
}

std::vector<std::string> AgentBench::told(const std::string& id) const {
    std::vector<std::string> kinds;
    for (const Told& each : events) {
        if (each.draft.kind != wire::EventKind::resource_observed && each.seq != 0 &&
            each.draft.data.string_or("id") == id) {
            kinds.emplace_back(to_string(each.draft.kind));
        }
    }
    return kinds;
}

std::size_t AgentBench::count(const std::string& kind) const {
    std::size_t found = 0;
    for (const Told& each : events) found += to_string(each.draft.kind) == kind ? 1 : 0;
    return found;
}

}  // namespace evenkeel::agent::test
