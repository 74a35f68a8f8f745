#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "core/base/text.hpp"
#include "core/plugin/instance.hpp"

// The instance's second half: what changes the machine, and its plans.
namespace evenkeel::plugin {

std::vector<Applied> Collection::apply_many(const std::vector<Entry>& entries, bool dry_run,
                                            const Call& call) {
    std::vector<Applied> all;
    for (const Entry& entry : entries)
        all.push_back(entry.description.is_null()
                          ? remove(entry.id, dry_run, call)
                          : apply(entry.id, entry.description, dry_run, call));
    return all;
}

namespace {

// Stands for descriptions that are not known here: what they may call secret is secret.
json::Value unknown_description() {
    return json::Object{{"sensitive", true}};
}

std::uint32_t change_flags(bool dry_run, const Call& call) {
    return (dry_run ? std::uint32_t{EK_CALL_DRY_RUN} : 0u) |
           (call.is_repair ? std::uint32_t{EK_CALL_REPAIR} : 0u);
}

}  // namespace

Call Instance::filtered(const Call& call, SecretFilter& filter) {
    Call copy = call;
    if (!call.progress) return copy;
    copy.progress = [&filter, tell = call.progress](Progress progress) {
        progress.message = filter(std::move(progress.message));
        tell(progress);
    };
    return copy;
}

void Instance::redact_change(const json::Value& description, ReportedChange& reported) const {
    const bool always = (reported.flags & EK_CHG_SENSITIVE) != 0;
    const std::string& path = reported.change.path;
    for (json::Value* side : {&reported.change.before, &reported.change.after}) {
        *side = host_->redactor().changed(fields_, description, path, std::move(*side), always);
    }
}

std::vector<std::string> Instance::deprecations_in(const json::Value& description) const {
    std::vector<std::string> notes;
    for (const schema::Field& field : fields_) {
        if (!field.is_deprecated || description.find(field.name) == nullptr) continue;
        notes.push_back("the field " + field.name + " is deprecated" +
                        (field.message.empty() ? "" : ": " + field.message));
    }
    return notes;
}

std::vector<std::string> Instance::notes_of(const Part& part, const Diagnostic* told,
                                            const json::Value& description,
                                            SecretFilter& filter) const {
    std::vector<std::string> notes = deprecations_in(description);
    for (const Diagnostic& diag : part.diags) {
        if (diag.severity < EK_SEV_WARNING || &diag == told || diag.summary.empty()) continue;
        if (notes.size() >= wire::kNotesMost) break;
        notes.push_back(filter(host_->redactor().text(fields_, description, sentence_of(diag))));
    }
    return wire::bounded_notes(std::move(notes));
}

std::optional<wire::Output> Instance::output_of(const PrintedOutput& printed,
                                                const json::Value& description,
                                                SecretFilter& filter) const {
    if (printed.bytes() == 0) return std::nullopt;
    std::string text = filter(host_->redactor().text(fields_, description, printed.text()));
    return wire::bounded({to_utf8(text), printed.bytes(), printed.is_cut()});
}

Applied Instance::applied_of(Part& part, std::optional<Error> error, bool dry_run,
                             const json::Value& description, SecretFilter& filter) const {
    Applied applied;
    applied.error = std::move(error);
    applied.notes = notes_of(part, applied.error ? part.error() : nullptr, description, filter);
    applied.output = output_of(part.output, description, filter);
    if (applied.error) {
        applied.error->what =
            filter(host_->redactor().text(fields_, description, applied.error->what));
        if (const Diagnostic* why = part.error())
            applied.retry_after = std::chrono::milliseconds(why->retry_after_ms);
    }
    for (ReportedChange& reported : part.changes) {
        const bool known =
            reported.change.path == "/ensure" || fields_.at(reported.change.path) != nullptr;
        const bool planned = reported.change.outcome == wire::Outcome::planned;
        if (!applied.error && !known)
            applied.error = breaks("it changes \"" + printable(reported.change.path) +
                                   "\", which is not in its schema");
        if (!applied.error && planned != dry_run)
            applied.error = breaks(dry_run ? "a dry run reports a change as made"
                                           : "an apply reports a change as planned");
        redact_change(description, reported);
        applied.changes.push_back(std::move(reported.change));
    }
    if (!part.state) return applied;
    const auto wrong = schema_.validate(*part.state, schema::Mode::state);
    if (!applied.error && !wrong.empty())
        applied.error = breaks("a state is not what the schema says at \"" + wrong.front().pointer +
                               "\": " + wrong.front().detail);
    applied.state = redact(description, std::move(*part.state));
    return applied;
}

std::optional<Error> Instance::wrong_spelling(const std::string& id, const Call& call) {
    if (!can(EK_CAP_NORMALIZE)) return std::nullopt;
    Answers answers(call, 0);
    auto error = run("normalize", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.normalize(self, frame, borrow(id));
    });
    if (error) return error;
    if (answers.items.size() != 1) return breaks("normalize answers no id, or several");
    const std::string& normal = answers.items.front().id;
    if (normal == id) return std::nullopt;
    return Error{Errc::invalid,
                 "\"" + printable(id) + "\" is another spelling: write it " + printable(normal)};
}

std::optional<Error> Instance::refusal(const std::string& id, const json::Value& description,
                                       bool dry_run, const Call& call) {
    if (auto wrong = wrong_spelling(id, call)) return wrong;
    if (description.is_null()) {
        if (can(EK_CAP_REMOVE)) return std::nullopt;
        return Error{Errc::unsupported, name_ + " cannot be removed"};
    }
    // What can only be read is compared.
    if (!can(EK_CAP_APPLY) && !dry_run)
        return Error{Errc::unsupported, "the collection " + name_ + " is read-only"};
    const auto wrong = schema_.validate(description, schema::Mode::description);
    if (wrong.empty()) return std::nullopt;
    return Error{
        Errc::invalid,
        (wrong.front().pointer.empty() ? "" : wrong.front().pointer + ": ") + wrong.front().detail};
}

Applied Instance::apply(const std::string& id, const json::Value& description, bool dry_run,
                        const Call& call) {
    if (auto refused = refusal(id, description, dry_run, call)) return {{}, {}, std::move(refused)};
    if (dry_run && !can_plan()) return plan_apply(id, description, call);
    SecretFilter filter = host_->filter();
    Answers answers(filtered(call, filter), change_flags(dry_run, call));
    const std::string desired = json::write(description);
    auto error = run("apply", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.apply(self, frame, borrow(id), borrow(desired));
    });
    return applied_of(answers.whole, std::move(error), dry_run, description, filter);
}

Applied Instance::remove(const std::string& id, bool dry_run, const Call& call) {
    if (auto refused = refusal(id, {}, dry_run, call)) return {{}, {}, std::move(refused)};
    if (dry_run && !can_plan()) return plan_remove(id, call);
    SecretFilter filter = host_->filter();
    Answers answers(filtered(call, filter), change_flags(dry_run, call));
    auto error = run("remove", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.remove(self, frame, borrow(id));
    });
    return applied_of(answers.whole, std::move(error), dry_run, unknown_description(), filter);
}

std::vector<Applied> Instance::apply_many(const std::vector<Entry>& entries, bool dry_run,
                                          const Call& call) {
    std::set<std::string_view> ids;
    for (const Entry& entry : entries) ids.insert(entry.id);
    const bool can_batch = batches() && (!dry_run || can_plan());
    if (!can_batch || entries.size() < 2 || ids.size() != entries.size())
        return Collection::apply_many(entries, dry_run, call);
    std::vector<Applied> all(entries.size());
    std::vector<const Entry*> going;
    std::vector<Applied*> into;
    for (std::size_t at = 0; at < entries.size(); ++at) {
        all[at].error = refusal(entries[at].id, entries[at].description, dry_run, call);
        if (all[at].error) continue;
        going.push_back(&entries[at]);
        into.push_back(&all[at]);
    }
    if (!going.empty()) run_many(going, into, dry_run, call);
    return all;
}

void Instance::run_many(const std::vector<const Entry*>& entries, const std::vector<Applied*>& into,
                        bool dry_run, const Call& call) {
    SecretFilter filter = host_->filter();
    Answers answers(filtered(call, filter), change_flags(dry_run, call));
    json::Array array;
    for (const Entry* entry : entries) {
        array.push_back(json::Object{{"id", entry->id}, {"desired", entry->description}});
        answers.entries.emplace_back().id = entry->id;
    }
    const std::string asked = json::write(std::move(array));
    bool partial = false;
    auto failed = run("apply_many", answers, [&](ek_instance* self, const ek_call* frame) {
        const ek_status status = table_.apply_many(self, frame, borrow(asked));
        partial = status == EK_E_PARTIAL;
        return partial ? EK_OK : status;
    });
    const auto has_error = [](const Part& part) { return part.error() != nullptr; };
    if (partial && std::none_of(answers.entries.begin(), answers.entries.end(), has_error) &&
        !failed)
        failed = breaks("apply_many answers that it was done in part, and not what was not");
    // The error's text may quote any of the descriptions.
    for (const Entry* entry : entries)
        if (failed)
            failed->what = host_->redactor().text(fields_, entry->description, failed->what);
    for (std::size_t at = 0; at < entries.size(); ++at) {
        Part& part = answers.entries[at];
        // What was said before any entry was named is told once.
        if (at == 0) {
            std::copy_if(answers.whole.diags.begin(), answers.whole.diags.end(),
                         std::back_inserter(part.diags),
                         [](const Diagnostic& diag) { return diag.severity == EK_SEV_WARNING; });
        }
        std::optional<Error> error = failed;
        if (const Diagnostic* diagnostic = part.error(); diagnostic != nullptr && !error) {
            error =
                failure(errc_of(diagnostic->status == EK_OK ? EK_E_INTERNAL : diagnostic->status),
                        sentence_of(*diagnostic));
        }
        if (!error && !part.mentioned)
            error = breaks("it does not say what became of \"" + printable(part.id) + "\"");
        const json::Value& description = entries[at]->description;
        *into[at] = applied_of(part, std::move(error), dry_run,
                               description.is_null() ? unknown_description() : description, filter);
    }
}

Applied Instance::invoke(const std::string& id, const std::string& action,
                         const json::Value& arguments, const Call& call) {
    const auto known = actions();
    if (std::find(known.begin(), known.end(), action) == known.end())
        return {{},
                {},
                Error{Errc::unsupported,
                      "the collection " + name_ + " has no action \"" + printable(action) + "\""}};
    SecretFilter filter = host_->filter();
    Answers answers(filtered(call, filter), 0);
    const std::string given = arguments.is_null() ? "{}" : json::write(arguments);
    auto error = run("invoke", answers, [&](ek_instance* self, const ek_call* frame) {
        return table_.invoke(self, frame, borrow(id), borrow(action), borrow(given));
    });
    if (error) error->what = host_->redactor().text(fields_, arguments, error->what);
    return applied_of(answers.whole, std::move(error), false, unknown_description(), filter);
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
    applied.notes = wire::bounded_notes(deprecations_in(description));
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

}  // namespace evenkeel::plugin
