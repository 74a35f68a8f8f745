#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/schema/schema.hpp"
#include "core/wire/resource.hpp"

// Plugins as the agent sees them: loaded libraries, and open collections whose calls take and give
// values. Whatever a plugin answers has been checked here; what breaks a rule of the ABI comes back
// as `internal` with the plugin and the rule named.
namespace evenkeel::plugin {

// Asks a running call to stop; the first who does says why.
class CancelSource {
  public:
    CancelSource();
    ~CancelSource();
    CancelSource(const CancelSource&) = delete;
    CancelSource& operator=(const CancelSource&) = delete;
    void cancel(Error why = {Errc::cancelled, "the call was cancelled"});  // [any]
    bool cancelled() const;                                                // [any]
    Error why() const;                                                     // [any] once cancelled
    int fd() const;  // readable once cancelled
  private:
    struct State;
    std::unique_ptr<State> state_;
};

// How far a call is.
struct Progress {
    std::string id;              // whom it is about, of several; else empty
    std::uint32_t permille = 0;  // at most 1000
    std::string message;         // one printable line, at most 256 bytes
};

struct Call {
    std::chrono::milliseconds timeout{60'000};
    const CancelSource* cancel = nullptr;  // outlives the call
    std::string request_id;
    // Set to the time, CLOCK_MONOTONIC, at each sign of life. May be null, else outlives the call.
    std::atomic<std::uint64_t>* heard_ns = nullptr;
    std::function<void(const Progress&)> progress;  // on the calling thread; may be empty
};

struct Item {
    std::string id;
    json::Value state;           // object
    std::optional<Error> error;  // it could not be read; there may be something, and state is null
};

// What an apply, remove or invoke did (or, planned, would do). With an error the changes say what
// was done before it.
struct Applied {
    std::vector<wire::Change> changes;  // secrets already redacted
    json::Value state;                  // afterwards; null when absent or not told
    std::optional<Error> error;
};

// One of several things to do at once.
struct Entry {
    std::string id;
    json::Value description;  // as apply takes it; null: remove
};

// What a watch says: of one id that it may have changed, or that somebody is at work on it and
// `changed` follows; of all (an empty id) that any may have changed, or that something was missed.
enum class Hint { changed, unsettled, missed };
using OnHint = std::function<void(Hint, const std::string& id)>;

// Watches what is described and says which id to read again. Destroying it closes the watch; no
// hint comes after the destructor has returned.
class Watch {
  public:
    virtual ~Watch() = default;
    // Start or stop watching one id. `unavailable` when the system has no watches left: sweep only.
    // [any]; the plugin is called on the reactor thread, and this waits for it.
    virtual Result<void> interest(const std::string& id, bool on) = 0;
    // Returns when what the system has told until now has been handed on as hints. [any]
    virtual void sync() {}
    // The plugin gave up, which is told as `missed`: every id is unwatched, make another
    // watch. [any]
    virtual bool lost() const { return false; }
};

// One open collection. Calls block and run on its lane, one at a time. Who calls holds it until the
// call is back, also when everybody else has given that call up. [lane] unless said.
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
    // What the plugin can do, in the ABI's words: "read", "apply", "batch", ... [any]
    virtual std::vector<std::string> capabilities() const { return {}; }
    // What is in charge of it on this machine ("apt"); empty: the plugin knows one only. [any]
    virtual std::string backend() const { return {}; }
    // Why no call is possible: its configuration is wrong, or the plugin did not open it. Every
    // call answers this error then. [any]
    virtual std::optional<Error> trouble() const { return std::nullopt; }
    // Whether read and list may be called while another call runs. [any]
    virtual bool parallel() const { return false; }
    // Whether apply_many is worth more than its calls one by one. [any]
    virtual bool batches() const { return false; }

    // Every resource, or those of `ids` that exist (all ids when empty). `unsupported` without ids
    // where a collection has no natural whole (files).
    virtual Result<std::vector<Item>> list(const std::vector<std::string>& ids,
                                           const Call& call) = 0;
    // The states of those of `ids` that exist; what is missing is absent.
    virtual Result<std::vector<Item>> read(const std::vector<std::string>& ids,
                                           const Call& call) = 0;
    // The same as list, but each item's `state` is the description by which apply makes the thing
    // elsewhere, with secrets and contents as they are. What cannot be described comes with an
    // error, what is nobody's to describe not at all.
    virtual Result<std::vector<Item>> describe(const std::vector<std::string>& ids,
                                               const Call& call);
    // `description` without "ensure", checked against the schema here too. `dry_run` plans.
    virtual Applied apply(const std::string& id, const json::Value& description, bool dry_run,
                          const Call& call) = 0;
    virtual Applied remove(const std::string& id, bool dry_run, const Call& call) = 0;
    // All of them, in one transaction where the plugin has such: one answer for each, in order. One
    // by one where it does not, or where an id comes twice.
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

    // `on_hint` runs on the reactor thread: only post it on. `unsupported` when the plugin cannot
    // watch.
    virtual Result<std::unique_ptr<Watch>> watch(OnHint on_hint) = 0;
};

}  // namespace evenkeel::plugin
