#include "core/agent/load_plugins.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "core/agent/store/agent_store.hpp"
#include "core/base/log.hpp"
#include "core/plugin/collection.hpp"
#include "core/plugin/load.hpp"
#include "core/schema/schema.hpp"
#include "core/schema/sensitive.hpp"

namespace evenkeel::agent {

namespace {

using Collections = std::vector<std::weak_ptr<plugin::Collection>>;

// Those that are loaded so far: a plugin that is loaded already may log from a thread of its own.
class LoadedCollections {
  public:
    void add(const std::shared_ptr<plugin::Collection>& collection) {
        const std::scoped_lock lock(mutex_);
        all_.push_back(collection);
    }
    Collections all() const {
        const std::scoped_lock lock(mutex_);
        return all_;
    }

  private:
    mutable std::mutex mutex_;
    Collections all_;
};

// Of the descriptions that may have one: others are not opened.
Result<secrets::SecretTexts> secrets_on_host(const AgentStore& store,
                                             const Collections& collections) {
    std::map<std::string, std::shared_ptr<plugin::Collection>> by_name;
    for (const auto& each : collections)
        if (auto collection = each.lock()) by_name.emplace(collection->name(), collection);
    const auto schema_of = [&](const Metadata& metadata) {
        const auto found = by_name.find(metadata.ref.collection);
        return found == by_name.end() ? nullptr : &found->second->schema();
    };
    secrets::SecretTexts all;
    EK_CHECK(store.each_description(
        [&](const Metadata& metadata) {
            const schema::Schema* schema = schema_of(metadata);
            return metadata.sensitive || !schema || !schema->sensitive().root().empty();
        },
        [&](const Description& description) {
            for (auto& text :
                 secrets::secret_texts(schema_of(description.metadata), description.body))
                all.push_back(std::move(text));
        }));
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return a.size() > b.size(); });
    return all;
}

// One that is not there is passed over, so a typing error would show as plugins that are missing.
void warn_of_missing_folders(Agent& agent, const std::vector<std::string>& folders) {
    for (const std::string& folder : folders) {
        std::error_code error;
        std::filesystem::directory_iterator(folder, error);
        if (!error) continue;
        const std::string why =
            "the plugin folder " + folder + " is passed over: " + error.message();
        log::warning(why);
        agent.registry().warn(why);
    }
}

}  // namespace

void load_plugins(Agent& agent, const Config& config, bool accept_own_user) {
    plugin::LoadOptions options;
    options.data_dir = config.state_dir + "/plugins";
    options.accept_own_user = accept_own_user;
    options.require_signatures = config.require_signatures;
    options.keys = config.plugin_keys;
    // Shared with the plugins, which live as long as the process.
    options.fingerprint = [sealer = std::make_shared<crypto::Sealer>(agent.store().sealer())](
                              const std::string& bytes) { return sealer->fingerprint(bytes); };
    warn_of_missing_folders(agent, config.plugin_dirs);
    const auto loaded = std::make_shared<LoadedCollections>();
    options.known_secrets = [&store = agent.store(), loaded] {
        return secrets_on_host(store, loaded->all());
    };
    options.agent_version = EVENKEEL_VERSION;
    options.configurations = config.collections;
    const std::vector<std::string> names =
        config.plugins ? *config.plugins : plugin::available(config.plugin_dirs);
    for (const std::string& name : names) {
        auto collections = plugin::load(config.plugin_dirs, name, options);
        if (!collections) {
            agent.refuse(name, collections.error().what);
            continue;
        }
        for (auto& collection : *collections) {
            const std::shared_ptr<plugin::Collection> shared = std::move(collection);
            loaded->add(shared);
            agent.add(shared);
        }
    }
    for (const auto& [name, configuration] : config.collections) {
        if (agent.registry().find(name)) continue;
        agent.registry().refuse({name, "",
                                 "the configuration has collections." + name +
                                     ", and no plugin that is loaded serves it"});
    }
}

}  // namespace evenkeel::agent
