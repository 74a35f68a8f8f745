#include "core/plugin/instance.hpp"

#include <cstddef>
#include <cstdint>

#include <evenkeel/ext/backend.h>

#include "core/base/text.hpp"
#include "core/plugin/broken_rule.hpp"
#include "core/plugin/compare.hpp"
#include "core/plugin/open_watch.hpp"
#include "core/plugin/remote/remote_tables.hpp"

namespace evenkeel::plugin {
namespace {

// What the plugin calls its back end; empty if it does not say.
std::string backend_of(const ek_collection& table, ek_instance* instance) {
    if (table.extension == nullptr) return {};
    const auto* backend = static_cast<const ek_backend*>(table.extension(instance, EK_EXT_BACKEND));
    if (backend == nullptr || !EK_HAS(ek_backend, backend, name) || backend->name == nullptr)
        return {};
    constexpr std::size_t kNameMax = 64;
    return printable(copy(backend->name(instance)).substr(0, kNameMax));
}

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
    const std::lock_guard one(opening_);
    {
        const std::lock_guard lock(mutex_);
        if (begun_ && !begun_->trouble) return std::nullopt;
    }
    Begun now = begin(call);
    const std::lock_guard lock(mutex_);
    begun_ = std::move(now);
    first_over_.notify_all();
    return begun_->trouble;
}

Instance::Begun Instance::begin(const Call& call) const {
    auto opened = opener_(call);
    if (!opened) return {nullptr, "", std::move(opened.error())};
    try {
        return {*opened, backend_of(table_, (*opened)->handle), std::nullopt};
    } catch (...) {
        return {nullptr, "", breaks("an exception leaves extension")};
    }
}

std::string Instance::backend() const {
    const std::lock_guard lock(mutex_);
    return begun_ ? begun_->backend : "";
}

std::optional<Error> Instance::trouble() const {
    const std::lock_guard lock(mutex_);
    return begun_ ? begun_->trouble : std::nullopt;
}

Result<std::shared_ptr<OpenInstance>> Instance::instance() const {
    std::unique_lock lock(mutex_);
    first_over_.wait(lock, [this] { return begun_.has_value(); });
    if (begun_->trouble) return fail(*begun_->trouble);
    if (!begun_->instance) return fail(Errc::unavailable, "the collection is closed");
    return begun_->instance;
}

void Instance::close() {
    std::shared_ptr<OpenInstance> last;  // ends without the lock
    const std::lock_guard lock(mutex_);
    if (begun_) last.swap(begun_->instance);
}

std::optional<Error> Instance::run(const char* what, Answers& answers, const Operation& operation) {
    const auto open = instance();
    if (!open) return open.error();
    ek_status status = EK_E_INTERNAL;
    try {
        status = operation((*open)->handle, answers.call());
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
                host_->log().write(diag.severity, borrow(sentence_of(diag)), kAbsent);
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
    error.what = host_->filter()(std::move(error.what));
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

Result<std::unique_ptr<Watch>> Instance::watch(OnHint on_hint, const Call& call) {
    const auto open = EK_TRY(instance());
    if (!can(EK_CAP_WATCH))
        return fail(Errc::unsupported, "the collection " + name_ + " cannot be watched");
    const auto ask = process() != nullptr ? ask_watch : nullptr;
    return open_watch({open, open->handle, &table_, plugin(), watch_mark_, ask}, call,
                      std::move(on_hint));
}

}  // namespace evenkeel::plugin
