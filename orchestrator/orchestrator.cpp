#include "orchestrator/orchestrator.hpp"

#include <utility>

#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/base/trusted_path.hpp"
#include "core/store/env.hpp"
#include "orchestrator/api/component_schemas.hpp"
#include "orchestrator/api/roles.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/enrolment/request_bodies.hpp"
#include "orchestrator/enrolment/routes.hpp"
#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/listen_check.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/plans.hpp"
#include "orchestrator/state/requirements.hpp"
#include "orchestrator/state/retention.hpp"

namespace evenkeel {
namespace {

constexpr std::chrono::seconds kTick{5};
constexpr int kTicksPerPurge = 120;             // ten minutes
constexpr int kTicksPerNote = 12;               // a minute
constexpr std::size_t kNotedAtOnce = 500;       // hosts in one work, so that others get their turn
constexpr std::size_t kPlansExpiredMost = 100;  // the same of plans
constexpr std::chrono::seconds kGrace{10};
// Of another orchestrator that has the lease: several times the time between two renewals.
constexpr std::chrono::seconds kPatience{30};

// What this orchestrator is called among others: made at the first start, and never copied.
Result<std::string> open_identity(const std::string& folder) {
    const std::string file = folder + "/identity";
    auto kept = read_file(file);
    if (kept && is_id("orchestrator", *kept)) return *std::move(kept);
    if (!kept && kept.error().code != Errc::not_found) return fail(kept.error());
    std::string made = make_id("orchestrator");
    EK_CHECK(write_file(file, made, 0600));
    return made;
}

// Both are written once there is a store. To begin anew beside them would reject every host.
Result<void> require_no_trace_of_a_store(const std::string& folder) {
    for (const char* name : {"/identity", "/admin.token"}) {
        if (::access((folder + name).c_str(), F_OK) != 0) continue;
        return fail(Errc::corrupt, "the store " + folder +
                                       "/store is missing or empty, though there was one: restore "
                                       "a backup (evenkeel-orchestrator restore DIR), or move " +
                                       folder + " away to begin anew");
    }
    return {};
}

bus::Endpoint endpoint(const ListenAddress& address, const Keys& keys) {
    return {.host = address.host,
            .port = address.port,
            .certificate_file = keys.server_certificate_file,
            .key_file = keys.server_key_file,
            .authority_file = keys.authority_file};
}

enrolment::Port::Options enrolment_options(const Config& config, const Keys& keys) {
    enrolment::Port::Options options;
    options.host = config.enrolment.host;
    options.port = config.enrolment.port;
    options.certificate_file = keys.server_certificate_file;
    options.key_file = keys.server_key_file;
    options.discovery = config.discovery;
    return options;
}

std::string shown(const ListenAddress& address, std::uint16_t port) {
    const bool is_v6 = address.host.find(':') != std::string::npos;
    return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(port);
}

}  // namespace

Result<std::unique_ptr<Orchestrator>> Orchestrator::open(run::Loop& loop, const Config& config,
                                                         store::Writer::Options writer) {
    const std::string& folder = config.state_dir;
    EK_CHECK(require_trusted(folder));
    // What a first start has made would be in the way of a second with another configuration.
    if (!store::Env::exists(folder + "/store")) EK_CHECK(check_listening(config));
    EK_CHECK(make_folder(folder, 0700));
    Fd lock = EK_TRY(lock_file(folder + "/lock"));
    const bool fresh = !store::Env::exists(folder + "/store");
    if (fresh) EK_CHECK(require_no_trace_of_a_store(folder));
    Keys keys = EK_TRY(open_keys(folder, fresh));
    auto state = EK_TRY(state::State::open(folder + "/store", loop, writer));
    EK_CHECK(state::complete_requirements(*state));
    EK_CHECK(api::ensure_admin_token(*state, folder + "/admin.token"));
    const std::string identity = EK_TRY(open_identity(folder));
    std::unique_ptr<Orchestrator> made(new Orchestrator(
        loop, config, std::move(lock), std::move(keys), std::move(state), identity));
    EK_CHECK(made->planner_.load());
    EK_CHECK(made->settle_links());
    EK_CHECK(made->load_totals());
    EK_CHECK(made->build_api());
    return made;
}

Orchestrator::Orchestrator(run::Loop& loop, const Config& config, Fd lock, Keys keys,
                           std::unique_ptr<state::State> state, const std::string& identity)
    : loop_(loop),
      config_(config),
      lock_(std::move(lock)),
      keys_(std::move(keys)),
      state_(std::move(state)),
      housekeeping_(*state_, "housekeeping", identity, kPatience),
      protector_(keys_.sealer),
      presence_(config.heartbeat, now_monotonic_ms()),
      waiters_(loop, *state_),
      feed_(loop, *state_),
      lists_(loop, *state_, presence_.silence_max()),
      pages_(loop, *state_),
      fleet_applies_(loop, *state_),
      planner_(loop, *state_, protector_, schemas_),
      reader_(*state_, [this] { return planner_.index(); }),
      progress_(loop, *state_, [this](const std::string& host) { return bus_.is_online(host); }),
      rate_limit_({.per_second = config.requests_per_second, .burst = config.requests_burst}),
      access_(loop, *state_),
      idempotency_(loop, *state_, protector_),
      bus_({.loop = loop,
            .state = *state_,
            .protector = protector_,
            .schemas = schemas_,
            .presence = presence_,
            .allow_list = allow_list_,
            .heartbeat = config.heartbeat},
           endpoint(config.bus, keys_),
           [this](const std::string& host, state::EventType type, std::string_view subject,
                  const std::string& time,
                  const json::Value& data) { feed_.show_live(host, type, subject, time, data); }),
      enrolment_({.loop = loop,
                  .state = *state_,
                  .sign =
                      [this](const std::string& request, const std::string& host) {
                          return keys_.authority.sign_host(request, host);
                      },
                  .authority = keys_.authority.certificate(),
                  .bus_port = [this] { return bus_.port(); }},
                 enrolment_options(config, keys_)),
      context_{.loop = loop,
               .state = *state_,
               .protector = protector_,
               .schemas = schemas_,
               .presence = presence_,
               .totals = totals_,
               .bus = bus_,
               .waiters = waiters_,
               .access = access_,
               .feed = feed_,
               .lists = lists_,
               .pages = pages_,
               .fleet_applies = fleet_applies_,
               .planner = planner_,
               .reader = reader_,
               .progress = progress_,
               .changes = changes_,
               .metrics = metrics_,
               .enrolment_port = [this] { return enrolment_.port(); },
               .rest_server = [this] { return server_.get(); }} {}

Orchestrator::~Orchestrator() {
    tick_.cancel();
    server_.reset();
    enrolment_.stop();
    bus_.stop();
    reader_.stop();
    planner_.stop();
    state_->stop();
}

// Nobody has a link yet, whatever the record of the last run says.
Result<void> Orchestrator::settle_links() {
    std::vector<std::string> linked;
    {
        const state::Snapshot view = EK_TRY(state_->read());
        EK_CHECK(allow_list_.load(view));
        state_->listen([this](const state::Changes& changes) { allow_list_.follow(changes); });
        EK_CHECK(view.hosts().each([&](const state::Host& host) {
            if (host.connection == state::Connection::online) linked.push_back(host.id);
            return true;
        }));
    }
    if (linked.empty()) return {};
    const auto settled = state_->run(
        [&](state::Edit& edit) -> Result<void> {
            for (const std::string& id : linked) EK_CHECK(hosts::host_disconnected(edit, id, ""));
            return {};
        },
        store::Importance::freeing);
    if (settled || settled.error().code != Errc::limit) return settled;
    // What is stored is served none the less.
    log::error("hosts that have no link are shown as online", {{"error", settled.error().what}});
    return {};
}

Result<void> Orchestrator::load_totals() {
    const state::Snapshot view = EK_TRY(state_->read());
    EK_CHECK(totals_.load(view, presence_.first_offline_at_ms()));
    presence_.observe_links([this](const std::string& host, bool up, std::int64_t offline_at_ms) {
        totals_.set_link(host, up, offline_at_ms);
    });
    state_->listen([this](const state::Changes& changes, const state::View& now) {
        const auto done = totals_.follow(changes, now);
        if (!done) log::error("the totals are behind", {{"error", done.error().what}});
    });
    return {};
}

Result<void> Orchestrator::build_api() {
    http::Router::Options options;
    options.authorize = [this](http::Request& request, std::string_view permission) {
        auto refusal = access_.authorize(request, permission);
        if (refusal) return refusal;
        auto limited = rate_limit_.take(request.principal.id, now_monotonic_ns());
        // What is too much is not recorded: that would be more of it.
        if (limited) request.principal = {};
        return limited;
    };
    options.refuse = [this](const http::Request& request, http::Problem problem,
                            const std::shared_ptr<http::Responder>& responder) {
        access_.refuse(request, std::move(problem), responder);
    };
    options.streaming = [this](const http::Principal& who,
                               const std::shared_ptr<http::Stream>& stream) {
        access_.watch(who, stream);
    };
    options.permissions = api::permissions();
    metrics_.listen(*state_);
    options.answered = [this](std::string_view method, std::string_view route, int status,
                              double seconds) {
        metrics_.answered(method, route, status, seconds);
    };
    options.begin = [this](const http::Route& route, http::Request& request,
                           std::shared_ptr<http::Responder> responder) {
        return idempotency_.begin(route, request, std::move(responder));
    };
    options.aside = [this](std::function<void()> work, std::function<void()> done) {
        return bodies_.submit(
            [work = std::move(work), done = std::move(done), post = loop_.poster()]() mutable {
                work();
                work = nullptr;
                post(std::move(done));
            });
    };
    options.title = "Evenkeel";
    options.version = EVENKEEL_VERSION;
    options.schemas = EK_TRY(api::component_schemas());
    for (const auto& [name, schema] : enrolment::request_schemas()) {
        options.schemas.append(name, schema);
    }
    router_ =
        std::make_unique<http::Router>(EK_TRY(http::Router::build(routes(), std::move(options))));
    return {};
}

std::vector<http::Route> Orchestrator::routes() {
    std::vector<http::Route> routes = api::all_routes(context_);
    enrolment::add_token_routes(routes, context_,
                                {.listen_host = config_.enrolment.host,
                                 .port = [this] { return enrolment_.port(); },
                                 .authority_sha256 = keys_.authority.fingerprint()});
    enrolment::add_enrolment_routes(routes, context_);
    return routes;
}

Result<void> Orchestrator::start() {
    EK_CHECK(bus_.start());
    EK_CHECK(enrolment_.start());
    server_ = EK_TRY(http::Server::start(
        loop_.context(),
        {.listen = config_.rest, .certificate = config_.certificate, .key = config_.key},
        {.admit =
             [this](http::Request& request, const std::shared_ptr<http::Responder>& responder) {
                 return router_->admit(request, responder);
             },
         .serve =
             [this](http::Request request, const std::shared_ptr<http::Responder>& responder) {
                 router_->serve(std::move(request), responder);
             }}));
    state_->keep_clock();
    housekeeping_.turn(now_monotonic_ns());
    tick_ = loop_.after(kTick, [this] { tick(); });
    return {};
}

std::string Orchestrator::rest_address() const {
    return server_ ? server_->address() : "";
}

std::string Orchestrator::ready_line() const {
    return json::write(json::Object{{"ready", true},
                                    {"rest", rest_address()},
                                    {"bus", shown(config_.bus, bus_.port())},
                                    {"enrolment", shown(config_.enrolment, enrolment_.port())}});
}

void Orchestrator::stop(std::function<void()> done) {
    tick_.cancel();
    enrolment_.stop();
    // Answers that wait for the store or a host are let finish before both go.
    server_->stop(kGrace, [this, done = std::move(done)] {
        note_last_seen();
        bus_.stop();
        housekeeping_.release();
        reader_.stop();
        planner_.stop();
        state_->stop();
        done();
    });
}

void Orchestrator::tick() {
    ++ticks_;
    state_->keep_clock();
    housekeeping_.turn(now_monotonic_ns());
    if (housekeeping_.holds()) {
        expire_commands();
        expire_plans();
        if (ticks_ % kTicksPerPurge == 0) purge();
    }
    if (ticks_ % kTicksPerNote == 0) note_last_seen();
    tick_ = loop_.after(kTick, [this] { tick(); });
}

void Orchestrator::purge() {
    housekeeping_.submit(
        [](state::Edit& edit) { return state::throw_away_old(edit, {}); },
        [](const Result<void>& done) {
            if (done) return;
            log::error("old records could not be deleted", {{"error", done.error().what}});
        },
        store::Importance::freeing);
}

void Orchestrator::expire_plans() {
    const std::int64_t now = state_->clock().now_ms();
    const auto overdue = state_->read().and_then(
        [&](const state::Snapshot& view) { return view.plans().any_overdue(now); });
    if (!overdue || !*overdue) return;
    housekeeping_.submit(
        [now](state::Edit& edit) { return edit.plans().expire(now, kPlansExpiredMost); },
        [](const Result<void>& done) {
            if (done) return;
            log::error("overdue plans could not be expired", {{"error", done.error().what}});
        },
        store::Importance::urgent);
}

void Orchestrator::expire_commands() {
    if (!housekeeping_.holds()) return;
    const std::int64_t now = state_->clock().now_ms();
    const auto overdue = state_->read().and_then(
        [&](const state::Snapshot& view) { return view.commands().any_overdue(now); });
    if (!overdue || !*overdue) return;
    auto ended = std::make_shared<std::vector<state::Command>>();
    housekeeping_.submit(
        [now, ended](state::Edit& edit) -> Result<void> {
            *ended = EK_TRY(commands::expire(edit, now));
            return {};
        },
        [this, ended](const Result<void>& done) {
            if (!done)
                return log::error("overdue commands could not be expired",
                                  {{"error", done.error().what}});
            // If the agent has one, it need not carry it out any more.
            for (const state::Command& one : *ended) bus_.send_cancel(one.host, one.id);
            if (ended->size() == commands::kExpiredMost) expire_commands();
        },
        store::Importance::urgent);
}

// Heartbeats are not written; this keeps what is lost of them by a crash to a minute. What is not
// stored now is so after the host's next heartbeat.
void Orchestrator::note_last_seen() {
    for (;;) {
        auto times = presence_.take_unstored(kNotedAtOnce);
        if (times.empty()) return;
        state_->submit([times = std::move(times)](
                           state::Edit& edit) { return hosts::store_last_seen(edit, times); },
                       [](const Result<void>& done) {
                           if (done) return;
                           log::warning("when hosts were last seen is not stored",
                                        {{"error", done.error().what}});
                       });
    }
}

}  // namespace evenkeel
