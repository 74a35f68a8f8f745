#include "core/plugin/instance.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/answers.hpp"
#include "core/plugin/compare.hpp"
#include "core/plugin/redact.hpp"
#include "core/plugin/watch.hpp"
#include "core/plugin/words.hpp"

namespace evenkeel::plugin {
namespace {

// The plugin's instance, closed with the last one who holds it: the collection or one of its
// watches.
struct Opened {
    Opened(const ek_module& owner, std::shared_ptr<const Host> given, ek_instance* instance)
        : module(owner), host(std::move(given)), handle(instance) {}
    ~Opened() { module.close(handle); }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;

    const ek_module& module;
    const std::shared_ptr<const Host> host;
    ek_instance* const handle;
};

std::string ids_json(const std::vector<std::string>& ids) {
    json::Array array;
    for (const std::string& id : ids) array.emplace_back(id);
    return json::write(std::move(array));
}

class Instance : public Collection {
  public:
    Instance(std::shared_ptr<Opened> opened, const ek_collection& table, schema::Schema schema)
        : opened_(std::move(opened)),
          table_(table),
          host_(*opened_->host),
          name_(copy(table.name)),
          schema_text_(copy(table.schema_json)),
          schema_(std::move(schema)),
          words_(schema_) {}

    const std::string& name() const override { return name_; }
    const std::string& plugin() const override { return host_.plugin(); }
    const schema::Schema& schema() const override { return schema_; }
    const std::string& schema_text() const override { return schema_text_; }
    std::uint32_t schema_version() const override { return table_.schema_version; }
    bool watches() const override { return can(EK_CAP_WATCH); }
    std::vector<std::string> actions() const override;

    Result<std::vector<Item>> list(const std::vector<std::string>& ids, const Call& call) override;
    Result<std::vector<Item>> read(const std::vector<std::string>& ids, const Call& call) override;
    Applied apply(const std::string& id, const json::Value& description, bool dry_run,
                  const Call& call) override;
    Applied remove(const std::string& id, bool dry_run, const Call& call) override;
    Applied invoke(const std::string& id, const std::string& action, const json::Value& arguments,
                   const Call& call) override;
    Result<std::vector<wire::FieldDrift>> compare(const std::string& id,
                                                  const json::Value& description,
                                                  const json::Value& state) override;
    json::Value redact(const json::Value& description, json::Value state) const override {
        return redact_state(words_, description, std::move(state), host_.fingerprint());
    }
    Result<json::Value> upgrade(std::uint32_t from_version,
                                const json::Value& description) override;
    Result<std::unique_ptr<Watch>> watch(
        std::function<void(const std::string& id)> changed) override;

  private:
    bool can(std::uint64_t capability) const { return (table_.caps & capability) != 0; }

    // Runs one operation of the plugin; nothing on success.
    template <typename Operation>
    std::optional<Error> run(const char* what, Answers& answers, Operation&& operation);
    std::optional<Error> verdict(const char* what, ek_status status, const Answers& answers) const;
    Error breaks(const std::string& rule) const { return misbehaviour(plugin(), rule); }

    Result<std::vector<Item>> items_of(Answers& answers, const std::vector<std::string>& ids) const;
    Applied applied_of(Answers& answers, std::optional<Error> error, bool dry_run,
                       const json::Value& description) const;
    Applied plan_apply(const std::string& id, const json::Value& description, const Call& call);
    Applied plan_remove(const std::string& id, const Call& call);

    std::shared_ptr<Opened> opened_;
    const ek_collection& table_;
    const Host& host_;
    std::string name_, schema_text_;
    schema::Schema schema_;
    Words words_;
};

template <typename Operation>
std::optional<Error> Instance::run(const char* what, Answers& answers, Operation&& operation) {
    ek_status status = EK_E_INTERNAL;
    try {
        status = operation(opened_->handle, answers.call());
    } catch (const std::exception& error) {
        return breaks(std::string("an exception leaves ") + what + " (" + printable(error.what()) +
                      ")");
    } catch (...) {
        return breaks(std::string("an exception leaves ") + what);
    }
    return verdict(what, status, answers);
}

std::optional<Error> Instance::verdict(const char* what, ek_status status,
                                       const Answers& answers) const {
    const std::string rule = answers.broken_rule();
    if (!rule.empty()) return breaks(rule);
    if (status == EK_OK) return std::nullopt;
    if (!is_status(status))
        return breaks(std::string(what) + " answers the unknown status " + std::to_string(status));
    if (const auto text = answers.error_text()) return Error{errc_of(status), *text};
    if (status == EK_E_CANCELLED) return Error{Errc::cancelled, "the call was cancelled"};
    return breaks(std::string(what) + " fails without saying why");
}

std::vector<std::string> Instance::actions() const {
    std::vector<std::string> names;
    const auto actions = json::parse(copy(table_.actions_json));
    if (!can(EK_CAP_INVOKE) || !actions || !actions->is_object()) return names;
    for (const auto& [name, schema] : actions->as_object()) names.push_back(name);
    return names;
}

Result<std::vector<Item>> Instance::items_of(Answers& answers,
                                             const std::vector<std::string>& ids) const {
    const std::set<std::string> wanted(ids.begin(), ids.end());
    std::set<std::string> seen;
    for (const Item& item : answers.items) {
        if (!seen.insert(item.id).second) return fail(breaks("an item comes twice"));
        if (!ids.empty() && !wanted.contains(item.id))
            return fail(breaks("an item comes that was not asked for"));
        if (!item.state.is_object()) return fail(breaks("an item comes without its state"));
        const auto wrong = schema_.validate(item.state, schema::Mode::state);
        if (!wrong.empty())
            return fail(breaks("a state is not what the schema says at \"" + wrong.front().pointer +
                               "\": " + wrong.front().detail));
    }
    for (const Told& diag : answers.diags) {
        if (diag.severity != EK_SEV_ERROR || !diag.path.starts_with('/')) continue;
        const auto index = parse_number(diag.path.substr(1));
        if (!index || *index >= ids.size() || !seen.insert(ids[*index]).second) continue;
        const std::string& hint = diag.detail;
        answers.items.push_back(
            {ids[*index],
             {},
             Error{Errc::unavailable, diag.summary + (hint.empty() ? "" : ": " + hint)}});
    }
    return std::move(answers.items);
}

Result<std::vector<Item>> Instance::list(const std::vector<std::string>& ids, const Call& call) {
    if (!can(EK_CAP_LIST)) {
        if (!ids.empty()) return read(ids, call);
        return fail(Errc::unsupported, "the collection " + name_ + " cannot be listed");
    }
    Answers answers(call, 0);
    const std::string filter = ids.empty() ? "" : "{\"ids\":" + ids_json(ids) + "}";
    auto error = run("list", answers, [&](ek_instance* self, const ek_call* frame) {
        const ek_status status = table_.list(self, frame, ids.empty() ? kAbsent : borrow(filter));
        return status == EK_E_PARTIAL && !ids.empty() ? EK_OK : status;
    });
    if (error) return fail(std::move(*error));
    return items_of(answers, ids);
}

Result<std::vector<Item>> Instance::read(const std::vector<std::string>& ids, const Call& call) {
    Answers answers(call, 0);
    const std::string wanted = ids_json(ids);
    auto error = run("read", answers, [&](ek_instance* self, const ek_call* frame) {
        const ek_status status = table_.read(self, frame, borrow(wanted));
        return status == EK_E_PARTIAL ? EK_OK : status;
    });
    if (error && error->code == Errc::not_found && answers.items.empty())
        return std::vector<Item>();
    if (error) return fail(std::move(*error));
    return items_of(answers, ids);
}

Applied Instance::applied_of(Answers& answers, std::optional<Error> error, bool dry_run,
                             const json::Value& description) const {
    Applied applied;
    applied.error = std::move(error);
    if (applied.error) applied.error->what = redact_text(words_, description, applied.error->what);
    for (ToldChange& told : answers.changes) {
        const bool known = told.change.path == "/ensure" || words_.at(told.change.path) != nullptr;
        const bool planned = told.change.outcome == wire::Outcome::planned;
        if (!applied.error && !known)
            applied.error = breaks("it changes \"" + printable(told.change.path) +
                                   "\", which is not in its schema");
        if (!applied.error && planned != dry_run)
            applied.error = breaks(dry_run ? "a dry run reports a change as made"
                                           : "an apply reports a change as planned");
        redact_change(words_, description, told, host_.fingerprint());
        applied.changes.push_back(std::move(told.change));
    }
    if (!answers.state) return applied;
    const auto wrong = schema_.validate(*answers.state, schema::Mode::state);
    if (!applied.error && !wrong.empty())
        applied.error = breaks("a state is not what the schema says at \"" + wrong.front().pointer +
                               "\": " + wrong.front().detail);
    applied.state = redact(description, std::move(*answers.state));
    return applied;
}

Applied Instance::apply(const std::string& id, const json::Value& description, bool dry_run,
                        const Call& call) {
    if (!can(EK_CAP_APPLY))
        return {{}, {}, Error{Errc::unsupported, "the collection " + name_ + " is read-only"}};
    if (const auto wrong = schema_.validate(description, schema::Mode::description); !wrong.empty())
        return {{}, {}, Error{Errc::invalid, wrong.front().pointer + ": " + wrong.front().detail}};
    if (dry_run && !can(EK_CAP_PLAN)) return plan_apply(id, description, call);
    Answers answers(call, dry_run ? EK_CALL_DRY_RUN : 0);
    const std::string desired = json::write(description);
    auto error = run("apply", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.apply(self, frame, borrow(id), borrow(desired));
    });
    return applied_of(answers, std::move(error), dry_run, description);
}

Applied Instance::remove(const std::string& id, bool dry_run, const Call& call) {
    if (!can(EK_CAP_REMOVE))
        return {{}, {}, Error{Errc::unsupported, name_ + " cannot be removed"}};
    if (dry_run && !can(EK_CAP_PLAN)) return plan_remove(id, call);
    Answers answers(call, dry_run ? EK_CALL_DRY_RUN : 0);
    auto error = run("remove", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.remove(self, frame, borrow(id));
    });
    return applied_of(answers, std::move(error), dry_run, {});
}

Applied Instance::invoke(const std::string& id, const std::string& action,
                         const json::Value& arguments, const Call& call) {
    const auto known = actions();
    if (std::find(known.begin(), known.end(), action) == known.end())
        return {{},
                {},
                Error{Errc::unsupported,
                      "the collection " + name_ + " has no action \"" + printable(action) + "\""}};
    Answers answers(call, 0);
    const std::string given = arguments.is_null() ? "{}" : json::write(arguments);
    auto error = run("invoke", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.invoke(self, frame, borrow(id), borrow(action), borrow(given));
    });
    return applied_of(answers, std::move(error), false, arguments);
}

// For a plugin that cannot plan: what differs is what an apply would change.
Applied Instance::plan_apply(const std::string& id, const json::Value& description,
                             const Call& call) {
    const auto items = read({id}, call);
    if (!items) return {{}, {}, items.error()};
    const json::Value state = items->empty() ? json::Value() : items->front().state;
    const auto drift = compare(id, description, state);
    if (!drift) return {{}, {}, drift.error()};
    Applied applied;
    for (const wire::FieldDrift& field : *drift)
        applied.changes.push_back(
            {field.path, field.actual, field.expected,
             field.actual.is_null() || state.is_null() ? wire::Action::add : wire::Action::set,
             wire::Outcome::planned});
    return applied;
}

Applied Instance::plan_remove(const std::string& id, const Call& call) {
    const auto items = read({id}, call);
    if (!items) return {{}, {}, items.error()};
    if (items->empty()) return {};
    return {
        {{"/ensure", "present", "absent", wire::Action::remove, wire::Outcome::planned}}, {}, {}};
}

Result<std::vector<wire::FieldDrift>> Instance::compare(const std::string&,
                                                        const json::Value& description,
                                                        const json::Value& state) {
    if (state.is_null() || !can(EK_CAP_COMPARE))
        return compare_by_words(words_, description, state, host_.fingerprint());
    Answers answers(Call{}, 0);
    const std::string desired = json::write(description);
    const std::string actual = json::write(state);
    auto error = run("compare", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.compare(self, frame, borrow(desired), borrow(actual));
    });
    if (error) return fail(std::move(*error));
    std::vector<wire::FieldDrift> drift;
    for (ToldChange& told : answers.changes) {
        redact_change(words_, description, told, host_.fingerprint());
        drift.push_back({std::move(told.change.path), std::move(told.change.after),
                         std::move(told.change.before)});
    }
    return drift;
}

Result<json::Value> Instance::upgrade(std::uint32_t from_version, const json::Value& description) {
    if (from_version == table_.schema_version) return description;
    if (from_version > table_.schema_version || !can(EK_CAP_UPGRADE))
        return fail(Errc::unsupported,
                    "plugin " + plugin() + " cannot bring a description of schema version " +
                        std::to_string(from_version) + " to " +
                        std::to_string(table_.schema_version) + ": describe it anew");
    Answers answers(Call{}, 0);
    const std::string old = json::write(description);
    auto error = run("upgrade", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.upgrade(self, frame, from_version, borrow(old));
    });
    if (error) return fail(std::move(*error));
    if (!answers.state) return fail(breaks("upgrade answers no description"));
    const auto wrong = schema_.validate(*answers.state, schema::Mode::description);
    if (wrong.empty()) return std::move(*answers.state);
    return fail(breaks("upgrade makes a description that the schema refuses at \"" +
                       wrong.front().pointer + "\""));
}

Result<std::unique_ptr<Watch>> Instance::watch(std::function<void(const std::string& id)> changed) {
    if (!can(EK_CAP_WATCH))
        return fail(Errc::unsupported, "the collection " + name_ + " cannot be watched");
    return open_watch({opened_, opened_->handle, &table_, plugin()}, Call{}, std::move(changed));
}

}  // namespace

Result<std::unique_ptr<Collection>> open_instance(const ek_module& module,
                                                  const ek_collection& table,
                                                  std::shared_ptr<const Host> host) {
    auto schema = schema::Schema::compile(copy(table.schema_json));
    if (!schema)
        return fail(misbehaviour(host->plugin(),
                                 "the schema of " + copy(table.name) + ": " + schema.error().what));
    Call call;
    call.timeout = std::chrono::seconds(30);
    Answers answers(call, 0);
    ek_instance* handle = nullptr;
    ek_status status = EK_E_INTERNAL;
    try {
        status = module.open(host->table(), answers.call(), &table, borrow("{}"), &handle);
    } catch (...) {
        return fail(misbehaviour(host->plugin(), "an exception leaves open"));
    }
    if (status != EK_OK)
        return fail(errc_of(status), "plugin " + host->plugin() + " does not open " +
                                         copy(table.name) + ": " +
                                         answers.error_text().value_or("it does not say why"));
    if (handle == nullptr) return fail(misbehaviour(host->plugin(), "open gives no instance"));
    return std::unique_ptr<Collection>(std::make_unique<Instance>(
        std::make_shared<Opened>(module, std::move(host), handle), table, std::move(*schema)));
}

}  // namespace evenkeel::plugin
