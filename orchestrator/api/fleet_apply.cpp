#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "orchestrator/api/description_requests.hpp"
#include "orchestrator/api/filter.hpp"
#include "orchestrator/api/idempotency.hpp"
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

// Changes of one such request that wait for the writer, which has others waiting too.
constexpr std::size_t kInFlightMost = 500;
constexpr std::size_t kRefusedShown = 100;

// One such request in work, in turns of the loop of at most 5 ms: the hosts are chosen, then each
// gets a command in a transaction of its own, so that a host for which the FILE is wrong takes
// nothing away from the others. A kill in between leaves the rest undone and unanswered. [loop]
class FleetApply : public std::enable_shared_from_this<FleetApply> {
  public:
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
        if (!findings.empty()) return refuse(findings.problem());
        is_dry_run_ = EK_API_TRY(is_dry_run(request));
        const TargetRequest target = EK_API_TRY(read_target_request(request.json["target"]));
        are_hosts_chosen_ = target.filter.empty();
        if (!are_hosts_chosen_)
            filter_ = EK_API_TRY(Filter::read(target.filter, host_fields(), view));
        for (const std::string& name : target.hosts) {
            const auto host = EK_API_TRY(view.hosts().resolve(name));
            if (!host) return refuse(Code::not_found, "there is no host " + name);
            if (host->retired()) return refuse(Code::invalid_state, name + " is retired");
            if (std::find(hosts_.begin(), hosts_.end(), host->id) == hosts_.end()) {
                hosts_.push_back(host->id);
            }
        }
        return true;
    }

    void turn() {
        posted_ = false;
        const std::uint64_t deadline_ns = now_monotonic_ns() + kTurnNs;
        const auto view = context_.state.read();
        if (!view) return end(as_problem(view.error()));
        if (!are_hosts_chosen_) {
            const auto chosen = choose(*view, deadline_ns);
            if (!chosen) return end(chosen.error());
            are_hosts_chosen_ = *chosen;
        }
        if (are_hosts_chosen_ && hosts_.empty()) {
            return end(
                {.code = Code::no_targets, .detail = "no active host is meant by the target"});
        }
        while (may_go_on() && !is_over(deadline_ns)) apply_to(*view, hosts_[next_++]);
        if (!are_hosts_chosen_ || may_go_on()) return post();
        answer_if_over();
    }

  private:
    bool may_go_on() const {
        return !has_ended_ && are_hosts_chosen_ && next_ < hosts_.size() &&
               in_flight_ < kInFlightMost;
    }

    void post() {
        if (std::exchange(posted_, true)) return;
        context_.loop.post([self = shared_from_this()] { self->turn(); });
    }

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
        if (!is_dry_run_) submit(id, *std::move(read));
    }

    void submit(const std::string& id, std::vector<commands::DescriptionRequest> descriptions) {
        ++in_flight_;
        auto command = std::make_shared<state::Command>();
        context_.submit(
            audit_context_,
            [command, &protector = context_.protector,
             requester = commands::Requester{.host = id, .request_id = request_id_},
             descriptions = std::move(descriptions)](state::Edit& edit) -> Result<void> {
                *command = EK_TRY(commands::describe(edit, protector, requester, descriptions));
                edit.note("host", requester.host);
                edit.note("command", command->id);
                return {};
            },
            [self = shared_from_this(), id, command](const Result<void>& done) {
                self->on_committed(id, *command, done);
            });
    }

    void on_committed(const std::string& id, const state::Command& command,
                      const Result<void>& done) {
        --in_flight_;
        if (done) note_command(command);
        else note_refusal(id, change_problem(done.error()));
        if (may_go_on()) return post();
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
        if (refused_count_++ == 0) first_refusal_ = problem;
        if (refused_.size() == kRefusedShown) return;
        std::string detail = problem.detail;
        for (const http::FieldError& error : problem.errors) {
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
        if (made_ == 0 && refused_count_ == hosts_.size()) return end(first_refusal_);
        const bool is_over = is_dry_run_ || (wait_ && unfinished_ == 0);
        http::Reply reply = http::Reply::json(is_over ? 200 : 202, show());
        if (is_dry_run_) return responder_->send(std::move(reply).with("Dry-Run", "all"));
        if (once_.record.empty()) return responder_->send(std::move(reply));
        remember_and_send(std::move(reply));
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
                if (!done) return self->responder_->send(change_problem(done.error()));
                self->responder_->send(std::move(*shared));
            });
    }

    void end(const http::Problem& problem) {
        has_ended_ = true;
        responder_->send(problem);
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

    bool posted_ = false;
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
    http::Problem first_refusal_;
    json::Array refused_;
};

void apply_to_fleet(Context& context, const Request& request, const Responder& responder) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    const auto work = std::make_shared<FleetApply>(context, request, responder);
    const auto begun = work->begin(*view, request);
    if (!begun) return responder->send(begun.error());
    work->turn();
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
