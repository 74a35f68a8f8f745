#include "orchestrator/plans/planner.hpp"

#include <deque>
#include <utility>

#include "core/base/log.hpp"
#include "core/run/loop.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::plans {
namespace {

constexpr std::size_t kEditsWaitingMost = 1000;

struct WaitingEdit {
    EditRequest request;
    Planner::Done done;
};

std::string active_id(const state::View& view, std::string_view id_or_name) {
    const auto host = view.hosts().resolve(id_or_name);
    return host && *host && !(*host)->retired() ? (*host)->id : "";
}

// What edits are checked against besides the model.
model::Lookup lookup_in(const state::View& view) {
    return {.id_of = [&view](std::string_view host) { return active_id(view, host); },
            .has_hosts_in = [](std::string_view) { return false; },
            .body_of =
                [&view](std::string_view application, std::uint32_t version) {
                    const auto found = view.model_objects().find_version(application, version);
                    return found && *found ? (*found)->body : json::Value();
                }};
}

state::EventType event_of(model::ModelKind kind) {
    switch (kind) {
        case model::ModelKind::environment:
            return state::EventType::environment_changed;
        case model::ModelKind::setting:
            return state::EventType::setting_changed;
        case model::ModelKind::application:
            return state::EventType::application_changed;
        case model::ModelKind::assignment:
            return state::EventType::assignment_changed;
    }
    return state::EventType::environment_changed;
}

Result<void> add_events(state::Edit& edit, const std::vector<model::ObjectWrite>& writes) {
    for (const model::ObjectWrite& write : writes) {
        const bool is_deleted = write.body.is_null();
        EK_CHECK(edit.add_event(event_of(write.kind), "", write.name,
                                json::Object{{"name", write.name}, {"deleted", is_deleted}}));
    }
    return {};
}

// The environment in which hosts are that are in no other.
Result<void> make_default_environment(state::State& state) {
    const std::string name(compile::kDefaultEnvironment);
    const state::Snapshot view = EK_TRY(state.read());
    const auto kept = EK_TRY(view.model_objects().find(model::ModelKind::environment, name));
    if (kept) return {};
    return state.run([name](state::Edit& edit) -> Result<void> {
        return model::store(
            edit, {{.kind = model::ModelKind::environment, .name = name, .body = json::Object{}}},
            EK_TRY(edit.next_revision()));
    });
}

}  // namespace

struct Planner::Inside {
    run::Loop& loop;
    state::State& state;
    const secrets::Protector& protector;
    std::shared_ptr<const model::Model> model;
    std::deque<WaitingEdit> waiting = {};
    bool is_busy = false;

    void next();
    void begin(const EditRequest& request, const Done& done);
    void commit(EditRequest request, std::shared_ptr<EditAnswer> answer,
                std::vector<model::ObjectWrite> writes, Done done);
    void end(const Done& done, Result<EditAnswer> answer);
};

Planner::Planner(run::Loop& loop, state::State& state, const secrets::Protector& protector)
    : inside_(std::make_unique<Inside>(
          Inside{loop, state, protector, std::make_shared<model::Model>()})) {}
Planner::~Planner() = default;

Result<void> Planner::load() {
    EK_CHECK(make_default_environment(inside_->state));
    const state::Snapshot view = EK_TRY(inside_->state.read());
    auto model = model::Model::load(view, inside_->protector);
    if (!model) return fail("read the model of the fleet", model.error());
    inside_->model = std::make_shared<model::Model>(*std::move(model));
    return {};
}

std::shared_ptr<const model::Model> Planner::model() const {
    return inside_->model;
}

void Planner::edit(EditRequest request, Done done) {
    if (inside_->waiting.size() >= kEditsWaitingMost) {
        return inside_->loop.post([done = std::move(done)] {
            done(fail(Errc::busy, "too many edits of the model wait already"));
        });
    }
    inside_->waiting.push_back({std::move(request), std::move(done)});
    inside_->next();
}

void Planner::Inside::next() {
    if (is_busy || waiting.empty()) return;
    is_busy = true;
    WaitingEdit one = std::move(waiting.front());
    waiting.pop_front();
    begin(one.request, one.done);
}

void Planner::Inside::begin(const EditRequest& request, const Done& done) {
    const auto view = state.read();
    if (!view) return end(done, fail(view.error()));
    model::Edited edited = model::edit(*model, request.changes, lookup_in(*view), protector);
    auto answer = std::make_shared<EditAnswer>();
    answer->wrong = std::move(edited.wrong);
    answer->model = std::make_shared<model::Model>(std::move(edited.model));
    if (!answer->wrong.empty() || request.is_dry_run) return end(done, std::move(*answer));
    commit(request, std::move(answer), std::move(edited.writes), done);
}

void Planner::Inside::commit(EditRequest request, std::shared_ptr<EditAnswer> answer,
                             std::vector<model::ObjectWrite> writes, Done done) {
    auto audit_context = request.audit_context;
    auto edited = std::make_shared<model::Model>(*answer->model);
    state.submit(
        std::move(audit_context),
        [request = std::move(request), answer, edited,
         writes = std::move(writes)](state::Edit& edit) -> Result<void> {
            answer->revision = 0;
            if (request.guard) EK_CHECK(request.guard(edit));
            if (!writes.empty()) {
                answer->revision = EK_TRY(edit.next_revision());
                EK_CHECK(model::store(edit, writes, answer->revision));
                EK_CHECK(add_events(edit, writes));
                edited->set_revision(answer->revision);
                answer->model = edited;
            }
            return request.finish ? request.finish(edit, *answer) : Result<void>();
        },
        [this, answer, done = std::move(done)](const Result<void>& committed) {
            if (!committed) return end(done, fail(committed.error()));
            model = answer->model;
            end(done, std::move(*answer));
        });
}

void Planner::Inside::end(const Done& done, Result<EditAnswer> answer) {
    loop.post([this, done, answer = std::move(answer)]() mutable {
        is_busy = false;
        done(std::move(answer));
        next();
    });
}

}  // namespace evenkeel::plans
