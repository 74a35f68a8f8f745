#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/agent/agent.hpp"
#include "core/base/log.hpp"
#include "core/base/may_pass.hpp"
#include "core/plugin/remote/remote_plugin.hpp"

// The plugins of an agent: how they come, are replaced, held and let in.
namespace evenkeel::agent {

void Agent::refuse(std::string plugin, std::string reason) {
    registry_.refuse({"", std::move(plugin), std::move(reason)});
}

void Agent::add(std::shared_ptr<plugin::Collection> collection) {
    using Calls = HeldPlugins::Calls;
    const std::string name = collection->name();
    const std::string plugin = collection->plugin();
    CollectionRunner::Marks marks;
    // What runs in a process of its own cannot end this one.
    if (collection->process() == nullptr) {
        marks.changes = held_.open_mark(name, plugin, Calls::changes);
        if (collection->parallel()) marks.reads = held_.open_mark(name, plugin, Calls::reads);
        if (collection->watches())
            collection->mark_watch(held_.open_mark(name, plugin, Calls::watch));
    }
    CollectionRunner* runner = registry_.add(
        std::make_unique<CollectionRunner>(loop_, std::move(collection), std::move(marks)));
    if (!runner) return;
    runner->grace = options_.grace;
    runner->longest_call = options_.longest_check;
    runner->silence = options_.silence;
    runner->on_hung = [this, name] {
        unopened_.erase(name);
        tracker_.unknown_all(name, wire::UnknownReason::plugin_hung);
    };
    const auto held = held_.reason(name, plugin);
    if (!held) return;
    log::error("a plugin is held", {{"plugin", plugin}, {"why", *held}});
    runner->put_out_of_order(*held, wire::UnknownReason::plugin_hung);
}

void Agent::open_late(CollectionRunner& runner) {
    if (const auto found = unopened_.find(runner.name()); found != unopened_.end())
        found->second.next.cancel();
    // A stamp means nothing to another instance.
    for (const std::string& id : catalog_.ids_of(runner.name()))
        catalog_.find({runner.name(), id})->stamp.clear();
    open(runner, [this, name = runner.name()] {
        // The work begins with a look at everything.
        if (begun_) checker_.round(name, CheckTrigger::sweep, [] {});
    });
}

Result<void> Agent::replace(const std::string& plugin,
                            const std::vector<std::shared_ptr<plugin::Collection>>& collections) {
    registry_.forget_refusals(plugin);
    std::set<std::string> served;
    Result<void> all = {};
    for (const auto& collection : collections) {
        served.insert(collection->name());
        if (auto one = serve(plugin, collection); !one) all = std::move(one);
    }
    for (const auto& [name, runner] : registry_) {
        const plugin::RemotePlugin* process = runner->collection().process();
        if (!process || process->name() != plugin || served.count(name) != 0) continue;
        runner->put_out_of_order(
            "the plugin " + plugin + " was replaced by one that does not serve it",
            wire::UnknownReason::no_plugin);
        tracker_.unknown_all(name, wire::UnknownReason::no_plugin);
        unopened_.erase(name);
    }
    if (on_collections) on_collections();
    return all;
}

Result<void> Agent::serve(const std::string& plugin,
                          const std::shared_ptr<plugin::Collection>& collection) {
    const std::string& name = collection->name();
    CollectionRunner* runner = registry_.find(name);
    const bool is_its_own = runner && runner->collection().plugin().starts_with(plugin + " ");
    if (!is_its_own) {
        add(collection);  // which is refused if another plugin serves it
        if (runner)
            return fail(Errc::conflict, "the collection " + name + " is served by " +
                                            runner->collection().plugin() + " already");
        runner = registry_.find(name);
    } else if (!runner->replace(collection)) {
        return fail(Errc::conflict, collection->plugin() + " does not serve the collection " +
                                        name + " yet: restart the agent to use it");
    } else {
        held_.let_in(name);
    }
    log::info("a plugin serves a collection in a new process",
              {{"collection", name}, {"plugin", collection->plugin()}});
    open_late(*runner);
    return {};
}

void Agent::hold(const std::string& plugin, const std::string& why) {
    for (const auto& [name, runner] : registry_) {
        const plugin::RemotePlugin* process = runner->collection().process();
        if (process == nullptr || process->name() != plugin) continue;
        unopened_.erase(name);
        held_.hold(name, runner->collection().plugin(), why);
        runner->put_out_of_order(*held_.reason(name, runner->collection().plugin()),
                                 wire::UnknownReason::plugin_hung);
        log::error("a plugin is held", {{"collection", name}, {"why", why}});
        tracker_.unknown_all(name, wire::UnknownReason::plugin_hung);
    }
}

void Agent::let_in(const std::string& collection,
                   const std::function<void(const Result<void>&)>& done) {
    const bool was_held = held_.let_in(collection);
    CollectionRunner* runner = registry_.find(collection);
    const std::string not_loaded = runner ? "" : registry_.held_plugin(collection);
    if (!not_loaded.empty() && load_held) return load_held(not_loaded, done);
    if (!runner && !was_held) return done(fail(registry_.why_missing(collection)));
    if (runner && !was_held && runner->out_of_order_reason().empty())
        return done(fail(Errc::not_found, "the plugin of " + collection + " is not held"));
    plugin::RemotePlugin* process = runner ? runner->collection().process() : nullptr;
    if (!runner || (process == nullptr && !unopened_.contains(collection)))
        return done(fail(Errc::conflict, "it is tried at the next start"));
    if (process != nullptr) process->release();
    runner->put_in_order();
    open_late(*runner);
    done({});
}

// A plugin that does not come back from its opening hangs in the first call of its lane, as in any
// other call.
void Agent::open(CollectionRunner& runner, const std::function<void()>& done) {
    runner.run<std::optional<Error>>(
        PluginCall("opening of the collection"),
        [](LaneContext& lane, const plugin::Call& call) { return lane.collection->open(call); },
        [this, &runner, asked = &runner.collection(),
         done](const Result<std::optional<Error>>& opened) {
            if (!opened) return done();                        // it is held, or hangs
            if (&runner.collection() != asked) return done();  // and was replaced meanwhile
            if (*opened) {
                on_not_open(runner, **opened);
                return done();
            }
            // An earlier attempt may have failed after this one was asked for.
            if (unopened_.erase(runner.name()) > 0) runner.put_in_order();
            watches_.open(runner, done);
        });
}

void Agent::on_not_open(CollectionRunner& runner, const Error& error) {
    const std::string& name = runner.name();
    if (held_.reason(name, runner.collection().plugin())) return;  // which says why
    runner.put_out_of_order(error.what, wire::UnknownReason::no_plugin);
    if (begun_) tracker_.unknown_all(name, wire::UnknownReason::no_plugin);
    const auto pauses = run::Backoff::without_jitter(options_.shortest_opening_pause,
                                                     options_.longest_opening_pause);
    Unopened& unopened = unopened_.try_emplace(name, Unopened{pauses, "", {}}).first->second;
    if (std::exchange(unopened.why, error.what) != error.what)
        log::error("a collection is unavailable", {{"collection", name}, {"why", error.what}});
    if (!options_.watches.watch || !may_pass(error.code)) return;
    unopened.next = loop_.after(unopened.pauses.next(), [this, name] { open_again(name); });
}

void Agent::open_again(const std::string& collection) {
    CollectionRunner* runner = registry_.find(collection);
    if (!runner || held_.reason(collection, runner->collection().plugin())) return;
    runner->put_in_order();
    open_late(*runner);
}

}  // namespace evenkeel::agent
