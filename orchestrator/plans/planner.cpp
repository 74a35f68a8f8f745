#include "orchestrator/plans/planner.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "core/base/log.hpp"
#include "core/run/lane.hpp"
#include "core/run/loop.hpp"
#include "orchestrator/plans/held_plan.hpp"
#include "orchestrator/plans/read_edits.hpp"
#include "orchestrator/plans/release.hpp"
#include "orchestrator/plans/releaser.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/state.hpp"
#include "orchestrator/state/to_compile.hpp"

namespace evenkeel::plans {
namespace {

constexpr std::size_t kEditsWaitingMost = 1000;
constexpr std::chrono::seconds kRetry{5};

struct WaitingEdit {
    EditRequest request;
    Planner::Done done;
};

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

Refusal refusal_of(const EditRequest& request, const Trial& trial) {
    if (const auto& planned = request.planned) {
        if (planned->hash != trial.hash) return Refusal::stale_plan;
        if (!planned->is_approved && requires_approval(trial)) return Refusal::approval_required;
    }
    const bool is_broken = !trial.broken.empty() && !request.allows_errors;
    if (is_broken) return Refusal::does_not_compile;
    const bool is_plan = request.planned || request.is_dry_run;
    return !is_plan && requires_approval(trial) ? Refusal::plan_required : Refusal::none;
}

// What was checked on the loop may be otherwise by now.
Result<void> check_still(const state::View& view, const std::vector<model::ObjectWrite>& writes) {
    for (const model::ObjectWrite& write : writes) {
        if (write.kind != model::ModelKind::environment || !write.body.is_null()) continue;
        if (EK_TRY(view.hosts().has_hosts_in(write.name))) {
            return fail(Errc::stale, "hosts are moved into " + write.name);
        }
    }
    return {};
}

// Whether the environment is protected was asked of where hosts were then.
Result<void> check_not_moved(const state::View& view, const Trial& trial) {
    for (const auto& [id, environment] : trial.edited_in) {
        const auto host = EK_TRY(view.hosts().find(id));
        if (host && host->environment == environment) continue;
        return fail(Errc::stale, "a host is moved meanwhile");
    }
    return {};
}

// What came of trying an edit out.
struct Tried {
    std::vector<model::WrongChange> wrong;  // when there are any, there is no trial
    std::vector<model::ObjectWrite> writes;
    std::optional<Trial> trial;
};
Result<Tried> try_out(const state::State& state, const secrets::Protector& protector,
                      const state::SchemaCache& schemas, const ModelIndex& before,
                      EditRequest& request, const std::atomic<bool>& stops) {
    const auto view = EK_TRY(state.read());
    if (request.read) EK_CHECK(request.read(view, request));
    ReadEdits read = EK_TRY(read_edits(request, before.model(), view, protector));
    Tried tried{std::move(read.wrong), {}, {}};
    if (!tried.wrong.empty()) return tried;
    tried.writes = read.edits.writes;
    tried.trial = EK_TRY(try_edit(view, protector, schemas, before, std::move(read.edits), stops));
    if (request.tried) request.tried(*tried.trial);
    return tried;
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

struct Planner::Inside : std::enable_shared_from_this<Inside> {
    Inside(run::Loop& on, state::State& in, const secrets::Protector& with,
           const state::SchemaCache& of)
        : loop(on),
          state(in),
          protector(with),
          schemas(of),
          index(std::make_shared<ModelIndex>(model::Model())),
          releaser({on, in, with, of, [this] { return index; },
                    [this](const std::string& host) {
                        if (is_busy) released.insert(host);
                    },
                    [this] { held_plan.look(); }}),
          held_plan({on, in, with, [this](EditRequest request, Done done) {
                         waiting.push_back({std::move(request), std::move(done)});
                         next();
                     }}) {}

    run::Loop& loop;
    state::State& state;
    const secrets::Protector& protector;
    const state::SchemaCache& schemas;
    std::shared_ptr<const ModelIndex> index;
    Releaser releaser;
    HeldPlan held_plan;
    run::Lane lane{{.name = "plan", .queue_depth_max = 10}};
    std::deque<WaitingEdit> waiting = {};
    bool is_busy = false;
    // Hosts that were released since the edit in work was begun: they may be compiled by the model
    // before it, and were not seen by its trial as they are now.
    std::set<std::string> released = {};
    std::shared_ptr<std::atomic<bool>> stops = std::make_shared<std::atomic<bool>>(false);
    run::Timer retry = {};
    bool is_behind = false;  // perhaps: the store's model may be another

    // What others than edits change of the model: what belongs to a host goes with it.
    void follow();
    void reload();
    void next();
    void begin(const std::shared_ptr<WaitingEdit>& one);
    void judge(const std::shared_ptr<WaitingEdit>& one, Result<Tried> tried);
    void commit(const std::shared_ptr<WaitingEdit>& one, std::vector<model::ObjectWrite> writes,
                std::shared_ptr<EditAnswer> answer);
    void end(const std::shared_ptr<WaitingEdit>& one, Result<EditAnswer> answer);
};

Planner::Planner(run::Loop& loop, state::State& state, const secrets::Protector& protector,
                 const state::SchemaCache& schemas)
    : inside_(std::make_shared<Inside>(loop, state, protector, schemas)) {}

Planner::~Planner() {
    stop();
}

void Planner::stop() {
    *inside_->stops = true;
    inside_->retry.cancel();
    inside_->held_plan.stop();
    inside_->releaser.stop();
    inside_->lane.stop(std::chrono::seconds(10));
}

Result<void> Planner::load() {
    EK_CHECK(make_default_environment(inside_->state));
    const state::Snapshot view = EK_TRY(inside_->state.read());
    auto model = model::Model::load(view, inside_->protector);
    if (!model) return fail("read the model of the fleet", model.error());
    inside_->index = std::make_shared<ModelIndex>(*std::move(model));
    inside_->state.listen([inside = std::weak_ptr<Inside>(inside_)](const auto& changes) {
        const auto there = inside.lock();
        if (!there) return;
        there->releaser.follow(changes);
        there->held_plan.follow(changes);
        if (!changes.model_objects.empty()) there->follow();
    });
    inside_->releaser.look();
    inside_->held_plan.look();
    return {};
}

std::shared_ptr<const model::Model> Planner::model() const {
    return {inside_->index, &inside_->index->model()};
}

std::shared_ptr<const ModelIndex> Planner::index() const {
    return inside_->index;
}

std::uint64_t Planner::compiled() const {
    return inside_->releaser.compiled();
}

std::uint64_t Planner::peers_read() const {
    return inside_->releaser.peers_read();
}

void Planner::edit(EditRequest request, Done done) {
    // A host that shall be cut off does not wait for others, however many they are.
    const bool is_urgent = !request.hosts.empty() && request.changes.empty() &&
                           request.resources.empty() && !request.planned &&
                           std::all_of(request.hosts.begin(), request.hosts.end(),
                                       [](const HostEdit& one) { return one.retires; });
    if (is_urgent) {
        inside_->waiting.push_front({std::move(request), std::move(done)});
        return inside_->next();
    }
    if (inside_->waiting.size() >= kEditsWaitingMost) {
        return inside_->loop.post([done = std::move(done)] {
            done(fail(Errc::busy, "too many edits of the model wait already"));
        });
    }
    inside_->waiting.push_back({std::move(request), std::move(done)});
    inside_->next();
}

// Later: the model of an edit that was committed just now is set then.
void Planner::Inside::follow() {
    if (std::exchange(is_behind, true)) return;
    loop.post([there = weak_from_this()] {
        const auto inside = there.lock();
        if (inside && !inside->is_busy) inside->reload();
    });
}

void Planner::Inside::reload() {
    if (!std::exchange(is_behind, false)) return;
    const auto view = state.read();
    const auto revision = view ? view->model_objects().revision() : fail(view.error());
    if (revision && *revision == index->model().revision()) return;
    auto now = view ? model::Model::load(*view, protector) : fail(view.error());
    if (!now) {
        log::error("the model is not read again", {{"error", now.error().what}});
        is_behind = true;
        retry = loop.after(kRetry, [this] {
            if (!is_busy) reload();
        });
        return;
    }
    index = std::make_shared<ModelIndex>(*std::move(now));
    releaser.look();
}

void Planner::Inside::next() {
    if (is_busy || waiting.empty()) return;
    is_busy = true;
    released.clear();
    auto one = std::make_shared<WaitingEdit>(std::move(waiting.front()));
    waiting.pop_front();
    begin(one);
}

void Planner::Inside::begin(const std::shared_ptr<WaitingEdit>& one) {
    auto task = [there = weak_from_this(), one, before = index, post = loop.poster(), &from = state,
                 &with = protector, &of = schemas, stops = stops] {
        auto tried = try_out(from, with, of, *before, one->request, *stops);
        post([there, one, tried = std::move(tried)]() mutable {
            const auto inside = there.lock();
            if (inside) inside->judge(one, std::move(tried));
        });
    };
    const auto queued = lane.submit(std::move(task));
    if (!queued) end(one, fail(queued.error()));
}

void Planner::Inside::judge(const std::shared_ptr<WaitingEdit>& one, Result<Tried> tried) {
    if (!tried) return end(one, fail(tried.error()));
    if (!tried->wrong.empty()) {
        EditAnswer answer;
        answer.wrong = std::move(tried->wrong);
        return end(one, std::move(answer));
    }
    auto answer = std::make_shared<EditAnswer>();
    auto trial = std::make_shared<Trial>(*std::move(tried->trial));
    answer->model = {trial->after, &trial->after->model()};
    answer->refusal = refusal_of(one->request, *trial);
    answer->trial = std::move(trial);
    const bool is_refused = answer->refusal != Refusal::none;
    if (is_refused || one->request.is_dry_run) return end(one, std::move(*answer));
    commit(one, std::move(tried->writes), std::move(answer));
}

void Planner::Inside::commit(const std::shared_ptr<WaitingEdit>& one,
                             std::vector<model::ObjectWrite> writes,
                             std::shared_ptr<EditAnswer> answer) {
    // What is there already is put again: there is nothing to tell.
    const bool is_no_op = writes.empty() && one->request.hosts.empty() &&
                          one->request.resources.empty() && !one->request.planned;
    state.submit(
        [one, answer, is_no_op, &with = protector, writes = std::move(writes),
         others = std::vector<std::string>(released.begin(), released.end()),
         base = index->model().revision()](state::Edit& edit) -> Result<void> {
            if (one->request.guard) EK_CHECK(one->request.guard(edit));
            if (EK_TRY(edit.model_objects().revision()) != base) {
                return fail(Errc::stale, "the model was changed meanwhile");
            }
            EK_CHECK(check_not_moved(edit, *answer->trial));
            answer->revision = writes.empty() ? 0 : EK_TRY(edit.next_revision());
            EK_CHECK(model::store(edit, writes, answer->revision));
            EK_CHECK(add_events(edit, writes));
            answer->commands =
                EK_TRY(change_hosts(edit, with, one->request.hosts, one->request.resources,
                                    one->request.audit_context.request_id));
            EK_CHECK(check_still(edit, writes));
            // The others are not of this edit: what is held of them stays held.
            for (const std::string& host : others) {
                EK_CHECK(edit.to_compile().put(host, {state::kModelChanged}));
            }
            for (const std::string& host : answer->trial->touched) {
                const auto going = answer->trial->going.find(host);
                EK_CHECK(edit.to_compile().put(
                    host, {state::kModelChanged, state::kModelEdited},
                    going == answer->trial->going.end() ? std::set<std::string>() : going->second));
            }
            if (one->request.finish) EK_CHECK(one->request.finish(edit, *answer));
            return is_no_op ? Result<void>() : edit.audit(one->request.audit_context);
        },
        [this, one, answer, there = weak_from_this()](const Result<void>& committed) {
            const auto inside = there.lock();
            if (!inside) return;
            if (!committed) return end(one, fail(committed.error()));
            if (answer->revision != 0) {
                index = std::make_shared<ModelIndex>(answer->trial->after->at(answer->revision));
                answer->model = {index, &index->model()};
                releaser.look();
            }
            end(one, std::move(*answer));
        });
}

void Planner::Inside::end(const std::shared_ptr<WaitingEdit>& one, Result<EditAnswer> answer) {
    loop.post([there = weak_from_this(), one, answer = std::move(answer)]() mutable {
        const auto inside = there.lock();
        if (!inside) return;
        inside->is_busy = false;
        inside->reload();
        one->done(std::move(answer));
        inside->next();
    });
}

}  // namespace evenkeel::plans
