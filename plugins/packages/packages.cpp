#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

#include "packages_embedded.hpp"
#include "plugins/packages/backend.hpp"
#include "plugins/packages/compare.hpp"
#include "plugins/posix/each.hpp"

// The collection `packages`: software packages by name, through whatever manages them here.
namespace evenkeel::packages {

namespace json = sdk::json;

namespace {

struct Wanted {
    std::optional<std::string> version;  // "latest" or exact
    std::optional<bool> hold;
};

Wanted wanted_from(std::string_view desired) {
    const json::Document description = json::parse_object(desired);
    Wanted wanted;
    if (const auto version = json::text_of(description, "version")) wanted.version = *version;
    if (json::find(description, "hold")) wanted.hold = json::flag_of(description, "hold", false);
    return wanted;
}

std::string state_of(const Package& package, const std::optional<Available>& available) {
    sdk::Object state;
    state.text("version", package.version).text("condition", package.condition);
    state.boolean("hold", package.hold);
    if (!available) return state.json();
    if (available->candidate) state.text("candidate", *available->candidate);
    state.boolean("lists_stale", available->stale);
    return state.json();
}

std::string truth(bool value) {
    return value ? "true" : "false";
}

}  // namespace

class Packages {
  public:
    static constexpr std::string_view kName = "packages";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;

    Packages(const sdk::Host& host, const sdk::Call&, std::string_view) {
        if (!host.data_dir().empty()) settings_.folder = host.data_dir();
    }

    void list(const sdk::Call& call, std::string_view filter) {
        if (!filter.empty() && json::find(json::parse_object(filter), "ids"))
            return posix::list_each(call, filter,
                                    [&](const std::string& id) { return read_one(call, id); });
        // What all of them could become is not asked: that takes seconds.
        std::uint32_t sent = 0;
        for (const Package& package : backend().all()) {
            call.check();
            if (call.limit() != 0 && sent++ == call.limit()) return;
            call.item(package.id, state_of(package, std::nullopt));
        }
    }

    void read(const sdk::Call& call, std::string_view ids) {
        learn_available(call, json::texts_of(json::parse(ids)));
        posix::read_each(call, ids, [&](const std::string& id) { return read_one(call, id); });
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        Planned planned = plan_present(call, id, desired);
        bring_about(call, planned);
        if (call.dry_run()) return;
        if (const auto after = read_one(call, planned.id)) call.state(*after);
    }

    void remove(const sdk::Call& call, std::string_view id) {
        Planned planned = plan_absent(id);
        bring_about(call, planned);
    }

    void compare(const sdk::Call& call, std::string_view desired, std::string_view actual) {
        packages::compare(call, desired, actual);
    }

    class Watch {
      public:
        Watch(Packages& packages, const sdk::Call&, const sdk::WatchHost& host)
            : watcher_(packages.backend().watch(host)) {}
        void interest(std::string_view id, bool on) { watcher_->interest(id, on); }
        void ready(int fd, std::uint32_t revents) { watcher_->ready(fd, revents); }

      private:
        std::unique_ptr<Watcher> watcher_;
    };

  private:
    // Chosen by the first call that needs it, so that a machine without one says so to each.
    Backend& backend() {
        if (!backend_) backend_ = choose_backend("/", settings_);
        return *backend_;
    }

    // One question for all of them; what it has learnt is kept.
    void learn_available(const sdk::Call& call, const std::vector<std::string>& ids) {
        std::vector<std::string> present;
        for (const std::string& id : ids)
            if (backend().find(id)) present.push_back(id);
        available(call, present);
    }

    // Sources that cannot be read do not keep what is installed from being told.
    std::vector<Available> available(const sdk::Call& call, const std::vector<std::string>& ids) {
        try {
            return backend().available(call, ids);
        } catch (const sdk::Failure& failure) {
            if (failure.status() != EK_E_UNAVAILABLE) throw;
            call.note(EK_SEV_WARNING, "", failure.what());
            return std::vector<Available>(ids.size(), Available{std::nullopt, true});
        }
    }

    std::optional<std::string> read_one(const sdk::Call& call, const std::string& id) {
        backend().require_canonical(id);
        const auto package = backend().find(id);
        if (!package) return std::nullopt;
        return state_of(*package, available(call, {id}).front());
    }

    // What one package needs, found before anything is changed.
    struct Planned {
        std::string id;
        std::optional<Step> step;
        std::optional<bool> hold;  // only if it has to be changed
        sdk::Changes changes;
    };

    Planned plan_present(const sdk::Call& call, std::string_view id_text,
                         std::string_view desired) {
        backend().require_canonical(id_text);
        const std::string id(id_text);
        const Wanted wanted = wanted_from(desired);
        const auto now = backend().find(id);
        const std::string target = target_of(call, id, wanted, now);

        Planned planned{id, {}, {}, {}};
        sdk::Changes& changes = planned.changes;
        if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
        if (now && !now->sound())
            changes.field("/condition", sdk::quote(now->condition), "\"installed\"");
        if (!now) changes.field("/version", std::nullopt, sdk::quote(target));
        if (now) changes.field("/version", sdk::quote(now->version), sdk::quote(target));
        if (wanted.hold && changes.field("/hold", truth(now && now->hold), truth(*wanted.hold))) {
            backend().require_hold();
            planned.hold = wanted.hold;
        }
        // Another version also finishes what the old one could not.
        if (changes.has("/version")) {
            planned.step = Step{id, target, false};
        } else if (changes.has("/condition")) {
            planned.step = Step{id, target, true};
        }
        return planned;
    }

    Planned plan_absent(std::string_view id_text) {
        backend().require_canonical(id_text);
        Planned planned{std::string(id_text), {}, {}, {}};
        if (!backend().find(planned.id)) return planned;
        planned.step = Step{planned.id, std::nullopt, false};
        planned.changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        return planned;
    }

    void bring_about(const sdk::Call& call, Planned& planned) {
        if (planned.step && !planned.step->heal) backend().rehearse(call, {*planned.step});
        planned.changes.carry_out(call, [&] {
            if (planned.step)
                if (const Outcome failed = backend().carry_out(call, {*planned.step}).front())
                    throw *failed;
            for (const char* path : {"/ensure", "/condition", "/version"})
                planned.changes.done(path);
            if (planned.hold) backend().set_hold(call, {planned.id}, *planned.hold);
        });
    }

    // The version that the package shall have.
    std::string target_of(const sdk::Call& call, const std::string& id, const Wanted& wanted,
                          const std::optional<Package>& now) {
        const bool exact = wanted.version && *wanted.version != "latest";
        if (now && !wanted.version) return now->version;
        if (now && exact && *wanted.version == now->version) return now->version;
        const Available offer = backend().available(call, {id}).front();
        if (!offer.candidate)
            throw sdk::Failure(EK_E_NOT_FOUND, "no source of this machine has a package " + id)
                .hint("refresh the lists or add the source that has it");
        if (exact) return *wanted.version;
        if (wanted.version && offer.stale)
            call.note(EK_SEV_WARNING, "/version",
                      "the lists of packages are older than a week: " + *offer.candidate +
                          " may not be the latest version");
        return *offer.candidate;
    }

    Settings settings_;
    std::unique_ptr<Backend> backend_;
};

}  // namespace evenkeel::packages

EVENKEEL_MODULE("org.evenkeel.packages", EVENKEEL_VERSION, kManifest, evenkeel::packages::Packages)
