#include "core/agent/agent.hpp"

#include <algorithm>
#include <utility>

#include <sys/stat.h>
#include <utime.h>

#include "core/agent/config/config.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/base/trusted_path.hpp"
#include "core/plugin/remote/remote_plugin.hpp"

namespace evenkeel::agent {
namespace {

// That of heartbeats, unless they are set otherwise: an idle agent wakes up once for both.
constexpr std::chrono::seconds kAliveInterval{10};
// What ends a run, and the checks after it, is over by then.
constexpr std::chrono::milliseconds kUntilQuiet{500};
constexpr std::chrono::seconds kBlindRetryPause{1};

// Its modification time tells until when the agent ran; it is set every ten seconds, without sync
// or transaction. It contains the store's stream, and is kept when the store is lost.
std::string alive_file(const std::string& state_dir) {
    return state_dir + "/alive";
}

std::string last_alive(const std::string& state_dir) {
    struct stat found = {};
    if (stat(alive_file(state_dir).c_str(), &found) != 0) return "";
    return to_rfc3339(found.st_mtim.tv_sec * 1000 + found.st_mtim.tv_nsec / 1'000'000);
}

}  // namespace

Result<std::unique_ptr<Agent>> Agent::open(run::Loop& loop, Options options) {
    EK_CHECK(require_trusted(options.state_dir));
    auto store = std::make_shared<AgentStore>(EK_TRY(AgentStore::open(options.state_dir)));
    EK_CHECK(make_folder(marks_folder(options.state_dir), 0700));
    AgentStore::Loaded loaded = EK_TRY(store->load());
    std::unique_ptr<Agent> agent(
        new Agent(loop, std::move(options), std::move(store), std::move(loaded)));
    return agent;
}

Agent::Agent(run::Loop& loop, Options options, std::shared_ptr<AgentStore> store,
             AgentStore::Loaded loaded)
    : loop_(loop),
      options_(std::move(options)),
      store_(std::move(store)),
      inbox_(std::move(loaded.inbox)),
      position_(std::move(loaded.position)),
      writer_(store_->env(), loop.poster(), options_.writer),
      journal_(*store_, writer_, loop, options_.outbox, options_.keeps_events),
      held_(options_.state_dir, std::move(loaded.held_collections), journal_),
      tracker_(catalog_, journal_, loop),
      checker_(catalog_, registry_, tracker_, loop, store_),
      repairs_(catalog_, tracker_, loop, options_.repairs),
      engine_({catalog_, registry_, journal_, tracker_, checker_, repairs_, loop, store_}),
      admission_(journal_, engine_),
      requests_(
          {catalog_, registry_, tracker_, checker_, engine_, admission_, journal_, loop, store_}),
      sweep_(catalog_, checker_, tracker_, loop, options_.sweep_interval),
      watches_({catalog_, registry_, journal_, checker_, held_, loop, store_}, options_.watches,
               [this](const std::string& from, const std::string& reason) {
                   report_blind(from, reason);
               }),
      memory_([store = store_] { return store->env().give_back(); }) {
    journal_.load(loaded);
    for (const Metadata& metadata : loaded.metadata) catalog_.put(metadata);
    for (const Observation& observation : loaded.observations) {
        CatalogEntry* entry = catalog_.find(observation.ref);
        if (!entry) continue;
        entry->status = observation.status;
        entry->observed_ms = from_rfc3339(observation.observed_at).value_or(0);
        entry->repairing = observation.repairing;
    }
    for (const PendingNotifications& pending : loaded.pending_notifications) catalog_.put(pending);
    for (const Tombstone& tombstone : loaded.tombstones) catalog_.put(tombstone);
    // Somebody is at work there: a repair could only wait for that and fail. When the work is over
    // there is a check, which asks for the repair again if it is still needed.
    repairs_.start = [this](const wire::Ref& ref) {
        if (checker_.is_unsettled(ref)) return repairs_.on_over(ref);
        engine_.repair(ref);
    };
    engine_.on_idle = [this] { give_memory_back_soon(); };
    requests_.on_release = [this](const std::string& collection,
                                  const std::function<void(const Result<void>&)>& done) {
        let_in(collection, done);
    };
    tracker_.on_noncompliant = [this](const wire::Ref& ref) { repairs_.need(ref); };
    tracker_.on_settled = [this](const wire::Ref& ref) { repairs_.wake(ref); };
    tracker_.on_unrecorded = [this](const wire::Ref& ref) {
        checker_.request(ref, CheckTrigger::check);
    };
    alive_before_ = last_alive(options_.state_dir);
}

Agent::~Agent() {
    stop();
}

// Most plugins take some milliseconds. The calls of one that takes longer wait in its lane behind
// its opening, so that nothing else has to wait for it.
void Agent::start(std::function<void()> ready) {
    auto left = std::make_shared<std::size_t>(registry_.size() + 1);
    const auto begin = [this, ready = std::move(ready)] {
        if (std::exchange(begun_, true)) return;
        late_plugins_.cancel();
        begin_work();
        ready();
    };
    const auto one_less = [left, begin] {
        if (--*left == 0) begin();
    };
    for (const auto& [name, runner] : registry_) open(*runner, one_less);
    late_plugins_ = loop_.after(options_.opening, [begin] {
        log::warning("the agent begins without waiting longer for its plugins");
        begin();
    });
    loop_.post(one_less);
}

// Watches are open: what changes from here on is noticed, what changed before is read now.
void Agent::begin_work() {
    for (auto& [ref, entry] : catalog_) {
        if (entry.metadata.policy == wire::Policy::off) continue;
        const CollectionRunner* runner = registry_.find(ref->collection);
        if (!runner) tracker_.unknown(entry, registry_.verdict_of_missing(ref->collection));
        if (runner && !runner->out_of_order_reason().empty())
            tracker_.unknown(entry, runner->verdict());
    }
    // A process that answers a single request does not do the daemon's work.
    if (!options_.watches.watch) return;
    admission_.resume(std::move(inbox_), std::move(position_));
    const std::string before = read_file(alive_file(options_.state_dir)).value_or("");
    const bool store_lost = !before.empty() && before != store_->stream();
    const std::string reason = store_lost ? "store_lost" : "restart";
    const bool was_blind = !alive_before_.empty() && (catalog_.size() != 0 || store_lost);
    checker_.round(CheckTrigger::sweep, [this, was_blind, reason] {
        engine_.run_pending_notifications();
        if (!was_blind) return begin_alive();
        report_blind(alive_before_, reason, [this] { begin_alive(); });
    });
    sweep_.start();
}

// Not before the blind time is reported: a process that ends until then leaves the whole of it to
// the next one.
void Agent::begin_alive() {
    if (stopped_) return;
    alive_ = true;
    const std::string path = alive_file(options_.state_dir);
    if (auto named = write_file(path, store_->stream(), 0600); !named) {
        log::warning("cannot note that the agent is alive", {{"why", named.error().what}});
    }
    note_alive();
}

void Agent::note_alive() {
    if (!write_alive()) log::warning("cannot note that the agent is alive");
    memory_.tick();
    for (const auto& [name, runner] : registry_)
        if (const plugin::RemotePlugin* process = runner->collection().process()) process->look();
    alive_timer_ = loop_.after_about(kAliveInterval, [this] { note_alive(); });
}

void Agent::give_memory_back_soon() {
    if (memory_timer_.pending()) return;
    memory_timer_ = loop_.after(kUntilQuiet, [this] { memory_.tick(); });
}

bool Agent::write_alive() const {
    const std::string path = alive_file(options_.state_dir);
    return utime(path.c_str(), nullptr) == 0;
}

void Agent::report_blind(const std::string& from, const std::string& reason,
                         std::function<void()> done) {
    const std::string to = now_rfc3339();
    // The clock may have been set back meanwhile.
    json::Object data{{"from", std::min(from, to)}, {"to", to}};
    data.append("count", nullptr);
    data.append("reason", reason);
    const auto retry = [this, from, reason, done](const Result<void>& stored) {
        if (stored) return done ? done() : void();
        const std::uint64_t number = ++blind_failures_;
        blind_retries_[number] = loop_.after(kBlindRetryPause, [this, number, from, reason, done] {
            blind_retries_.erase(number);
            report_blind(from, reason, done);
        });
    };
    journal_.commit({{wire::EventKind::agent_blind, std::move(data), {}, ""}}, {}, retry);
}

bool Agent::stop() {
    if (std::exchange(stopped_, true)) return true;
    alive_timer_.cancel();
    late_plugins_.cancel();
    memory_timer_.cancel();
    unopened_.clear();
    if (alive_) write_alive();
    const bool all = registry_.stop();
    writer_.stop();
    return all;
}

}  // namespace evenkeel::agent
