#include "core/plugin/instance.hpp"

#include <cstddef>
#include <cstdint>
#include <map>

#include <evenkeel/ext/backend.h>

#include "core/base/text.hpp"
#include "core/plugin/broken_rule.hpp"
#include "core/plugin/compare.hpp"
#include "core/plugin/open_watch.hpp"
#include "core/plugin/remote/remote_tables.hpp"

namespace evenkeel::plugin {
namespace {

std::string ids_json(const std::vector<std::string>& ids) {
    json::Array array;
    for (const std::string& id : ids) array.emplace_back(id);
    return json::write(std::move(array));
}

// What the plugin calls its back end; empty if it does not say.
std::string backend_of(const ek_collection& table, ek_instance* instance) {
    if (table.extension == nullptr) return {};
    const auto* backend = static_cast<const ek_backend*>(table.extension(instance, EK_EXT_BACKEND));
    if (backend == nullptr || !EK_HAS(ek_backend, backend, name) || backend->name == nullptr)
        return {};
    constexpr std::size_t kNameMax = 64;
    return printable(copy(backend->name(instance)).substr(0, kNameMax));
}

// The ids of a call, and which of them were answered. Plugins answer in the order in which they are
// asked, so that hardly any is searched for.
class Requested {
  public:
    static constexpr std::size_t kTwice = SIZE_MAX - 1, kUnknown = SIZE_MAX;

    explicit Requested(const std::vector<std::string>& ids) : ids_(ids), taken_(ids.size()) {}

    // The index of the id; where all are asked for, any is known, and its index has no meaning.
    std::size_t take(const std::string& id) {
        if (ids_.empty()) return others_.emplace(id, 0).second ? 0 : kTwice;
        std::size_t index = next_;
        if (index >= ids_.size() || ids_[index] != id) {
            if (others_.empty())
                for (std::size_t i = 0; i < ids_.size(); ++i) others_.emplace(ids_[i], i);
            const auto found = others_.find(id);
            if (found == others_.end()) return kUnknown;
            index = found->second;
        }
        if (taken_[index]) return kTwice;
        taken_[index] = true;
        next_ = index + 1;
        return index;
    }

  private:
    const std::vector<std::string>& ids_;
    std::vector<bool> taken_;
    std::size_t next_ = 0;
    std::map<std::string, std::size_t> others_;
};

}  // namespace

Result<std::vector<Item>> Collection::read_changed(const std::vector<Known>& known,
                                                   const Call& call) {
    std::vector<std::string> ids;
    for (const Known& each : known) ids.push_back(each.id);
    return read(ids, call);
}

Instance::Instance(std::shared_ptr<const Host> host, const ek_collection& table,
                   schema::Schema schema, Opener opener)
    : opener_(std::move(opener)),
      host_(std::move(host)),
      table_(table),
      name_(copy(table.name)),
      schema_text_(copy(table.schema_json)),
      schema_(std::move(schema)),
      fields_(schema_) {}

std::optional<Error> Instance::open(const Call& call) {
    std::call_once(begun_, [&] {
        begin(call);
        is_opened_.set_value();
    });
    return trouble_;
}

void Instance::begin(const Call& call) {
    auto opened = opener_(call);
    if (!opened) {
        trouble_ = std::move(opened.error());
        return;
    }
    open_instance_ = std::move(*opened);
    try {
        backend_ = backend_of(table_, open_instance_->handle);
    } catch (...) {
        trouble_ = breaks("an exception leaves extension");
    }
}

void Instance::close() {
    open_instance_.reset();
}

std::optional<Error> Instance::run(const char* what, Answers& answers, const Operation& operation) {
    opened_.wait();
    if (trouble_) return trouble_;
    if (!open_instance_) return Error{Errc::unavailable, "the collection is closed"};
    ek_status status = EK_E_INTERNAL;
    try {
        status = operation(open_instance_->handle, answers.call());
    } catch (const BrokenRule& broken) {
        return breaks(broken.rule);
    } catch (const std::exception& error) {
        return breaks(std::string("an exception leaves ") + what + " (" + printable(error.what()) +
                      ")");
    } catch (...) {
        return breaks(std::string("an exception leaves ") + what);
    }
    tell_log(answers);
    return verdict(what, status, answers);
}

// What is neither an error nor for an administrator to see.
void Instance::tell_log(const Answers& answers) const {
    const auto tell = [this](const Part& part) {
        for (const Diagnostic& diag : part.diags)
            if (diag.severity < EK_SEV_WARNING && !diag.summary.empty())
                host_->log(diag.severity, borrow(sentence_of(diag)), kAbsent);
    };
    tell(answers.whole);
    for (const Part& entry : answers.entries) tell(entry);
}

std::optional<Error> Instance::verdict(const char* what, ek_status status,
                                       const Answers& answers) const {
    const std::string rule = answers.broken_rule();
    if (!rule.empty()) return breaks(rule);
    if (status == EK_OK) return std::nullopt;
    const Diagnostic* error = answers.error();
    // Of a call that has done a part: why it did not do the rest.
    const bool has_cause = status == EK_E_PARTIAL && error && is_status(error->status);
    const ek_status cause = has_cause && error->status != EK_OK ? error->status : status;
    if (auto why = answers.cancelled_for(); why && cause == EK_E_CANCELLED) return why;
    if (error) return failure(errc_of(cause), sentence_of(*error));
    if (status == EK_E_CANCELLED) return Error{Errc::cancelled, "the call was cancelled"};
    return breaks(std::string(what) + " fails without saying why");
}

tl::unexpected<Error> Instance::fail_with(Error error) const {
    error.what = Host::Filter(*host_)(std::move(error.what));
    return fail(std::move(error));
}

// A defect has the name of whose it is.
Error Instance::failure(Errc code, const std::string& text) const {
    return Error{code, code == Errc::internal ? "plugin " + plugin() + ": " + text : text};
}

std::vector<std::string> Instance::actions() const {
    std::vector<std::string> names;
    const auto actions = json::parse(copy(table_.actions_json));
    if (!can(EK_CAP_INVOKE) || !actions || !actions->is_object()) return names;
    for (const auto& [name, schema] : actions->as_object()) names.push_back(name);
    return names;
}

std::vector<std::string> Instance::capabilities() const {
    return capability_names(table_.caps);
}

std::string Instance::broken_rule(const Item& item, std::string_view stamp,
                                  std::uint32_t flags) const {
    if (item.error) return "";
    if (item.unchanged) {
        return stamp.empty() ? "an item comes unchanged without a stamp that was given for it" : "";
    }
    if (!item.state.is_object()) return "an item comes without its state";
    const bool describes = (flags & EK_CALL_DESCRIBE) != 0;
    const auto mode = describes ? schema::Mode::description : schema::Mode::state;
    const auto wrong = schema_.validate(item.state, mode);
    if (wrong.empty()) return "";
    return (describes ? "a description" : "a state") +
           std::string(" is not what the schema says at \"") + wrong.front().pointer +
           "\": " + wrong.front().detail;
}

Result<std::vector<Item>> Instance::items_of(Answers& answers, const std::vector<std::string>& ids,
                                             const std::vector<ek_str>& stamps,
                                             std::uint32_t flags) const {
    Requested requested(ids);
    Host::Filter filter(*host_);
    for (Item& item : answers.items) {
        const auto index = requested.take(item.id);
        if (index == Requested::kTwice) return fail(breaks("an item comes twice"));
        if (index == Requested::kUnknown)
            return fail(breaks("an item comes that was not asked for"));
        const auto stamp = index < stamps.size()
                               ? std::string_view(stamps[index].ptr, stamps[index].len)
                               : std::string_view();
        const std::string rule = broken_rule(item, stamp, flags);
        if (!rule.empty()) return fail(breaks(rule));
        if (item.error) item.error = failure(item.error->code, filter(item.error->what));
    }
    return std::move(answers.items);
}

Result<std::vector<Item>> Instance::items(const std::vector<std::string>& ids, std::uint32_t flags,
                                          const Call& call) {
    if (!can(EK_CAP_LIST)) {
        if (!ids.empty()) return read_items(ids, {}, flags, call);
        return fail(Errc::unsupported, "the collection " + name_ + " cannot be listed");
    }
    Answers answers(call, flags);
    const std::string filter = ids.empty() ? "" : "{\"ids\":" + ids_json(ids) + "}";
    auto error = run("list", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.list(self, frame, ids.empty() ? kAbsent : borrow(filter));
    });
    if (error) return fail_with(*std::move(error));
    return items_of(answers, ids, {}, flags);
}

Result<std::vector<Item>> Instance::read_items(const std::vector<std::string>& ids,
                                               const std::vector<ek_str>& stamps,
                                               std::uint32_t flags, const Call& call) {
    Answers answers(call, flags);
    answers.know(stamps);
    const std::string wanted = ids_json(ids);
    auto error = run("read", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.read(self, frame, borrow(wanted));
    });
    if (error && error->code == Errc::not_found && answers.items.empty())
        return std::vector<Item>();
    if (error) return fail_with(*std::move(error));
    return items_of(answers, ids, stamps, flags);
}

Result<std::vector<Item>> Instance::list(const std::vector<std::string>& ids, const Call& call) {
    return items(ids, 0, call);
}

Result<std::vector<Item>> Instance::read(const std::vector<std::string>& ids, const Call& call) {
    return read_items(ids, {}, 0, call);
}

Result<std::vector<Item>> Instance::read_changed(const std::vector<Known>& known,
                                                 const Call& call) {
    std::vector<std::string> ids;
    std::vector<ek_str> stamps;
    for (const auto& [id, stamp] : known) {
        ids.push_back(id);
        stamps.push_back(stamp.empty() ? kAbsent : borrow(stamp));
    }
    return read_items(ids, stamps, 0, call);
}

Result<std::vector<Item>> Instance::describe(const std::vector<std::string>& ids,
                                             const Call& call) {
    if (!can(EK_CAP_DESCRIBE)) return Collection::describe(ids, call);
    return items(ids, EK_CALL_DESCRIBE, call);
}

Result<std::vector<wire::FieldDrift>> Instance::compare(const std::string&,
                                                        const json::Value& description,
                                                        const json::Value& state) {
    if (state.is_null() || !can(EK_CAP_COMPARE))
        return compare_by_words(fields_, description, state, host_->redactor());
    Answers answers(Call{}, 0);
    const std::string desired = json::write(description);
    const std::string actual = json::write(state);
    auto error = run("compare", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.compare(self, frame, borrow(desired), borrow(actual));
    });
    if (error) return fail_with(*std::move(error));
    std::vector<wire::FieldDrift> drift;
    for (ReportedChange& reported : answers.whole.changes) {
        redact_change(description, reported);
        drift.push_back({std::move(reported.change.path), std::move(reported.change.after),
                         std::move(reported.change.before)});
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
    if (error) return fail_with(*std::move(error));
    if (!answers.whole.state) return fail(breaks("upgrade answers no description"));
    const auto wrong = schema_.validate(*answers.whole.state, schema::Mode::description);
    if (wrong.empty()) return std::move(*answers.whole.state);
    return fail(breaks("upgrade makes a description that the schema refuses at \"" +
                       wrong.front().pointer + "\""));
}

Result<std::unique_ptr<Watch>> Instance::watch(OnHint on_hint) {
    opened_.wait();
    if (trouble_) return fail(*trouble_);
    if (!open_instance_) return fail(Errc::unavailable, "the collection is closed");
    if (!can(EK_CAP_WATCH))
        return fail(Errc::unsupported, "the collection " + name_ + " cannot be watched");
    const auto ask = process() != nullptr ? ask_watch : nullptr;
    return open_watch({open_instance_, open_instance_->handle, &table_, plugin(), watch_mark_, ask},
                      Call{}, std::move(on_hint));
}

}  // namespace evenkeel::plugin
