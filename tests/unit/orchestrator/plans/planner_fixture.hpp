#pragma once

#include "core/crypto/hash.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/to_compile.hpp"
#include "orchestrator/state/wanted.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::plans {

using model::ModelKind;

class PlannerTest : public test::StateTest {
  protected:
    void SetUp() override {
        StateTest::SetUp();
        open_planner();
    }
    void open_planner() {
        planner_.emplace(loop_, *state_, protector_, schemas_);
        const auto loaded = planner_->load();
        ASSERT_TRUE(loaded) << loaded.error().what;
    }
    static EditRequest put(ModelKind kind, const std::string& name, const char* body) {
        return {.changes = {{kind, name, *json::parse(body)}}};
    }
    Result<EditAnswer> edit(EditRequest request) {
        std::optional<Result<EditAnswer>> answered;
        planner_->edit(std::move(request),
                       [&](Result<EditAnswer> answer) { answered = std::move(answer); });
        loop_.run_until([&] { return answered.has_value(); }, test::kPatience);
        return answered ? *std::move(answered) : fail(Errc::timeout, "no answer");
    }
    std::vector<std::string> events_of_model() {
        std::vector<std::string> told;
        const auto view = read();
        EXPECT_TRUE(view.events().after(0, [&](std::uint64_t, const state::StoredEvent& event) {
            if (event.is(state::EventType::environment_changed)) told.emplace_back(event.type);
            return true;
        }));
        return told;
    }

    // Until nothing is left to compile but what waits.
    void release() {
        for (int quiet = 0; quiet < 3;) {
            const auto before = planner_->compiled();
            loop_.run_until([&] { return entries() == 0; }, std::chrono::seconds(1));
            quiet = planner_->compiled() == before ? quiet + (entries() == 0 ? 3 : 1) : 0;
        }
    }
    std::size_t entries() {
        std::size_t count = 0;
        const auto view = read();
        EXPECT_TRUE(view.to_compile().each([&](std::string_view, const auto&) {
            ++count;
            return true;
        }));
        return count;
    }
    // As the host would report it.
    void settle(wire::Verdict verdict = wire::Verdict::compliant) {
        change([&](state::Edit& edit) -> Result<void> {
            std::vector<state::Resource> all;
            EK_CHECK(edit.resources().each(host_, [&](state::Resource resource) {
                all.push_back(std::move(resource));
                return true;
            }));
            for (const state::Resource& before : all) {
                state::Resource resource = before;
                resource.compliance.status = verdict;
                resource.compliance.reason.clear();
                EK_CHECK(edit.resources().put(host_, &before, resource));
            }
            return {};
        });
    }
    void change_host(const std::function<void(state::Host&)>& how) {
        change([&](state::Edit& edit) -> Result<void> {
            auto host = EK_TRY(edit.hosts().find(host_));
            how(*host);
            return edit.hosts().put(*host);
        });
    }
    // The host reports the collection files with its schema.
    void report_schema() {
        const std::string sha256 = crypto::sha256_hex(test::kSchema);
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(edit.collections().put_schema(sha256, test::kSchema));
            return edit.collections().replace(
                host_, {{.name = "files", .plugin = "p", .schema_sha256 = sha256}});
        });
    }
    // What a file is described as; null when it is not.
    json::Value file(const std::string& path) {
        const auto found = resource(path);
        return found && !found->removing ? description(found->body, path) : json::Value();
    }
    // By id, with what becomes of it: "apply /etc/motd".
    std::vector<std::string> commands() {
        std::vector<std::string> told;
        const auto view = read();
        EXPECT_TRUE(view.commands().list().walk(view, [&](const state::Entry& entry) {
            const auto command = view.commands().read(entry);
            if (!command || !*command) return false;
            for (const state::CommandEntry& one : (*command)->resources) {
                told.push_back(std::string(to_string((*command)->verb)) + " " + one.ref.id);
            }
            return true;
        }));
        return told;
    }

    std::optional<Planner> planner_;
};

}  // namespace evenkeel::plans
