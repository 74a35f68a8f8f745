#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/compliance/sweep.hpp"
#include "core/agent/held_plugins.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/memory_keeper.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/requests/requests.hpp"
#include "core/agent/runs/admission.hpp"
#include "core/agent/runs/engine.hpp"
#include "core/agent/runs/repair_scheduler.hpp"
#include "core/agent/store/journal.hpp"
#include "core/agent/uplink/uplink_parts.hpp"
#include "core/agent/watches.hpp"
#include "core/run/backoff.hpp"
#include "core/run/loop.hpp"
#include "core/store/writer.hpp"

namespace evenkeel::agent {

// Puts the parts together that keep one machine as described. They are members in the order in
// which they are built, and each uses only those before it. Independent of bus and socket. Opening
// reads the whole store except bodies and states. [loop]
class Agent {
  public:
    struct Options {
        std::string state_dir;
        Watches::Options watches;   // none: nothing is noticed, one command and the end
        bool keeps_events = false;  // for an orchestrator
        std::chrono::milliseconds sweep_interval = std::chrono::minutes(10);
        Outbox::Limits outbox;
        RepairScheduler::Options repairs;
        std::chrono::milliseconds grace{2'000};  // past the deadline of a plugin call
        std::chrono::milliseconds longest_check{60'000};
        std::chrono::milliseconds silence{120'000};  // of a plugin call that is taken for hung
        // How long the start waits for plugins to open.
        std::chrono::milliseconds opening{10'000};
        // Before a collection that could not be opened is opened again: doubles up to the longest.
        std::chrono::milliseconds shortest_opening_pause{1'000};
        std::chrono::milliseconds longest_opening_pause{300'000};
        store::Writer::Options writer = {};
    };

    // Opens the store and reads it. `busy` when another process has it.
    static Result<std::unique_ptr<Agent>> open(run::Loop& loop, Options options);
    ~Agent();
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    // Adds a collection, open or not; it gets no calls when its plugin is held.
    void add(std::shared_ptr<plugin::Collection> collection);
    void refuse(std::string plugin, std::string reason);
    // Another version of a plugin has been loaded, into a process of its own: these are its
    // collections, not open yet. Nothing that was asked of the old one is lost. The error: why one
    // of them is not served.
    Result<void> replace(const std::string& plugin,
                         const std::vector<std::shared_ptr<plugin::Collection>>& collections);
    // The process of the plugin ("cron") has ended too often.
    void hold(const std::string& plugin, const std::string& why);
    // Loads a plugin ("cron") that was held and is not loaded; `done` is told that it serves its
    // collections, or why not; `conflict`: it is tried at the next start. May be empty: all are
    // tried at the next start only.
    std::function<void(const std::string& plugin, std::function<void(const Result<void>&)> done)>
        load_held;
    // The collections that there are have changed; may be empty.
    std::function<void()> on_collections;
    // Opens collections and watches, then checks everything, goes on with commands; `ready` comes
    // when all are open, or have had their time.
    void start(std::function<void()> ready);
    // Ends lanes and writer; false when a lane had to be left behind, and the process must end
    // without destructors.
    bool stop();

    Requests& requests() { return requests_; }
    Admission& admission() { return admission_; }
    Journal& journal() { return journal_; }
    Catalog& catalog() { return catalog_; }
    CollectionRegistry& registry() { return registry_; }
    HeldPlugins& held() { return held_; }
    Engine& engine() { return engine_; }
    ComplianceTracker& tracker() { return tracker_; }
    AgentStore& store() { return *store_; }
    // For who may outlive this.
    std::shared_ptr<const AgentStore> shared_store() const { return store_; }
    run::Post poster() { return loop_.poster(); }
    // How long after its deadline a plugin's call may take to notice.
    std::chrono::milliseconds grace() const { return options_.grace; }
    UplinkParts uplink_parts() {
        return {admission_, catalog_, registry_, tracker_, journal_, requests_};
    }

  private:
    Agent(run::Loop& loop, Options options, std::shared_ptr<AgentStore> store,
          AgentStore::Loaded loaded);

    void open(CollectionRunner& runner, const std::function<void()>& done);
    // In place of the version of that plugin that serves it, if one does.
    Result<void> serve(const std::string& plugin,
                       const std::shared_ptr<plugin::Collection>& collection);
    // Opens it after the start, and looks at what it serves.
    void open_late(CollectionRunner& runner);
    void on_not_open(CollectionRunner& runner, const Error& error);
    void open_again(const std::string& collection);
    void let_in(const std::string& collection,
                const std::function<void(const Result<void>&)>& done);
    // Tried until it is stored; then `done` is called, which may be empty.
    void report_blind(const std::string& from, const std::string& reason,
                      std::function<void()> done = {});
    void begin_work();
    void begin_alive();
    void note_alive();
    void give_memory_back_soon();
    bool write_alive() const;

    run::Loop& loop_;
    Options options_;
    std::shared_ptr<AgentStore> store_;
    std::vector<InboxCommand> inbox_;  // unfinished; taken on when the work begins
    wire::StreamPosition position_;
    store::Writer writer_;
    Journal journal_;
    HeldPlugins held_;
    Catalog catalog_;
    CollectionRegistry registry_;
    ComplianceTracker tracker_;
    Checker checker_;
    RepairScheduler repairs_;
    Engine engine_;
    Admission admission_;
    Requests requests_;
    Sweep sweep_;
    Watches watches_;
    MemoryKeeper memory_;
    run::Timer memory_timer_;
    std::string alive_before_;  // RFC 3339: when the last process was last seen alive
    bool alive_ = false;        // from now on the file says so
    run::Timer alive_timer_;
    run::Timer late_plugins_;
    // Of a collection that could not be opened.
    struct Unopened {
        run::Backoff pauses;
        std::string why;
        run::Timer next;  // empty where trying again changes nothing
    };
    std::map<std::string, Unopened> unopened_;  // by collection
    bool begun_ = false;
    std::uint64_t blind_failures_ = 0;
    std::map<std::uint64_t, run::Timer> blind_retries_;
    bool stopped_ = false;
};

}  // namespace evenkeel::agent
