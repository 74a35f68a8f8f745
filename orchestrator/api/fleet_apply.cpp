#include "orchestrator/api/fleet_apply.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/run/loop.hpp"
#include "orchestrator/api/description_requests.hpp"
#include "orchestrator/api/filter.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/owned.hpp"
#include "orchestrator/api/protected.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/api/request_bodies.hpp"
#include "orchestrator/api/submit_command.hpp"
#include "orchestrator/api/turn.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/list.hpp"
#include "orchestrator/state/to_rest.hpp"

// POST /v1/resources:apply: one FILE for many hosts.
namespace evenkeel::api {
namespace {

using http::Code;
using http::Request;
using Responder = std::shared_ptr<http::Responder>;

// Of all such requests together, since others wait for the writer too.
constexpr std::size_t kChangesInFlightMost = 500;
constexpr std::size_t kBytesInFlightMost = 16 << 20;
constexpr std::size_t kHostsMost = 10'000;
constexpr std::size_t kRefusedShown = 100;
constexpr std::uint64_t kChooseNs = 1'000'000;

}  // namespace

// One such request: the hosts are chosen, then each gets a command in a transaction of its own, so
// that a host for which the FILE is wrong takes nothing away from the others. A kill in between
// leaves the rest undone and unanswered. [loop]
class FleetApply : public std::enable_shared_from_this<FleetApply> {
  public:
    // What step() has done, or why it could not.
    enum class Step { more, waits_for_room, rests };

    FleetApply(Context& context, const Request& request, Responder responder)
        : context_(context),
          responder_(std::move(responder)),
          once_(request.once),
          audit_context_(audit_context_of(request)),
          request_id_(request.request_id),
          wait_(http::preferred_wait(request)),
          began_ms_(now_monotonic_ms()) {
        file_.json = json::Object{{"resources", request.json["resources"]}};
        file_.body = request.body;
    }

    ApiResult<bool> begin(const state::View& view, const Request& request) {
        Findings findings;
        findings.only(request.json, "", fleet_apply_schema());
        const json::Value& resources = request.json["resources"];
        if (resources.is_array() && resources.as_array().size() > kFleetResourcesMost) {
            findings.invalid("/resources", "must be at most 100 resources");
        }
        if (!findings.empty()) return refuse(findings.problem());
        is_dry_run_ = EK_API_TRY(is_dry_run(request));
        const TargetRequest target = EK_API_TRY(read_target_request(request.json["target"]));
        if (target.hosts.size() > kHostsMost) {
            findings.invalid("/target/hosts", "must be at most 10000 hosts");
            return refuse(findings.problem());
        }
        by_filter_ = target.hosts.empty();
        if (by_filter_) filter_ = EK_API_TRY(read_filter(target.filter, host_fields(), view));
        names_ = target.hosts;
        return true;
    }

    // One piece of the work.
    Step step(const state::View& view) {
        if (has_ended_) return Step::rests;
        if (!are_hosts_chosen_) return step_choosing(view);
        if (next_ == hosts_.size()) return Step::rests;
        if (!is_dry_run_ && !context_.fleet_applies.has_room(file_.body.size())) {
            return Step::waits_for_room;
        }
        apply_to(view, hosts_[next_++]);
        answer_if_over();
        return Step::more;
    }

    void end(const http::Problem& problem) {
        has_ended_ = true;
        responder_->send(problem);
    }

  private:
    Step step_choosing(const state::View& view) {
        const auto chosen =
            by_filter_ ? choose(view, now_monotonic_ns() + kChooseNs) : resolve_next(view);
        if (!chosen) {
            end(chosen.error());
            return Step::rests;
        }
        are_hosts_chosen_ = *chosen;
        if (are_hosts_chosen_ && hosts_.empty()) {
            end({.code = Code::no_targets, .detail = "no active host is meant by the target"});
        }
        return Step::more;
    }

    // Whether all names are resolved.
    ApiResult<bool> resolve_next(const state::View& view) {
        const std::string& name = names_[names_read_++];
        const auto host = EK_API_TRY(view.hosts().resolve(name));
        if (!host) return refuse(Code::not_found, "there is no host " + shown(name));
        if (host->retired()) return refuse(Code::invalid_state, shown(name) + " is retired");
        if (named_.insert(host->id).second) hosts_.push_back(host->id);
        return names_read_ == names_.size();
    }

    static std::string shown(const std::string& name) { return printable(name.substr(0, 128)); }

    // Whether all hosts were looked at.
    ApiResult<bool> choose(const state::View& view, std::uint64_t deadline_ns) {
        const auto visit = [&](const state::Entry& entry) -> ApiResult<bool> {
            if (EK_API_TRY(is_meant(view, entry))) hosts_.emplace_back(entry.position());
            return true;
        };
        return walk_until(deadline_ns, view, view.hosts().list(), looked_at_, visit);
    }

    ApiResult<bool> is_meant(const state::View& view, const state::Entry& entry) const {
        const state::Host host = EK_API_TRY(view.hosts().read(entry));
        if (host.retired()) return false;
        return filter_.matches(EK_API_TRY(show_host(context_, view, host)));
    }

    void apply_to(const state::View& view, const std::string& id) {
        auto read = [&]() -> ApiResult<std::vector<commands::DescriptionRequest>> {
            const auto host = EK_API_TRY(view.hosts().find(id));
            if (!host || host->retired()) {
                return api::refuse(Code::invalid_state, "the host was retired meanwhile");
            }
            return read_file(context_, view, *host, file_);
        }();
        if (!read) return note_refusal(id, read.error());
        if (!is_dry_run_) return submit(id, *std::move(read));
        std::optional<http::Problem> refused;
        const auto checked = commands::refuse_present(view, requester_for(id, refused), *read);
        if (!checked) note_refusal(id, refused.value_or(change_problem(checked.error())));
    }

    // Writes to `refused`.
    commands::Requester requester_for(const std::string& id,
                                      std::optional<http::Problem>& refused) const {
        return {.host = id,
                .request_id = request_id_,
                .on_owned = [&refused](const state::Resource& owned,
                                       const std::string& at) { add_owned(refused, owned, at); },
                .on_protected =
                    [&refused](const std::string& environment) {
                        refused = plan_required({environment});
                    }};
    }

    // What a host's transaction leaves.
    struct Made {
        state::Command command;
        std::optional<http::Problem> refused;
    };

    void submit(const std::string& id, std::vector<commands::DescriptionRequest> descriptions) {
        ++in_flight_;
        context_.fleet_applies.take(file_.body.size());
        auto made = std::make_shared<Made>();
        context_.submit(
            audit_context_,
            [made, &protector = context_.protector, requester = requester_for(id, made->refused),
             descriptions = std::move(descriptions)](state::Edit& edit) -> Result<void> {
                made->refused.reset();  // of a run before
                made->command =
                    EK_TRY(commands::describe(edit, protector, requester, descriptions));
                edit.note("host", requester.host);
                edit.note("command", made->command.id);
                return {};
            },
            [self = shared_from_this(), id, made](const Result<void>& done) {
                self->on_committed(id, *made, done);
            });
    }

    void on_committed(const std::string& id, const Made& made, const Result<void>& done) {
        --in_flight_;
        context_.fleet_applies.give_back(file_.body.size());
        if (done) note_command(made.command);
        else note_refusal(id, made.refused.value_or(change_problem(done.error())));
        answer_if_over();
    }

    void note_command(const state::Command& command) {
        ++made_;
        if (!wait_) return note_state(command);
        ++awaited_;
        const std::chrono::milliseconds passed(now_monotonic_ms() - began_ms_);
        const std::chrono::milliseconds left = std::chrono::milliseconds(*wait_) - passed;
        context_.waiters.wait(command, std::max(left, std::chrono::milliseconds(0)),
                              [self = shared_from_this()](const state::Command& now) {
                                  --self->awaited_;
                                  self->note_state(now);
                                  self->answer_if_over();
                              });
    }

    void note_state(const state::Command& command) {
        ++states_[std::string(state::to_string(command.state))];
        unfinished_ += state::finished(command.state) ? 0 : 1;
    }

    void note_refusal(const std::string& host, const http::Problem& problem) {
        if (refused_count_++ == 0) first_refusal_ = {host, problem};
        if (refused_.size() == kRefusedShown) return;
        std::string detail = problem.detail;
        // Of one field the detail says it all.
        const bool is_said =
            problem.errors.size() == 1 && problem.detail.ends_with(problem.errors.front().detail);
        for (const http::FieldError& error : problem.errors) {
            if (is_said) break;
            detail += (detail.empty() ? "" : "; ") + error.pointer + ": " + error.detail;
        }
        refused_.push_back(json::Object{
            {"host", host}, {"code", http::to_string(problem.code)}, {"detail", detail}});
    }

    // Once every host has its command and, where that is wanted, the commands have ended.
    void answer_if_over() {
        if (has_ended_ || !are_hosts_chosen_ || next_ < hosts_.size() || in_flight_ > 0 ||
            awaited_ > 0)
            return;
        if (made_ == 0 && refused_count_ == hosts_.size()) return end(refusal_of_all());
        has_ended_ = true;
        const bool is_over = is_dry_run_ || (wait_ && unfinished_ == 0);
        http::Reply reply = http::Reply::json(is_over ? 200 : 202, show());
        if (is_dry_run_) return responder_->send(std::move(reply).with("Dry-Run", "all"));
        if (once_.record.empty()) return responder_->send(std::move(reply));
        remember_and_send(std::move(reply));
    }

    // The first one's reason, with its name.
    http::Problem refusal_of_all() const {
        auto [name, problem] = first_refusal_;
        const auto host = context_.state.read().and_then(
            [&](const state::Snapshot& view) { return view.hosts().find(first_refusal_.first); });
        if (host && *host) name = (*host)->name;
        if (hosts_.size() > 1) {
            name = "all " + std::to_string(hosts_.size()) + " hosts refuse, first " + name;
        }
        problem.detail = name + (problem.detail.empty() ? "" : ": " + problem.detail);
        return problem;
    }

    json::Value show() const {
        json::Object states;
        for (const auto& [state, count] : states_) states.set(state, count);
        return json::Object{{"request_id", request_id_},
                            {"hosts", hosts_.size()},
                            {"commands", std::move(states)},
                            {"refused_count", refused_count_},
                            {"refused", refused_}};
    }

    void remember_and_send(http::Reply reply) {
        auto shared = std::make_shared<http::Reply>(std::move(reply));
        context_.state.submit(
            [&protector = context_.protector, once = once_, shared](state::Edit& edit) {
                return keep_reply(edit, protector, once, *shared);
            },
            [self = shared_from_this(), shared](const Result<void>& done) {
                // The commands are there, which is what the answer says.
                if (!done) log::warning("an answer was not kept", {{"error", done.error().what}});
                self->responder_->send(std::move(*shared));
            });
    }

    Context& context_;
    Responder responder_;
    http::Once once_;
    state::AuditContext audit_context_;
    std::string request_id_;
    std::optional<std::chrono::seconds> wait_;
    std::int64_t began_ms_;
    Request file_;  // as for POST /v1/hosts/{h}:apply
    bool has_ended_ = false;
    bool is_dry_run_ = false;
    Filter filter_;

    bool by_filter_ = false;
    std::vector<std::string> names_;
    std::size_t names_read_ = 0;
    std::set<std::string> named_;
    bool are_hosts_chosen_ = false;
    std::string looked_at_;  // position of the host that was chosen or not last
    std::vector<std::string> hosts_;
    std::size_t next_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t made_ = 0;
    std::size_t awaited_ = 0;
    std::size_t unfinished_ = 0;
    std::map<std::string, std::size_t> states_;
    std::size_t refused_count_ = 0;
    std::pair<std::string, http::Problem> first_refusal_;  // the host's id, and why
    json::Array refused_;
};

bool FleetApplies::has_room(std::size_t bytes) const {
    return changes_in_flight_ == 0 || (changes_in_flight_ < kChangesInFlightMost &&
                                       bytes_in_flight_ + bytes <= kBytesInFlightMost);
}

void FleetApplies::take(std::size_t bytes) {
    ++changes_in_flight_;
    bytes_in_flight_ += bytes;
}

void FleetApplies::give_back(std::size_t bytes) {
    --changes_in_flight_;
    bytes_in_flight_ -= bytes;
    if (waiting_.empty()) return;
    ready_.insert(ready_.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
    post();
}

void FleetApplies::add(std::shared_ptr<FleetApply> request) {
    ready_.push_back(std::move(request));
    post();
}

void FleetApplies::post() {
    if (std::exchange(is_posted_, true)) return;
    loop_.post([this] { turn(); });
}

void FleetApplies::turn() {
    is_posted_ = false;
    const std::uint64_t deadline_ns = now_monotonic_ns() + kTurnNs;
    const auto view = state_.read();
    while (!ready_.empty() && !is_over(deadline_ns)) {
        const std::shared_ptr<FleetApply> request = std::move(ready_.front());
        ready_.pop_front();
        if (!view) {
            request->end(as_problem(view.error()));
            continue;
        }
        const FleetApply::Step step = request->step(*view);
        if (step == FleetApply::Step::more) ready_.push_back(request);
        if (step == FleetApply::Step::waits_for_room) waiting_.push_back(request);
    }
    if (!ready_.empty()) post();
}

namespace {

void apply_to_fleet(Context& context, const Request& request, const Responder& responder) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    const auto work = std::make_shared<FleetApply>(context, request, responder);
    const auto begun = work->begin(*view, request);
    if (!begun) return responder->send(begun.error());
    context.fleet_applies.add(work);
}

}  // namespace

void add_fleet_apply(std::vector<http::Route>& routes, Context& context) {
    routes.push_back({.method = "POST",
                      .path = "/v1/resources",
                      .verb = "apply",
                      .permission = "resource.write",
                      .dry_run_permission = "resource.read",
                      .tag = "resources",
                      .summary = "Describe resources of many hosts, with one command for each",
                      .query = {dry_run_parameter()},
                      .headers = {"Prefer"},
                      .body = http::Body{.schema = "FleetApply"},
                      .answers = {{200,
                                   "All commands have ended within Prefer: wait, or a dry run.",
                                   "FleetApplied",
                                   {"Dry-Run"}},
                                  {202, "Stored; the hosts will be told.", "FleetApplied"}},
                      .handler = [&](const Request& asked, const Responder& responder) {
                          apply_to_fleet(context, asked, responder);
                      }});
}

}  // namespace evenkeel::api
