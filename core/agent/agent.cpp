#include "core/agent/agent.hpp"

#include <utility>

#include <sys/stat.h>
#include <utime.h>

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::chrono::seconds kAliveInterval{5};

std::string marks_folder(const std::string& state_dir) {
    return state_dir + "/calls";
}
// Its time of change says until when the agent ran: no sync, no transaction, every five seconds. It
// names the store's stream, and outlives the store.
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
    auto store = std::make_shared<AgentStore>(EK_TRY(AgentStore::open(options.state_dir)));
    EK_CHECK(make_folder(marks_folder(options.state_dir), 0700));
    AgentStore::Loaded loaded = EK_TRY(store->load());
    std::unique_ptr<Agent> agent(
        new Agent(loop, std::move(options), std::move(store), std::move(loaded)));
    agent->hold_the_guilty();
    return agent;
}

Agent::Agent(run::Loop& loop, Options options, std::shared_ptr<AgentStore> store,
             AgentStore::Loaded loaded)
    : loop_(loop),
      options_(std::move(options)),
      store_(std::move(store)),
      loaded_(std::move(loaded)),
      writer_(store_->env(), loop.poster()),
      journal_(*store_, writer_, loop, options_.outbox, options_.keeps_events),
      judge_(book_, journal_, loop),
      checker_(book_, units_, judge_, loop, store_),
      repairs_(book_, judge_, loop, options_.repairs),
      engine_({book_, units_, journal_, judge_, checker_, repairs_, loop, store_}),
      admission_(journal_, engine_, loop),
      requests_({book_, units_, judge_, checker_, engine_, admission_, journal_, loop, store_}),
      sweep_(book_, checker_, judge_, loop, options_.sweep_interval) {
    journal_.load(loaded_);
    for (const Head& head : loaded_.heads) book_.put(head);
    for (const Observation& observation : loaded_.observations) {
        Record* record = book_.find(observation.ref);
        if (!record) continue;
        record->standing = observation.standing;
        record->observed_at = observation.observed_at;
        record->repairing = observation.repairing;
    }
    for (const Debt& debt : loaded_.debts) book_.put(debt);
    for (const Removal& removal : loaded_.removals) {
        book_.removals[removal.ref] = removal.generation;
    }
    for (Hold& hold : loaded_.holds) holds_[hold.collection] = std::move(hold);
    repairs_.start = [this](const wire::Ref& ref) { engine_.repair(ref); };
    judge_.on_out_of_line = [this](const wire::Ref& ref) { repairs_.need(ref); };
    judge_.on_settled = [this](const wire::Ref& ref) { repairs_.wake(ref); };
    alive_before_ = last_alive(options_.state_dir);
}

Agent::~Agent() {
    stop();
}

// A plugin in whose call the last process ended is kept out until an administrator, or another
// version of it, gives it a new chance: else the agent would end in the same call for ever.
void Agent::hold_the_guilty() {
    for (const LostCall& lost : take_lost_calls(marks_folder(options_.state_dir))) {
        log::warning("the last run ended in a plugin's call",
                     {{"collection", lost.collection},
                      {"call", lost.what},
                      {"signal", std::to_string(lost.signal)}});
        if (!lost.guilty()) continue;
        const std::string how = lost.signal != 0
                                    ? "crashed with signal " + std::to_string(lost.signal)
                                    : "ended " + std::to_string(lost.endings) + " times in a row";
        holds_[lost.collection] = {lost.collection, "",
                                   "the agent " + how + " in the " + lost.what +
                                       "; after mending the plugin run: evenkeel-agent plugins "
                                       "--release " +
                                       lost.collection};
    }
}

void Agent::refuse(std::string plugin, std::string reason) {
    units_.refuse({"", std::move(plugin), std::move(reason)});
}

std::shared_ptr<CallMark> Agent::open_mark(const std::string& collection,
                                           const std::string& lane) const {
    const std::string file = percent_encode(collection) + lane;
    auto mark = CallMark::open(marks_folder(options_.state_dir) + "/" + file);
    if (mark) return *mark;
    log::warning("calls are not marked", {{"why", mark.error().what}});
    return nullptr;
}

void Agent::add(std::shared_ptr<plugin::Collection> collection) {
    const std::string name = collection->name();
    const std::string version = collection->plugin();
    Unit::Marks marks{open_mark(name, ""), collection->parallel() ? open_mark(name, "+") : nullptr};
    Unit* unit = units_.add(std::make_unique<Unit>(loop_, std::move(collection), std::move(marks)));
    if (!unit) return;
    unit->grace = options_.grace;
    unit->longest_call = options_.longest_check;
    unit->silence = options_.silence;
    unit->on_hung = [this, name] { judge_.unknown_all(name, "plugin_hung"); };
    if (const auto trouble = unit->collection().trouble()) {
        log::error("a collection is unavailable", {{"collection", name}, {"why", trouble->what}});
        return unit->hold(trouble->what, "no_plugin");
    }
    const auto found = holds_.find(name);
    if (found == holds_.end()) return;
    Hold& hold = found->second;
    if (!hold.plugin.empty() && hold.plugin != version) {
        journal_.commit({},
                        [&store = *store_, name](store::WriteTxn& txn, const auto&) {
                            return store.drop_hold(txn, name);
                        },
                        {});
        return;
    }
    if (hold.plugin.empty()) {
        hold.plugin = version;
        journal_.commit({},
                        [&store = *store_, hold](store::WriteTxn& txn, const auto&) {
                            return store.put(txn, hold);
                        },
                        {});
    }
    log::error("a plugin is held", {{"plugin", version}, {"why", hold.reason}});
    unit->hold(hold.reason, "plugin_hung");
}

void Agent::open_watch(Unit& unit, std::function<void()> done) {
    std::vector<Head> heads;
    for (const std::string& id : book_.ids_of(unit.name())) {
        heads.push_back(book_.find({unit.name(), id})->head);
    }
    plugin::OnHint on_hint;
    if (options_.watches) {
        on_hint = [this, post = loop_.poster(), name = unit.name()](plugin::Hint hint,
                                                                    const std::string& id) {
            post([this, hint, name, id] { this->on_hint(hint, name, id); });
        };
    }
    unit.run<Opened>(
        Errand("opening of the watch"),
        [store = store_, heads, on_hint](Workplace& place, const plugin::Call&) {
            return agent::open_watch(place, *store, heads, on_hint);
        },
        [this, &unit, done = std::move(done)](const Result<Opened>& opened) {
            if (opened) take_opened(unit, *opened);
            done();
        });
}

void Agent::take_opened(Unit& unit, const Opened& opened) {
    for (const Description& upgraded : opened.upgraded) {
        if (Record* record = book_.find(upgraded.head.ref)) record->head = upgraded.head;
        journal_.commit({},
                        [&store = *store_, upgraded](store::WriteTxn& txn, const auto&) {
                            return store.put(txn, upgraded);
                        },
                        {});
    }
    if (options_.watches && unit.collection().watches() && opened.unwatched > 0) {
        log::warning("resources without a watch",
                     {{"collection", unit.name()}, {"count", std::to_string(opened.unwatched)}});
        tell_blind(now_rfc3339(), "watch_lost");
    }
}

void Agent::start(std::function<void()> ready) {
    auto left = std::make_shared<std::size_t>(units_.size() + 1);
    const auto one_less = [this, left, ready = std::move(ready)] {
        if (--*left != 0) return;
        begin_work();
        ready();
    };
    for (const auto& [name, unit] : units_) open_watch(*unit, one_less);
    loop_.post(one_less);
}

// Watches are open: what changes from here on is noticed, what changed before is read now.
void Agent::begin_work() {
    for (auto& [ref, record] : book_) {
        if (record.head.policy == wire::Policy::off) continue;
        const Unit* unit = units_.find(ref.collection);
        if (!unit) judge_.unknown(record, "no_plugin");
        if (unit && !unit->out_of_order().empty()) judge_.unknown(record, unit->verdict());
    }
    // A single command of an administrator leaves the daemon's work to the daemon.
    if (!options_.watches) return;
    admission_.resume(std::move(loaded_.inbox), std::move(loaded_.mark));
    std::vector<wire::Ref> all;
    for (const auto& [ref, record] : book_) all.push_back(ref);
    const std::string before = read_file(alive_file(options_.state_dir)).value_or("");
    const bool store_lost = !before.empty() && before != store_->stream();
    const std::string reason = store_lost ? "store_lost" : "restart";
    const bool was_blind = !alive_before_.empty() && (!all.empty() || store_lost);
    checker_.round(std::move(all), Cause::sweep, [this, was_blind, reason] {
        engine_.pay_debts();
        if (was_blind) tell_blind(alive_before_, reason);
    });
    sweep_.start();
    const std::string path = alive_file(options_.state_dir);
    if (auto named = write_file(path, store_->stream(), 0600); !named) {
        log::warning("cannot note that the agent is alive", {{"why", named.error().what}});
    }
    const auto note = [this](const auto& self) -> void {
        if (!write_alive()) log::warning("cannot note that the agent is alive");
        alive_timer_ = loop_.after(kAliveInterval, [self] { self(self); });
    };
    note(note);
}

bool Agent::write_alive() const {
    const std::string path = alive_file(options_.state_dir);
    return utime(path.c_str(), nullptr) == 0;
}

void Agent::tell_blind(const std::string& from, const std::string& reason) {
    journal_.commit(
        {{"agent.blind",
          json::Object{
              {"from", from}, {"to", now_rfc3339()}, {"count", nullptr}, {"reason", reason}},
          {},
          ""}},
        {}, {});
}

void Agent::on_hint(plugin::Hint hint, const std::string& collection, const std::string& id) {
    if (stopped_) return;
    switch (hint) {
        case plugin::Hint::unsettled:
            return checker_.unsettled({collection, id});
        case plugin::Hint::missed:
            checker_.settled(collection, "");
            return on_lost_sight(collection);
        case plugin::Hint::changed:
            checker_.settled(collection, id);
            if (id.empty()) return checker_.ask_collection(collection, Cause::event);
            return checker_.ask({collection, id}, Cause::event);
    }
}

// The plugin could not follow: everything is read again, by a new watch if the old one is lost.
void Agent::on_lost_sight(const std::string& collection) {
    Unit* unit = units_.find(collection);
    if (!unit) return;
    const std::string from = now_rfc3339();
    const auto look = [this, collection, from](const std::string& reason) {
        std::vector<wire::Ref> refs;
        for (const std::string& id : book_.ids_of(collection)) refs.push_back({collection, id});
        checker_.round(std::move(refs), Cause::sweep,
                       [this, from, reason] { tell_blind(from, reason); });
    };
    unit->run<bool>(
        Errand("question whether the watch is lost"),
        [](Workplace& place, const plugin::Call&) {
            const auto watch = place.watch();
            return !watch || watch->lost();
        },
        [this, unit, look](const Result<bool>& lost) {
            if (!lost) return;
            if (!*lost) return look("queue_overflow");
            open_watch(*unit, [look] { look("watch_lost"); });
        });
}

bool Agent::stop() {
    if (std::exchange(stopped_, true)) return true;
    alive_timer_.cancel();
    if (options_.watches) write_alive();
    const bool all = units_.stop();
    writer_.stop();
    return all;
}

}  // namespace evenkeel::agent
