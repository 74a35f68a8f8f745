#pragma once

#include <map>

#include "core/agent/lanes/collection_runner.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {

// The collections that this machine has, and the plugins that it refused. [loop]
class CollectionRegistry {
  public:
    // A plugin that was not loaded, or a collection that is configured and not there, or whose
    // plugin is held.
    struct Refused {
        std::string collection, plugin;  // both: it is held
        std::string reason;
    };

    CollectionRunner* find(const std::string& collection) const;
    // Whether it is here, or was refused by its name.
    bool knows(const std::string& collection) const;
    // Whether calls to the collection are possible.
    bool usable(const std::string& collection) const;
    // Whether the schema of `collection` names `other` by x-ek-after, itself or through others.
    bool comes_after(const std::string& collection, const std::string& other) const;
    // Takes it in; the first one of a name stays, a second is refused.
    CollectionRunner* add(std::unique_ptr<CollectionRunner> runner);
    void refuse(Refused refused);
    // The plugin ("cron") that serves this collection and was not loaded because it is held; empty:
    // none.
    std::string held_plugin(const std::string& collection) const;
    // Of a collection that is not here: that its plugin is held and why, or that there is none; and
    // how it counts for its resources.
    Error why_missing(const std::string& collection) const;
    wire::UnknownReason verdict_of_missing(const std::string& collection) const;
    // The plugin ("files") was loaded after all.
    void forget_refusals(const std::string& plugin);
    // Adds to what describe() says of where plugins were looked for.
    void warn(std::string what) { warnings_.push_back(std::move(what)); }
    // Why the files of the plugin ("cron") are not used as they are now; empty: they are used, or
    // are gone. describe() says it until the next call for that plugin.
    void warn_of_files(const std::string& plugin, const std::string& why);

    // Asks running calls to stop, and begins no more.
    void interrupt();

    auto begin() const { return runners_.begin(); }
    auto end() const { return runners_.end(); }
    std::size_t size() const { return runners_.size(); }

    // For the hello.
    std::vector<wire::CollectionInfo> infos() const;
    // {"plugins":[...],"warnings":[...]} for people.
    json::Value describe() const;
    // Ends all lanes; false when one had to be left behind.
    bool stop();

  private:
    const Refused* held(const std::string& collection) const;  // null: it is not
    std::map<std::string, std::unique_ptr<CollectionRunner>> runners_;
    std::vector<Refused> refused_;
    std::vector<std::string> warnings_;
    std::map<std::string, std::string> files_not_used_;  // why, by plugin
};

}  // namespace evenkeel::agent
