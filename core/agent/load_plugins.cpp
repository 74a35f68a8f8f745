#include "core/agent/load_plugins.hpp"

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <utility>

#include "core/agent/isolation.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/base/log.hpp"
#include "core/base/may_pass.hpp"
#include "core/plugin/collection.hpp"
#include "core/plugin/load.hpp"
#include "core/plugin/package.hpp"
#include "core/run/lane.hpp"
#include "core/schema/schema.hpp"
#include "core/schema/sensitive.hpp"

namespace evenkeel::agent {

// The schemas of the collections that are loaded: a plugin that is loaded already may log from a
// thread of its own while others are. Schemas are copied, so that a thread that asks never holds
// the last reference to a collection: that would end it on the thread of its own log, for which its
// end waits.
class PluginLoader::LoadedSchemas {
  public:
    using ByName = std::map<std::string, schema::Schema>;

    void add(const std::shared_ptr<plugin::Collection>& collection) {
        const std::scoped_lock lock(mutex_);
        std::erase_if(all_, [](const Loaded& each) { return each.collection.expired(); });
        all_.push_back({collection, collection->name(), collection->schema()});
    }
    ByName by_name() const {
        const std::scoped_lock lock(mutex_);
        ByName schemas;
        for (const Loaded& each : all_)
            if (!each.collection.expired()) schemas.insert_or_assign(each.name, each.schema);
        return schemas;
    }

  private:
    struct Loaded {
        std::weak_ptr<plugin::Collection> collection;
        std::string name;
        schema::Schema schema;
    };
    mutable std::mutex mutex_;
    std::vector<Loaded> all_;
};

namespace {

// Of the descriptions that may have one: others are not opened.
Result<secrets::SecretTexts> secrets_on_host(const AgentStore& store,
                                             const std::map<std::string, schema::Schema>& schemas) {
    const auto schema_of = [&](const Metadata& metadata) {
        const auto found = schemas.find(metadata.ref.collection);
        return found == schemas.end() ? nullptr : &found->second;
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
        const std::string why = "the plugin folder " + folder +
                                " is passed over, make it or take " +
                                "it out of plugin_dirs: " + error.message();
        log::warning(why);
        agent.registry().warn(why);
    }
}

constexpr std::chrono::milliseconds kLoadingMost{20'000};

}  // namespace

// Loads the code of plugins on a thread of their own: what they do by themselves may hang.
class PluginLoader::CodeLoader {
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

namespace {

// Whether the plugin is held, which is said for each of its collections then.
bool is_held(Agent& agent, const plugin::Package& package, bool is_isolated) {
    const std::string plugin = package.name + " " + package.version;
    const auto why = agent.held().reason_not_to_load(package.collections, plugin, is_isolated);
    if (!why) return false;
    for (const std::string& collection : package.collections)
        agent.registry().refuse({collection, plugin, *why});
    return true;
}

}  // namespace

PluginLoader::PluginLoader(Agent& agent, Config config, bool accept_own_user)
    : agent_(agent), config_(std::move(config)), schemas_(std::make_shared<LoadedSchemas>()) {
    options_.data_dir = config_.state_dir + "/plugins";
    options_.accept_own_user = accept_own_user;
    options_.require_signatures = config_.require_signatures;
    options_.keys = config_.plugin_keys;
    // Shared with the plugins, which live as long as the process.
    options_.fingerprint = [sealer = std::make_shared<crypto::Sealer>(agent.store().sealer())](
                               const std::string& bytes) { return sealer->fingerprint(bytes); };
    // A thread that is left behind in a plugin may ask when the store is closed.
    options_.known_secrets = [known = std::weak_ptr(agent.shared_store()),
                              schemas = schemas_]() -> Result<secrets::SecretTexts> {
        const auto store = known.lock();
        if (!store) return fail(Errc::unavailable, "the store is closed");
        return secrets_on_host(*store, schemas->by_name());
    };
    options_.agent_version = EVENKEEL_VERSION;
    options_.configurations = config_.collections;
}

std::optional<plugin::Isolation> PluginLoader::isolation_of(const plugin::Package& package) const {
    auto isolation = agent::isolation_of(config_, package, options_.accept_own_user);
    if (isolation) {
        // The process ends before its lane counts as hanging.
        isolation->grace = agent_.grace() / 2;
        isolation->on_held = [&agent = agent_, post = agent_.poster()](const std::string& plugin,
                                                                       const std::string& why) {
            post([&agent, plugin, why] { agent.hold(plugin, why); });
        };
    }
    return isolation;
}

Result<PluginLoader::Collections> PluginLoader::collections_of(const plugin::Package& package) {
    plugin::LoadOptions options = options_;
    options.isolation = isolation_of(package);
    auto made = EK_TRY(plugin::collections_of(package, options));
    Collections collections;
    for (auto& each : made) {
        collections.emplace_back(std::move(each));
        schemas_->add(collections.back());
    }
    return collections;
}

// The error is one of the whole process; what is wrong with the plugin is told to the agent.
Result<void> PluginLoader::load(const std::string& name, CodeLoader& loader) {
    const auto refuse = [&](const Error& error) -> Result<void> {
        agent_.refuse(name, error.what);
        return {};
    };
    const auto package = plugin::find_package(config_.plugin_dirs, name, options_);
    if (!package) return refuse(package.error());
    const bool is_isolated = isolation_of(*package).has_value();
    if (is_held(agent_, *package, is_isolated)) return {};
    if (!is_isolated) {
        const std::string& marked =
            package->collections.empty() ? name : package->collections.front();
        const auto code = loader.load(
            *package, agent_.held().open_mark(marked, package->name + " " + package->version,
                                              HeldPlugins::Calls::loading));
        if (loader.hangs()) return fail(code.error());
        if (!code) return refuse(code.error());
    }
    auto collections = collections_of(*package);
    if (!collections && is_isolated && may_pass(collections.error().code))
        not_started_.push_back(name);
    if (!collections) return refuse(collections.error());
    for (const auto& collection : *collections) agent_.add(collection);
    return {};
}

Result<void> PluginLoader::load_all() {
    warn_of_missing_folders(agent_, config_.plugin_dirs);
    CodeLoader loader(std::min(kLoadingMost, config_.call_silence));
    const std::vector<std::string> names =
        config_.plugins ? *config_.plugins : plugin::available(config_.plugin_dirs);
    for (const std::string& name : names) EK_CHECK(load(name, loader));
    plugin::CallMark::note_exits();
    for (const auto& [name, configuration] : config_.collections) {
        if (agent_.registry().knows(name)) continue;
        agent_.registry().refuse({name, "",
                                  "the configuration has collections." + name +
                                      ", and no plugin that is loaded serves it: correct the name, "
                                      "or install the plugin"});
    }
    for (const auto& [name, isolated] : config_.isolation) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        agent_.registry().warn("the configuration has isolation." + name +
                               ", and there is no such plugin: correct the name, or leave it out");
    }
    return {};
}

bool PluginLoader::may_load(const std::string& name) const {
    if (!config_.plugins) return true;
    return std::find(config_.plugins->begin(), config_.plugins->end(), name) !=
           config_.plugins->end();
}

Result<PluginLoader::Collections> PluginLoader::load_again(const std::string& name,
                                                           const plugin::Package* known) {
    const auto package = EK_TRY(plugin::find_package(config_.plugin_dirs, name, options_));
    if (known != nullptr && plugin::have_same_object(package, *known)) return Collections{};
    if (!isolation_of(package))
        return fail(Errc::conflict,
                    package.object + " was replaced: restart the agent to use the new one");
    return collections_of(package);
}

Result<void> load_plugins(Agent& agent, const Config& config, bool accept_own_user) {
    return PluginLoader(agent, config, accept_own_user).load_all();
}

}  // namespace evenkeel::agent
