#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

#include "packages_embedded.hpp"
#include "plugins/packages/backend.hpp"
#include "plugins/packages/batch.hpp"
#include "plugins/packages/compare.hpp"
#include "plugins/packages/plan.hpp"
#include "plugins/posix/each.hpp"

// The collection `packages`: software packages by name, through whatever manages them here.
namespace evenkeel::packages {

namespace json = sdk::json;

namespace {

Settings settings_from(std::string_view config) {
    const json::Document document = json::parse_object(config.empty() ? "{}" : config);
    Settings settings;
    settings.backend = json::text_of(document, "backend").value_or("");
    settings.replace_config = json::text_of(document, "config_files") == "replace";
    return settings;
}

std::string state_of(const Package& package, std::optional<bool> automatic,
                     const std::optional<Available>& available) {
    sdk::Object state;
    state.text("version", package.version).text("condition", package.condition);
    state.boolean("hold", package.hold);
    if (automatic) state.boolean("automatic", *automatic);
    if (!available) return state.json();
    if (available->candidate) state.text("candidate", *available->candidate);
    state.boolean("lists_stale", available->stale);
    return state.json();
}

std::string description_of(const Package& package) {
    sdk::Object description;
    description.text("version", package.version).boolean("hold", package.hold);
    return description.json();
}

}  // namespace

class Packages {
  public:
    static constexpr std::string_view kName = "packages";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;
    static constexpr bool kDescribes = true;

    static constexpr std::string_view kConfigSchema =
        R"({
        "type": "object", "additionalProperties": false, "properties": {
            "backend": {
                "description": "The package manager in charge; left out: what the machine shows.",
                "type": "string", "enum": ["apt", "dnf", "yum", "zypper"]},
            "config_files": {
                "description": "What becomes of configuration files that were changed )"
        R"(on the machine when their package brings new ones: they )"
        R"(are kept, or replaced by the package's.",
                "type": "string", "enum": ["keep", "replace"], "default": "keep"}}})";

    Packages(const sdk::Host& host, const sdk::Call&, std::string_view config)
        : host_(host), settings_(settings_from(config)) {
        if (!host.data_dir().empty()) settings_.folder = host.data_dir();
    }

    // Shown to people; absent where there is none.
    std::string_view backend() {
        try {
            return manager().name();
        } catch (const sdk::Failure&) {
            return {};
        }
    }

    void list(const sdk::Call& call, std::string_view filter) {
        if (!filter.empty() && json::find(json::parse_object(filter), "ids"))
            return posix::list_each(call, filter, posix::stamped(stamp_, [&](const auto& id) {
                                        return read_one(call, id);
                                    }));
        // The candidates of all of them are not queried: that takes seconds.
        for (const Package& package : manager().all()) {
            call.check();
            const auto automatic = manager().is_automatic(call, package.id);
            // It comes with what needs it; to describe it would keep it for ever.
            if (call.describe() && automatic == true) continue;
            call.item(package.id, call.describe() ? description_of(package)
                                                  : state_of(package, automatic, std::nullopt));
        }
    }

    void read(const sdk::Call& call, std::string_view ids) {
        preload_available(call, json::texts_of(json::parse(ids)));
        posix::read_each(call, ids, posix::stamped(stamp_, [&](const std::string& id) {
                             return read_one(call, id);
                         }));
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        PackagePlan planned = plan_present(call, manager(), id, description);
        apply_plan(call, manager(), planned);
        if (call.dry_run()) return;
        if (const auto after = read_one(call, planned.id)) call.state(*after);
    }

    void remove(const sdk::Call& call, std::string_view id) {
        PackagePlan planned = plan_absent(manager(), id);
        apply_plan(call, manager(), planned);
    }

    void apply_many(const sdk::Call& call, std::string_view entries_json) {
        const auto entries = json::entries_of(entries_json);
        std::vector<PackagePlan> batch = plan_batch(call, manager(), entries);
        if (!call.dry_run()) apply_batch(call, manager(), batch);
        std::size_t at = 0;
        sdk::each_entry(call, entries, [&](const sdk::Entry& entry) {
            PackagePlan& planned = batch[at++];
            planned.changes.report(call, call.dry_run()    ? EK_OUT_PLANNED
                                         : planned.failure ? EK_OUT_FAILED
                                                           : EK_OUT_DONE);
            if (planned.failure) throw *planned.failure;
            if (call.dry_run() || !entry.desired) return;
            if (const auto after = read_one(call, planned.id)) call.state(*after);
        });
    }

    void compare(const sdk::Call& call, std::string_view description, std::string_view actual) {
        packages::compare(call, description, actual);
    }

    class Watch {
      public:
        Watch(Packages& packages, const sdk::Call&, const sdk::WatchHost& host)
            : watcher_(packages.manager().watch(host)) {}
        void interest(std::string_view id, bool on) { watcher_->interest(id, on); }
        void ready(int fd, std::uint32_t revents) { watcher_->ready(fd, revents); }

      private:
        std::unique_ptr<Watcher> watcher_;
    };

  private:
    // Chosen by the first call that needs it; on a machine without one each call fails by itself.
    Backend& manager() {
        if (backend_) return *backend_;
        backend_ = choose_backend("/", settings_);
        if (settings_.replace_config && !backend_->can_replace_config())
            host_.log(EK_SEV_WARNING, "config_files \"replace\" has no effect with " +
                                          std::string(backend_->name()) +
                                          ": on rpm each package says which of its files stay");
        return *backend_;
    }

    // One query for all of them, whose answers are cached.
    void preload_available(const sdk::Call& call, const std::vector<std::string>& ids) {
        std::vector<std::string> present;
        for (const std::string& id : ids)
            if (manager().find(id)) present.push_back(id);
        available(call, present);
    }

    // Sources that cannot be read do not keep what is installed from being reported.
    std::vector<Available> available(const sdk::Call& call, const std::vector<std::string>& ids) {
        try {
            return manager().available(call, ids);
        } catch (const sdk::Failure& failure) {
            if (failure.status() != EK_E_UNAVAILABLE) throw;
            call.note(EK_SEV_WARNING, "", failure.what());
            return std::vector<Available>(ids.size(), Available{std::nullopt, true});
        }
    }

    std::optional<std::string> read_one(const sdk::Call& call, const std::string& id) {
        manager().require_canonical(id);
        const auto package = manager().find(id);
        if (!package) return std::nullopt;
        if (call.describe()) return description_of(*package);
        return state_of(*package, manager().is_automatic(call, id), available(call, {id}).front());
    }

    sdk::Host host_;
    Settings settings_;
    std::unique_ptr<Backend> backend_;
    sdk::Stamper stamp_;
};

}  // namespace evenkeel::packages

EVENKEEL_MODULE("org.evenkeel.packages", EVENKEEL_VERSION, kManifest, evenkeel::packages::Packages)
