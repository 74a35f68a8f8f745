#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/compliance/hint_inbox.hpp"
#include "core/agent/held_plugins.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/store/journal.hpp"
#include "core/run/backoff.hpp"

namespace evenkeel::agent {

// The watches of the collections: opens them, acts on their hints, and opens those again that are
// lost, after longer and longer pauses when that happens again and again. [loop]
class Watches {
  public:
    struct Parts {
        Catalog& catalog;
        CollectionRegistry& registry;
        Journal& journal;
        Checker& checker;
        HeldPlugins& held;
        run::Loop& loop;
        std::shared_ptr<const AgentStore> store;
    };
    struct Options {
        bool watch = true;  // else nothing is watched, and opening just brings descriptions up
        std::chrono::milliseconds shortest_pause{1'000};
        std::chrono::milliseconds longest_pause{300'000};
    };
    // Nobody has looked since `from` (RFC 3339), and now somebody does again.
    using Blind = std::function<void(const std::string& from, const std::string& reason)>;

    Watches(Parts parts, Options options, Blind blind);
    ~Watches();
    Watches(const Watches&) = delete;
    Watches& operator=(const Watches&) = delete;

    // Opens the collection's watch, or none, and brings its descriptions up to the plugin's schema.
    void open(CollectionRunner& runner, std::function<void()> done);

  private:
    // Of a watch whose events were lost, until everything is read again.
    struct Loss {
        explicit Loss(const Options& options);
        bool busy = false, again = false;
        std::string from;
        std::uint64_t over_ns = 0;  // when the last one was
        run::Backoff pauses;
        run::Timer pause;
    };

    void on_hint(plugin::Hint hint, const std::string& collection, const std::string& id);
    void on_opened(CollectionRunner& runner, const OpenedWatch& opened);
    void keep(const Description& upgraded);
    void on_missed(const std::string& collection);
    void find_out(const std::string& collection);
    void look_again(const std::string& collection, const std::string& reason);
    void on_looked(const std::string& collection);
    std::chrono::milliseconds pause_before(Loss& loss, const std::string& collection) const;
    Loss& loss_of(const std::string& collection);

    Parts parts_;
    const Options options_;
    Blind blind_;
    std::map<std::string, std::shared_ptr<HintInbox>> inboxes_;
    std::map<std::string, Loss> losses_;
};

}  // namespace evenkeel::agent
