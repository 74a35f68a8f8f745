#include "core/agent/load_plugins.hpp"

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <utility>

#include "core/agent/store/agent_store.hpp"
#include "core/base/log.hpp"
#include "core/plugin/collection.hpp"
#include "core/plugin/load.hpp"
#include "core/plugin/package.hpp"
#include "core/run/lane.hpp"
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

constexpr std::chrono::milliseconds kLoadingMost{20'000};

// Loads the code of plugins on a thread of their own: what they do by themselves may hang.
class CodeLoader {
  public:
    explicit CodeLoader(std::chrono::milliseconds patience) : patience_(patience) {}

    // `timeout` when it did not come back, which its mark says then; `internal` without a mark.
    Result<void> load(const plugin::Package& package, std::shared_ptr<plugin::CallMark> mark) {
        const std::string what = "loading";
        auto promise = std::make_shared<std::promise<Result<void>>>();
        auto loaded = promise->get_future();
        EK_CHECK(lane_.submit([package, mark, what, promise] {
            if (mark) mark->begin(what);
            auto result = plugin::load_code(package);
            if (mark) mark->end();
            promise->set_value(std::move(result));
        }));
        // In steps, so that a process that was stopped meanwhile blames nobody.
        constexpr int kSteps = 20;
        for (int step = 0; step < kSteps; ++step)
            if (loaded.wait_for(patience_ / kSteps) == std::future_status::ready)
                return loaded.get();
        if (mark) mark->hangs();
        lane_.abandon();
        hangs_ = true;
        return fail(mark ? Errc::timeout : Errc::internal,
                    "the plugin " + package.name + " did not come back from its loading");
    }

    // Whether one did not come back: its thread has the dynamic linker's lock.
    bool hangs() const { return hangs_; }

  private:
    const std::chrono::milliseconds patience_;
    bool hangs_ = false;
    run::Lane lane_{{.name = "plugin-loader"}};
};

plugin::LoadOptions options_for(Agent& agent, const Config& config, bool accept_own_user,
                                const std::shared_ptr<LoadedCollections>& loaded) {
    plugin::LoadOptions options;
    options.data_dir = config.state_dir + "/plugins";
    options.accept_own_user = accept_own_user;
    // Shared with the plugins, which live as long as the process.
    options.fingerprint = [sealer = std::make_shared<crypto::Sealer>(agent.store().sealer())](
                              const std::string& bytes) { return sealer->fingerprint(bytes); };
    options.known_secrets = [&store = agent.store(), loaded] {
        return secrets_on_host(store, loaded->all());
    };
    options.agent_version = EVENKEEL_VERSION;
    options.configurations = config.collections;
    return options;
}

// Whether the plugin is kept out, which is said for each of its collections then.
bool is_held(Agent& agent, const plugin::Package& package) {
    const std::string plugin = package.name + " " + package.version;
    const auto why = agent.held().reason_not_to_load(package.collections, plugin);
    if (!why) return false;
    for (const std::string& collection : package.collections)
        agent.registry().refuse({collection, plugin, *why});
    return true;
}

// The error is one of the whole process; what is wrong with the plugin is told to the agent.
Result<void> load_plugin(Agent& agent, const std::vector<std::string>& folders,
                         const std::string& name, const plugin::LoadOptions& options,
                         CodeLoader& loader, LoadedCollections& all) {
    const auto refuse = [&](const Error& error) -> Result<void> {
        agent.refuse(name, error.what);
        return {};
    };
    const auto package = plugin::find_package(folders, name, options.accept_own_user);
    if (!package) return refuse(package.error());
    if (is_held(agent, *package)) return {};
    const std::string& marked = package->collections.empty() ? name : package->collections.front();
    const auto code =
        loader.load(*package, agent.held().open_mark(marked, package->name + " " + package->version,
                                                     HeldPlugins::Calls::loading));
    if (loader.hangs()) return fail(code.error());
    if (!code) return refuse(code.error());
    auto collections = plugin::collections_of(*package, options);
    if (!collections) return refuse(collections.error());
    for (auto& collection : *collections) {
        const std::shared_ptr<plugin::Collection> shared = std::move(collection);
        all.add(shared);
        agent.add(shared);
    }
    return {};
}

}  // namespace

Result<void> load_plugins(Agent& agent, const Config& config, bool accept_own_user) {
    warn_of_missing_folders(agent, config.plugin_dirs);
    const auto loaded = std::make_shared<LoadedCollections>();
    const plugin::LoadOptions options = options_for(agent, config, accept_own_user, loaded);
    CodeLoader loader(std::min(kLoadingMost, config.call_silence));
    const std::vector<std::string> names =
        config.plugins ? *config.plugins : plugin::available(config.plugin_dirs);
    for (const std::string& name : names)
        EK_CHECK(load_plugin(agent, config.plugin_dirs, name, options, loader, *loaded));
    plugin::CallMark::note_exits();
    for (const auto& [name, configuration] : config.collections) {
        if (agent.registry().knows(name)) continue;
        agent.registry().refuse({name, "",
                                 "the configuration has collections." + name +
                                     ", and no plugin that is loaded serves it"});
    }
    return {};
}

}  // namespace evenkeel::agent
