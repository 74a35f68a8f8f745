#include "core/agent/runs/decide.hpp"

#include <utility>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/ordering.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/base/text.hpp"
#include "core/schema/ids.hpp"
#include "core/secrets/redactor.hpp"
#include "core/wire/capabilities.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::size_t kResourceIdBytesMost = 4096;

void refuse(Step& step, Decision decision, Error error) {
    step.decision = decision;
    finish(step, wire::Outcome::failed, std::move(error));
}

void supersede(Step& step, const wire::Generation& current) {
    step.decision = Decision::supersede;
    finish(step, wire::Outcome::skipped,
           Error{Errc::conflict, "superseded: the host has revision " +
                                     std::to_string(current.revision) + " already"});
}

// Whether what is on the machine may be the secret of a description that goes now, or went before.
bool leaves_secret(const wire::Ref& ref, const Catalog& catalog) {
    const CatalogEntry* entry = catalog.find(ref);
    return catalog.has_left_secret(ref) || (entry && entry->metadata.sensitive);
}

void forget(Step& step, const Catalog& catalog) {
    step.decision = Decision::forget;
    step.description.metadata.left_secret = leaves_secret(step.request.ref, catalog);
    finish(step, wire::Outcome::done, std::nullopt);
    step.description.metadata.ref = step.request.ref;
    step.description.metadata.generation = step.request.generation;
}

void go(Step& step, Decision decision) {
    step.decision = decision;
    step.progress = Progress::waiting;
}

Result<void> check_owner(const Intent& intent, const wire::Ref& ref, const Catalog& catalog) {
    const CatalogEntry* entry = catalog.find(ref);
    if (!intent.is_local() || intent.detach || !entry ||
        entry->metadata.origin != wire::Origin::orchestrator) {
        return {};
    }
    return fail(Errc::conflict, "the orchestrator describes " + ref.collection + " " +
                                    printable(ref.id) + "; --detach takes it over");
}

// The fields, with the secrets that a local administrator left redacted restored.
Result<json::Value> body_of(const Intent& intent, const wire::ResourceRequest& request,
                            const HostView& host) {
    if (!request.description.is_object())
        return fail(Errc::invalid, "the description is not an object");
    if (!intent.is_local()) return request.description;
    if (!secrets::has_redacted(request.description)) return request.description;
    const auto before = EK_TRY(host.store.description(request.ref));
    const CollectionRunner* runner = host.registry.find(request.ref.collection);
    const secrets::Redactor redactor(secrets::fingerprint_by(host.store.sealer()));
    auto body = redactor.restore(request.description, before ? before->body : json::Value(),
                                 runner ? &runner->collection().schema() : nullptr);
    if (body) return body;
    return fail(body.error().code,
                printable(body.error().what) + ": " + std::string(secrets::kNotRestored));
}

Metadata metadata_of(const Intent& intent, const wire::ResourceRequest& request,
                     const CollectionRunner* runner) {
    return {request.ref,
            request.policy,
            intent.origin,
            request.generation,
            runner ? runner->collection().schema_version() : 0,
            false,
            request.relations,
            true,
            true};
}

// Of an orchestrator's description only the id is checked: the orchestrator has checked the fields.
Result<void> check_fields(const Intent& intent, const CollectionRunner* runner,
                          const Description& description) {
    if (!runner) return {};
    const schema::Schema& schema = runner->collection().schema();
    const std::string& id = description.metadata.ref.id;
    EK_CHECK(check_id(schema, id));
    const auto wrong = wire::impossible_description(
        runner->collection().capabilities(), description.metadata.ref.collection,
        description.metadata.absent, description.metadata.policy);
    if (wrong) return fail(Errc::invalid, wrong->detail);
    if (!intent.is_local() || description.metadata.absent) return {};
    return check_description(schema, id, description.body);
}

// Sets the metadata first, so that an invalid description of the orchestrator can still be stored.
Result<void> describe(const Intent& intent, const HostView& host, Step& step) {
    const CollectionRunner* runner = host.registry.find(step.request.ref.collection);
    Description& description = step.description;
    description.metadata = metadata_of(intent, step.request, runner);
    description.metadata.absent = EK_TRY(requests_absence(description.body));
    description.metadata.sensitive = description.body.bool_or("sensitive");
    const bool has_switch = !runner || runner->collection().schema().property("sensitive");
    description.metadata.left_secret = has_switch && leaves_secret(step.request.ref, host.catalog);
    return check_fields(intent, runner, description);
}

void prepare_apply(const Intent& intent, const HostView& host, Step& step) {
    auto body = body_of(intent, step.request, host);
    if (!body) return refuse(step, Decision::leave, body.error());
    step.description.body = std::move(*body);
    if (auto described = describe(intent, host, step); !described) {
        // An invalid description of the orchestrator is stored nevertheless; an invalid local one
        // is only reported.
        return refuse(step, intent.is_local() ? Decision::leave : Decision::store_only,
                      described.error());
    }
    go(step, Decision::apply);
}

std::optional<std::string> why_not_removed(const CollectionRegistry& registry,
                                           const Metadata& metadata) {
    const CollectionRunner* runner = registry.find(metadata.ref.collection);
    if (!runner) return std::nullopt;
    return wire::impossible_removal(runner->collection().capabilities(), metadata.ref.collection,
                                    metadata.policy);
}

void prepare_remove(const Intent& intent, const HostView& host, Step& step) {
    const CatalogEntry* entry = host.catalog.find(step.request.ref);
    Metadata& metadata = step.description.metadata;
    metadata = entry ? entry->metadata : Metadata{};
    if (!entry) metadata.policy = step.request.policy;
    metadata.ref = step.request.ref;
    metadata.origin = intent.origin;
    metadata.generation = step.request.generation;
    metadata.absent = true;
    metadata.sensitive = false;
    metadata.left_secret = leaves_secret(step.request.ref, host.catalog);
    step.description.body = json::Object{{"ensure", "absent"}};
    if (const auto why = why_not_removed(host.registry, metadata))
        return refuse(step, Decision::leave, {Errc::unsupported, *why});
    go(step, Decision::remove);
}

void prepare_for(wire::Verb verb, const Intent& intent, const HostView& host, Step& step) {
    switch (verb) {
        case wire::Verb::apply:
            return prepare_apply(intent, host, step);
        case wire::Verb::remove:
            return prepare_remove(intent, host, step);
        case wire::Verb::forget:
            return forget(step, host.catalog);
        case wire::Verb::invoke:
            return go(step, Decision::invoke);
    }
}

// The body is in the store already, with the command, unless restoring secrets has changed it.
void use_stored_body(Step& step, std::uint64_t number) {
    const bool is_described =
        step.decision == Decision::apply || step.decision == Decision::store_only;
    if (is_described && step.description.body == step.request.description) {
        step.description.body_number = number;
    }
}

}  // namespace

Result<void> check_id(const schema::Schema& schema, const std::string& id) {
    if (id.size() > kResourceIdBytesMost || id.find('\0') != std::string::npos || !is_utf8(id)) {
        return fail(Errc::invalid, "the id is too long or has a zero byte");
    }
    if (schema.accepts_key(id)) return {};
    if (schema::is_relative_id(schema, id)) {
        return fail(Errc::invalid, "the id '" + printable(id) + "' " + schema::kMustBeAbsolute);
    }
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

Step decide(const Intent& intent, const wire::ResourceRequest& request, const HostView& host) {
    Step step = step_for(request);
    const wire::Generation* current = host.catalog.generation_of(request.ref);
    if (intent.verb != wire::Verb::invoke && is_superseded(request.generation, current)) {
        supersede(step, *current);
    } else if (auto owner = check_owner(intent, request.ref, host.catalog); !owner) {
        refuse(step, Decision::leave, owner.error());
    } else if (!intent.verb.known()) {
        refuse(step, Decision::leave,
               Error{Errc::unsupported,
                     "this agent knows no verb '" + printable(intent.verb.text()) + "'"});
    } else {
        prepare_for(*intent.verb.known(), intent, host, step);
    }
    return step;
}

StepList decide_all(Intent intent, const std::vector<wire::ResourceRequest>& requests,
                    const std::vector<std::uint64_t>& body_numbers, const HostView& host) {
    StepList list(std::move(intent));
    std::vector<Step> steps;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        Step& step = steps.emplace_back(decide(list.intent(), requests[i], host));
        if (i < body_numbers.size()) use_stored_body(step, body_numbers[i]);
    }
    list.assign(arrange(std::move(steps), list.intent()));
    return list;
}

}  // namespace evenkeel::agent
