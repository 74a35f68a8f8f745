#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/run/loop.hpp"
#include "core/schema/schema.hpp"
#include "core/secrets/protector.hpp"
#include "core/wire/inventory_digest.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/schema_cache.hpp"
#include "orchestrator/state/state.hpp"
#include "tests/support/rehearsal.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::test {

inline const char* const kSchema = R"({
    "type": "object",
    "x-ek-key": {"pattern": "^(/[^/]+)+$", "description": "an absolute path"},
    "properties": {
        "content": {"type": "string", "writeOnly": true},
        "mode": {"type": "string", "pattern": "^[0-7]{4}$"},
        "password": {"type": "string", "x-ek-sensitive": true},
        "sensitive": {"type": "boolean"}
    }
})";

// A state of its own with a host in it, and verbs to change and read it.
class StateTest : public ::testing::Test {
  protected:
    void SetUp() override {
        open();
        add_host("web1");
    }

    // Whatever a test did, the digest that a host's is compared with is that of its descriptions.
    void TearDown() override {
        if (!state_) return;
        const auto view = read();
        EXPECT_TRUE(view.hosts().each([&](const state::Host& host) {
            EXPECT_EQ(*view.resources().digest(host.id), digest_anew(view, host.id)) << host.name;
            return true;
        }));
    }

    // Made of the descriptions one by one.
    static wire::InventoryDigest digest_anew(const state::View& view, const std::string& host) {
        wire::InventoryDigest digest;
        EXPECT_TRUE(view.resources().each_generation(host, [&](const auto& ref, const auto& made) {
            digest.add(ref, made);
            return true;
        }));
        return digest;
    }

    // Until what this returns is gone, nobody else can begin to read the store.
    std::vector<state::Snapshot> take_all_readers() {
        std::vector<state::Snapshot> taken;
        for (auto one = state_->read(); one; one = state_->read()) {
            taken.push_back(*std::move(one));
        }
        return taken;
    }

    void open() {
        auto opened =
            state::State::open(folder_ / "store", loop_, {.rehearses = test::rehearses()});
        ASSERT_TRUE(opened) << opened.error().what;
        state_ = *std::move(opened);
    }

    // Commits `work`, which must succeed.
    void change(const state::State::Work& work) {
        const auto done = try_change(work);
        ASSERT_TRUE(done) << done.error().what;
    }
    Result<void> try_change(const state::State::Work& work) {
        Result<void> result = fail(Errc::timeout, "no answer from the writer");
        bool answered = false;
        state_->submit(work, [&](Result<void> done) {
            result = std::move(done);
            answered = true;
        });
        loop_.run_until([&] { return answered; }, test::kPatience);
        return result;
    }

    void add_host(const std::string& name) {
        state::Host host;
        host.id = host_;
        host.name = name;
        host.stream = kStream;
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(edit.hosts().put_name(host.name, host.id));
            EK_CHECK(edit.hosts().put_event_mark(host.id, {kStream, 0, edit.stream()}));
            return edit.hosts().put(host);
        });
    }

    state::Snapshot read() { return *state_->read(); }
    std::optional<state::Resource> resource(const std::string& id) {
        return *read().resources().find(host_, {"files", id});
    }
    state::Command command(const std::string& id) { return **read().commands().find(id); }

    // What the resource of this id is described as, opened.
    json::Value description(std::uint64_t body, const std::string& id) {
        return *protector_.open({host_, "files", id}, read().bodies().get(body)->description);
    }

    // Types of all stored events, in order.
    std::vector<std::string> event_types() {
        std::vector<std::string> types;
        const auto view = read();
        EXPECT_TRUE(view.events().after(0, [&](std::uint64_t, const state::StoredEvent& event) {
            types.emplace_back(event.type);
            return true;
        }));
        return types;
    }
    // The data of the last event of a type; null when there is none.
    json::Value last_event(std::string_view type) {
        json::Value data;
        const auto view = read();
        EXPECT_TRUE(view.events().after(0, [&](std::uint64_t, const state::StoredEvent& event) {
            if (event.type == type) data = (*json::parse(event.body))["data"];
            return true;
        }));
        return data;
    }

    static constexpr const char* kStream = "stream_agent";
    TempFolder folder_;
    run::Loop loop_;
    std::string host_ = "host_0192f0c1-0000-7000-8000-000000000001";
    std::unique_ptr<state::State> state_;
    secrets::Protector protector_{
        *crypto::Sealer::open(folder_ / "seal.key", crypto::Sealer::Missing::create)};
    state::SchemaCache schemas_;
    std::shared_ptr<const schema::Schema> schema_ =
        std::make_shared<const schema::Schema>(*schema::Schema::compile(kSchema));
};

}  // namespace evenkeel::test
