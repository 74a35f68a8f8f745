#include "core/agent/prepare.hpp"

#include <utility>

#include "core/agent/secrets.hpp"
#include "core/base/text.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::size_t kIdBytesMost = 4096;

void refuse(Step& step, Error error) {
    step.goes = step.stores = step.drops = false;
    step.done.outcome = wire::Outcome::failed;
    step.done.error = std::move(error);
}

void supersede(Step& step, const wire::Generation& held) {
    step.goes = false;
    step.superseded = true;
    step.done.outcome = wire::Outcome::skipped;
    step.done.error = Error{Errc::conflict, "superseded: the host has revision " +
                                                std::to_string(held.revision) + " already"};
}

Result<void> check_owner(const Job& job, const wire::Ref& ref, const Book& book) {
    const Record* record = book.find(ref);
    if (!job.is_local() || job.inbox.detach || !record ||
        record->head.origin != wire::Origin::orchestrator) {
        return {};
    }
    return fail(Errc::conflict, "the orchestrator describes " + ref.collection + " " +
                                    printable(ref.id) + "; --detach takes it over");
}

// The fields, with what a local administrator left redacted put back.
Result<json::Value> body_of(const Job& job, const wire::Wanted& wanted, const AgentStore& store) {
    if (!wanted.description.is_object()) return fail(Errc::invalid, "the description is no object");
    if (!job.is_local()) return wanted.description;
    const auto before = EK_TRY(store.description(wanted.ref));
    return keep_secrets(wanted.description, before ? &before->body : nullptr);
}

Result<void> prepare_apply(const Job& job, const Units& units, const AgentStore& store,
                           Step& step) {
    const wire::Wanted& wanted = step.wanted;
    const Unit* unit = units.find(wanted.ref.collection);
    Description& description = step.description;
    description.body = EK_TRY(body_of(job, wanted, store));
    description.head = {wanted.ref,
                        wanted.policy,
                        job.inbox.origin,
                        wanted.generation,
                        unit ? unit->collection().schema_version() : 0,
                        false,
                        wanted.ties};
    const auto absent = wants_absence(description.body);
    // What the orchestrator sends is kept whatever becomes of it; a local mistake is just told.
    step.stores = !job.is_local();
    description.head.absent = EK_TRY(absent);
    if (unit) {
        const schema::Schema& schema = unit->collection().schema();
        EK_CHECK(check_id(schema, wanted.ref.id));
        if (job.is_local() && !description.head.absent) {
            EK_CHECK(check_description(schema, wanted.ref.id, description.body));
        }
    }
    step.stores = true;
    return {};
}

Result<void> prepare_remove(const Job& job, const Book& book, Step& step) {
    const Record* record = book.find(step.wanted.ref);
    Head& head = step.description.head;
    head = record ? record->head : Head{};
    head.ref = step.wanted.ref;
    head.origin = job.inbox.origin;
    head.generation = step.wanted.generation;
    head.absent = true;
    step.description.body = json::Object{{"ensure", "absent"}};
    step.stores = step.drops = true;
    return {};
}

}  // namespace

Result<void> check_id(const schema::Schema& schema, const std::string& id) {
    if (id.size() > kIdBytesMost || id.find('\0') != std::string::npos || !is_utf8(id)) {
        return fail(Errc::invalid, "the id is too long or has a zero byte");
    }
    if (schema.accepts_key(id)) return {};
    return fail(Errc::invalid, "the id '" + printable(id) + "' is not canonical: " +
                                   (schema.key_description().empty() ? schema.key_pattern()
                                                                     : schema.key_description()));
}

Result<void> check_description(const schema::Schema& schema, const std::string& id,
                               const json::Value& body) {
    EK_CHECK(check_id(schema, id));
    const auto wrong = schema.validate(without_ensure(body), schema::Mode::description);
    if (wrong.empty()) return {};
    std::string what;
    for (const schema::FieldError& field : wrong) {
        what += (what.empty() ? "" : "; ") + (field.pointer.empty() ? "" : field.pointer + ": ") +
                field.detail;
    }
    return fail(Errc::invalid, std::move(what));
}

Step prepare(const Job& job, const wire::Wanted& wanted, const Book& book, const Units& units,
             const AgentStore& store) {
    Step step;
    step.wanted = wanted;
    step.done.ref = wanted.ref;
    step.done.action = wanted.action;
    step.done.generation = wanted.generation;
    const std::string& verb = job.inbox.verb;
    if (const auto* held = book.generation_of(wanted.ref);
        verb != "invoke" && is_superseded(wanted.generation, held)) {
        supersede(step, *held);
        return step;
    }
    Result<void> ready = check_owner(job, wanted.ref, book);
    if (!ready) {
        refuse(step, ready.error());
        return step;
    }
    if (verb == "apply") {
        ready = prepare_apply(job, units, store, step);
    } else if (verb == "remove") {
        ready = prepare_remove(job, book, step);
    } else if (verb == "forget") {
        step.goes = false;
        step.drops = true;
        step.done.outcome = wire::Outcome::done;
        step.description.head.ref = wanted.ref;
        step.description.head.generation = wanted.generation;
    } else if (verb != "invoke") {
        ready = fail(Errc::unsupported, "this agent knows no verb '" + printable(verb) + "'");
    }
    if (!ready) {
        const bool stores = step.stores;
        refuse(step, ready.error());
        step.stores = stores;
    }
    return step;
}

}  // namespace evenkeel::agent
