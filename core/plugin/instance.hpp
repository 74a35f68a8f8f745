#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <evenkeel/plugin.h>

#include "core/plugin/abi.hpp"
#include "core/plugin/answers.hpp"
#include "core/plugin/collection.hpp"
#include "core/plugin/host.hpp"
#include "core/schema/fields.hpp"

namespace evenkeel::plugin {

// The plugin's open instance. Shared by the collection and its watches; the last owner closes it.
struct OpenInstance {
    OpenInstance(const ek_module& owner, std::shared_ptr<const Host> given, ek_instance* instance)
        : module(owner), host(std::move(given)), handle(instance) {}
    ~OpenInstance() { module.close(handle); }
    OpenInstance(const OpenInstance&) = delete;
    OpenInstance& operator=(const OpenInstance&) = delete;

    const ek_module& module;
    const std::shared_ptr<const Host> host;
    ek_instance* const handle;
};

// A collection of a loaded module. Every call goes to the plugin, and its answers are checked
// against the schema and the rules of the ABI before anyone sees them. [lane]
class Instance : public Collection {
  public:
    using Opener = std::function<Result<std::shared_ptr<OpenInstance>>(const Call&)>;
    Instance(std::shared_ptr<const Host> host, const ek_collection& table, schema::Schema schema,
             Opener opener);

    const std::string& name() const override { return name_; }
    const std::string& plugin() const override { return host_->plugin(); }
    const schema::Schema& schema() const override { return schema_; }
    const std::string& schema_text() const override { return schema_text_; }
    std::uint32_t schema_version() const override { return table_.schema_version; }
    bool watches() const override { return can(EK_CAP_WATCH); }
    std::vector<std::string> actions() const override;
    std::vector<std::string> capabilities() const override;
    std::string signed_by() const override { return host_->signed_by(); }
    std::string backend() const override;
    std::optional<Error> trouble() const override;
    RemotePlugin* process() const override { return host_->process(); }
    bool parallel() const override { return can(EK_CAP_PARALLEL); }
    bool batches() const override { return can(EK_CAP_BATCH); }

    std::optional<Error> open(const Call& call) override;
    void close() override;
    Result<std::vector<Item>> list(const std::vector<std::string>& ids, const Call& call) override;
    Result<std::vector<Item>> read(const std::vector<std::string>& ids, const Call& call) override;
    Result<std::vector<Item>> read_changed(const std::vector<Known>& known,
                                           const Call& call) override;
    Result<std::vector<Item>> describe(const std::vector<std::string>& ids,
                                       const Call& call) override;
    Applied apply(const std::string& id, const json::Value& description, bool dry_run,
                  const Call& call) override;
    Applied remove(const std::string& id, bool dry_run, const Call& call) override;
    std::vector<Applied> apply_many(const std::vector<Entry>& entries, bool dry_run,
                                    const Call& call) override;
    Applied invoke(const std::string& id, const std::string& action, const json::Value& arguments,
                   const Call& call) override;
    Result<std::vector<wire::FieldDrift>> compare(const std::string& id,
                                                  const json::Value& description,
                                                  const json::Value& state) override;
    json::Value redact(const json::Value& description, json::Value state) const override {
        return host_->redactor().state(fields_, description, std::move(state));
    }
    Result<json::Value> upgrade(std::uint32_t from_version,
                                const json::Value& description) override;
    void mark_watch(std::shared_ptr<CallMark> mark) override { watch_mark_ = std::move(mark); }
    Result<std::unique_ptr<Watch>> watch(OnHint on_hint, const Call& call) override;

  private:
    // What the last open() has come to.
    struct Begun {
        std::shared_ptr<OpenInstance> instance;  // null when there is trouble
        std::string backend;
        std::optional<Error> trouble;
    };
    // Why it can be asked nothing. Waits for the first open().
    Result<std::shared_ptr<OpenInstance>> instance() const;
    Begun begin(const Call& call) const;
    bool can(std::uint64_t capability) const { return (table_.caps & capability) != 0; }
    bool can_plan() const { return can(EK_CAP_PLAN) && can(EK_CAP_APPLY); }

    // Runs one operation of the plugin; nothing on success.
    using Operation = std::function<ek_status(ek_instance*, const ek_call*)>;
    std::optional<Error> run(const char* what, Answers& answers, const Operation& operation);
    std::optional<Error> verdict(const char* what, ek_status status, const Answers& answers) const;
    void tell_log(const Answers& answers) const;
    Error failure(Errc code, const std::string& text) const;
    Error breaks(const std::string& rule) const { return misbehaviour(plugin(), rule); }
    // The error of a call that changes nothing, without secrets.
    tl::unexpected<Error> fail_with(Error error) const;
    // The call, with what the plugin says of its progress without secrets. `filter` outlives it.
    static Call filtered(const Call& call, SecretFilter& filter);

    // All, or those of `ids`, by list or read with these flags.
    Result<std::vector<Item>> items(const std::vector<std::string>& ids, std::uint32_t flags,
                                    const Call& call);
    // `stamps` is empty, or has one for each id.
    Result<std::vector<Item>> read_items(const std::vector<std::string>& ids,
                                         const std::vector<ek_str>& stamps, std::uint32_t flags,
                                         const Call& call);
    Result<std::vector<Item>> items_of(Answers& answers, const std::vector<std::string>& ids,
                                       const std::vector<ek_str>& stamps,
                                       std::uint32_t flags) const;
    // The rule that the item breaks; empty: none. `stamp`: the one that was given for it.
    std::string broken_rule(const Item& item, std::string_view stamp, std::uint32_t flags) const;
    Applied applied_of(Part& part, std::optional<Error> error, bool dry_run,
                       const json::Value& description, SecretFilter& filter) const;
    // A sentence for each described field that has gone out of use.
    std::vector<std::string> deprecations_in(const json::Value& description) const;
    // These, and the warnings and errors, without the one that is `told` as the error of the call.
    std::vector<std::string> notes_of(const Part& part, const Diagnostic* told,
                                      const json::Value& description, SecretFilter& filter) const;
    std::optional<wire::Output> output_of(const PrintedOutput& printed,
                                          const json::Value& description,
                                          SecretFilter& filter) const;
    void redact_change(const json::Value& description, ReportedChange& reported) const;
    // Why this is refused before the plugin is asked to do it; nothing when it is not.
    std::optional<Error> refusal(const std::string& id, const json::Value& description,
                                 bool dry_run, const Call& call);
    // Why the id is not how it is written.
    std::optional<Error> wrong_spelling(const std::string& id, const Call& call);
    void run_many(const std::vector<const Entry*>& entries, const std::vector<Applied*>& into,
                  bool dry_run, const Call& call);
    Applied plan_apply(const std::string& id, const json::Value& description, const Call& call);
    Applied plan_remove(const std::string& id, const Call& call);

    const Opener opener_;
    std::shared_ptr<const Host> host_;
    std::mutex opening_;        // held while it is opened
    mutable std::mutex mutex_;  // guards the two below
    mutable std::condition_variable first_over_;
    std::optional<Begun> begun_;  // nothing: it was not opened yet
    std::shared_ptr<CallMark> watch_mark_;
    const ek_collection& table_;
    std::string name_, schema_text_;
    schema::Schema schema_;
    schema::Fields fields_;
};

}  // namespace evenkeel::plugin
