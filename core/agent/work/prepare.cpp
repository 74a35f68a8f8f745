#include "core/agent/work/prepare.hpp"

#include <utility>

#include "core/agent/work/secrets.hpp"
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

Result<void> check_owner(const Job& job, const wire::Ref& ref, const Catalog& catalog) {
    const CatalogEntry* entry = catalog.find(ref);
    if (!job.is_local() || job.inbox.detach || !entry ||
        entry->metadata.origin != wire::Origin::orchestrator) {
        return {};
    }
    return fail(Errc::conflict, "the orchestrator describes " + ref.collection + " " +
                                    printable(ref.id) + "; --detach takes it over");
}

// The fields, with what a local administrator left redacted put back.
Result<json::Value> body_of(const Job& job, const wire::ResourceRequest& request,
                            const AgentStore& store) {
    if (!request.description.is_object())
        return fail(Errc::invalid, "the description is no object");
    if (!job.is_local()) return request.description;
    const auto before = EK_TRY(store.description(request.ref));
    return keep_secrets(request.description, before ? &before->body : nullptr);
}

Result<void> prepare_apply(const Job& job, const CollectionRegistry& registry,
                           const AgentStore& store, Step& step) {
    const wire::ResourceRequest& request = step.request;
    const CollectionRunner* runner = registry.find(request.ref.collection);
    Description& description = step.description;
    description.body = EK_TRY(body_of(job, request, store));
    description.metadata = {request.ref,
                            request.policy,
                            job.inbox.origin,
                            request.generation,
                            runner ? runner->collection().schema_version() : 0,
                            false,
                            request.relations};
    const auto absent = requests_absence(description.body);
    // What the orchestrator sends is kept whatever becomes of it; a local mistake is just told.
    step.stores = !job.is_local();
    description.metadata.absent = EK_TRY(absent);
    if (runner) {
        const schema::Schema& schema = runner->collection().schema();
        EK_CHECK(check_id(schema, request.ref.id));
        if (job.is_local() && !description.metadata.absent) {
            EK_CHECK(check_description(schema, request.ref.id, description.body));
        }
    }
    step.stores = true;
    return {};
}

Result<void> prepare_remove(const Job& job, const Catalog& catalog, Step& step) {
    const CatalogEntry* entry = catalog.find(step.request.ref);
    Metadata& metadata = step.description.metadata;
    metadata = entry ? entry->metadata : Metadata{};
    metadata.ref = step.request.ref;
    metadata.origin = job.inbox.origin;
    metadata.generation = step.request.generation;
    metadata.absent = true;
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

Step prepare(const Job& job, const wire::ResourceRequest& request, const Catalog& catalog,
             const CollectionRegistry& registry, const AgentStore& store) {
    Step step;
    step.request = request;
    step.done.ref = request.ref;
    step.done.action = request.action;
    step.done.generation = request.generation;
    const OpenName<wire::Verb>& verb = job.inbox.verb;
    if (const auto* held = catalog.generation_of(request.ref);
        verb != wire::Verb::invoke && is_superseded(request.generation, held)) {
        supersede(step, *held);
        return step;
    }
    Result<void> ready = check_owner(job, request.ref, catalog);
    if (!ready) {
        refuse(step, ready.error());
        return step;
    }
    if (verb == wire::Verb::apply) {
        ready = prepare_apply(job, registry, store, step);
    } else if (verb == wire::Verb::remove) {
        ready = prepare_remove(job, catalog, step);
    } else if (verb == wire::Verb::forget) {
        step.goes = false;
        step.drops = true;
        step.done.outcome = wire::Outcome::done;
        step.description.metadata.ref = request.ref;
        step.description.metadata.generation = request.generation;
    } else if (verb != wire::Verb::invoke) {
        ready =
            fail(Errc::unsupported, "this agent knows no verb '" + printable(verb.text()) + "'");
    }
    if (!ready) {
        const bool stores = step.stores;
        refuse(step, ready.error());
        step.stores = stores;
    }
    return step;
}

}  // namespace evenkeel::agent
