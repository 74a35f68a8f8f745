#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/plugin/call.hpp"
#include "core/plugin/watch.hpp"
#include "core/schema/schema.hpp"
#include "core/wire/resource.hpp"

// Plugins as the agent sees them: open collections whose calls take and return values. All that a
// plugin answers has been checked, and its secrets are redacted where a function says so. An answer
// that breaks a rule of the ABI becomes `internal`, naming the plugin and the rule.
namespace evenkeel::plugin {

class CallMark;
class RemotePlugin;

struct Item {
    std::string id;
    json::Value state;  // object; null with an error, and where it is unchanged
    // It could not be read, so whether it exists is unknown.
    std::optional<Error> error;
    std::string stamp = {};  // what the plugin knows this state again by; may be empty
    bool unchanged = false;  // the state is that of the stamp that was given
};

// A resource to be read, and the stamp of the state that is known of it, or none. A stamp means
// nothing to another Collection than the one that gave it.
struct Known {
    std::string id;
    std::string stamp;
};

// What an apply, remove or invoke did (or, as a dry run, would do). With an error the changes are
// those that were made before it.
struct Applied {
    std::vector<wire::Change> changes;  // secrets already redacted
    json::Value state;                  // afterwards; null when absent or not reported
    std::optional<Error> error;
    // With an error: how long the plugin wants to be left alone with it; 0: no advice.
    std::chrono::milliseconds retry_after{0};
    // Its warnings, as sentences without secrets; see wire::bounded_notes.
    std::vector<std::string> notes = {};
    // What programs have printed, without secrets; nothing if they have not.
    std::optional<wire::Output> output = std::nullopt;
};

// One of several changes in one call.
struct Entry {
    std::string id;
    json::Value description;  // as apply takes it; null: remove
};

// One collection. Calls block, so they run on the collection's lane, one at a time. The caller
// keeps the collection alive until the call returns, even when its result is no longer wanted.
// [lane] unless said.
class Collection {
  public:
    virtual ~Collection() = default;

    virtual const std::string& name() const = 0;           // "files" [any]
    virtual const std::string& plugin() const = 0;         // "files 0.1.0" [any]
    virtual const schema::Schema& schema() const = 0;      // [any]
    virtual const std::string& schema_text() const = 0;    // as the plugin gave it [any]
    virtual std::uint32_t schema_version() const = 0;      // [any]
    virtual std::vector<std::string> actions() const = 0;  // names for invoke [any]
    virtual bool watches() const = 0;                      // [any]
    // What the plugin can do, by the ABI's names: "read", "apply", "batch", ... [any]
    virtual std::vector<std::string> capabilities() const { return {}; }
    // The id of the key that the plugin's files are signed by, of those that this host believes;
    // empty: of none. [any]
    virtual std::string signed_by() const { return {}; }
    // Which implementation serves it on this machine ("apt"); empty: there is only one. [any]
    virtual std::string backend() const { return {}; }
    // Why no call is possible: its configuration is wrong, or the plugin did not open it. Every
    // call answers this error until it is open. [any]
    virtual std::optional<Error> trouble() const { return std::nullopt; }
    // The process that its plugin runs in; null: this one. Lives as long as the collection. [any]
    virtual RemotePlugin* process() const { return nullptr; }
    // Whether read and list may be called while another call runs. [any]
    virtual bool parallel() const { return false; }
    // Whether apply_many is worth more than its calls one by one. [any]
    virtual bool batches() const { return false; }

    // Lets the plugin begin; why it does not, which is trouble() from then on. Other calls wait for
    // the first. Does nothing when it is open.
    virtual std::optional<Error> open(const Call& call) {
        (void)call;
        return trouble();
    }
    // Lets the plugin end; no call comes after it, and the watch is closed before.
    virtual void close() {}

    // Every resource, or those of `ids` that exist (all ids when empty). `unsupported` without ids
    // where a collection has no natural whole (files).
    virtual Result<std::vector<Item>> list(const std::vector<std::string>& ids,
                                           const Call& call) = 0;
    // The states of those of `ids` that exist; what is missing is absent.
    virtual Result<std::vector<Item>> read(const std::vector<std::string>& ids,
                                           const Call& call) = 0;
    // The same; where the stamp holds the item may come `unchanged`, which costs no JSON. Items
    // come in the order of `known` if the plugin keeps to it.
    virtual Result<std::vector<Item>> read_changed(const std::vector<Known>& known,
                                                   const Call& call);
    // The same as list, but each item's `state` is the description by which apply makes the
    // resource on another machine, secrets and contents included. A resource that no description
    // expresses comes with an error; one that is not to be managed is left out.
    virtual Result<std::vector<Item>> describe(const std::vector<std::string>& ids,
                                               const Call& call);
    // `description` without "ensure", checked against the schema here too. `dry_run` plans.
    virtual Applied apply(const std::string& id, const json::Value& description, bool dry_run,
                          const Call& call) = 0;
    virtual Applied remove(const std::string& id, bool dry_run, const Call& call) = 0;
    // All of them, in one transaction where the plugin supports it, else (and when an id comes
    // twice) one by one. One answer for each, in order.
    virtual std::vector<Applied> apply_many(const std::vector<Entry>& entries, bool dry_run,
                                            const Call& call);
    virtual Applied invoke(const std::string& id, const std::string& action,
                           const json::Value& arguments, const Call& call) = 0;
    // The described fields that differ; secrets redacted. Makes no system call.
    virtual Result<std::vector<wire::FieldDrift>> compare(const std::string& id,
                                                          const json::Value& description,
                                                          const json::Value& state) = 0;
    // The state as it may be kept and shown beside this description: what the schema or a
    // description's own "sensitive" calls secret is replaced by {"redacted": fingerprint}. States
    // in Applied are redacted already, those of read and list are not; compare takes either. [any]
    virtual json::Value redact(const json::Value& description, json::Value state) const {
        (void)description;
        return state;
    }
    // A stored description of an older schema version, brought to schema_version().
    virtual Result<json::Value> upgrade(std::uint32_t from_version,
                                        const json::Value& description) = 0;

    // The mark for calls that are made on the reactor's thread; before watch(). [any]
    virtual void mark_watch(std::shared_ptr<CallMark>) {}
    // `on_hint` runs on other threads, mostly the reactor's: only post it on. `unsupported` when
    // the plugin cannot watch.
    virtual Result<std::unique_ptr<Watch>> watch(OnHint on_hint, const Call& call = {}) = 0;
};

}  // namespace evenkeel::plugin
