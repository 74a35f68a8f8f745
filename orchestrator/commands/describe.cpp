#include "orchestrator/commands/describe.hpp"

#include <algorithm>
#include <utility>

#include "core/base/time.hpp"
#include "core/crypto/hash.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/shapes.hpp"

namespace evenkeel::commands {
namespace {

using state::CommandEntry;
using state::Resource;
using wire::Origin;
using Reason = wire::DescriptionReason;

Result<void> require_host(const state::View& view, const std::string& host) {
    const auto found = EK_TRY(view.hosts().find(host));
    if (!found) return fail(Errc::not_found, "there is no such host");
    if (found->retired()) return fail(Errc::conflict, "the host is retired");
    return {};
}

wire::Compliance pending() {
    return {.status = wire::Verdict::unknown,
            .reason = std::string(to_string(wire::UnknownReason::pending)),
            .fields = {},
            .since = now_rfc3339(),
            .seen_by = ""};
}

bool unchanged(const secrets::Protector& protector, const std::string& host,
               const std::optional<Resource>& before, const DescriptionRequest& request) {
    if (!before || before->removing || before->origin != Origin::orchestrator ||
        before->policy != request.policy || before->relations != request.relations) {
        return false;
    }
    const auto kept =
        protector.open({host, request.ref.collection, request.ref.id}, before->description);
    return kept && *kept == request.description;
}

constexpr std::size_t kValueBytesMost = 256;

// For the audit: what was asked for, without secrets, long texts by their hash.
Result<json::Value> noted(const secrets::Protector& protector, const std::string& host,
                          const Resource& resource, const schema::Schema* schema) {
    json::Value description = EK_TRY(protector.redacted(
        {host, resource.ref.collection, resource.ref.id}, resource.description, schema));
    for (auto& [name, value] : description.as_object()) {
        if (!value.is_string() || value.as_string().size() <= kValueBytesMost) continue;
        const std::string& text = value.as_string();
        const std::string sha256 = crypto::sha256_hex(text);
        value = json::Object{{"sha256", sha256}, {"size", text.size()}};
    }
    json::Object out{{"collection", resource.ref.collection},
                     {"id", resource.ref.id},
                     {"policy", wire::to_string(resource.policy)},
                     {"description", std::move(description)}};
    wire::put_relations(out, resource.relations);
    return out;
}

// Stores what is wanted under a new generation, and says so.
Result<void> renew(state::Edit& edit, const std::string& host, Resource& resource, Reason reason) {
    resource.revision = EK_TRY(edit.next_revision());
    resource.generation = {.stream = edit.stream(), .revision = resource.revision};
    resource.origin = Origin::orchestrator;
    resource.compliance = pending();
    EK_CHECK(edit.put_resource(host, resource));
    return edit.add_event_at(
        resource.revision, state::EventType::description_changed, host,
        state::subject_of(resource.ref),
        state::description_event(host, resource.ref, resource.generation, resource.origin, reason));
}

Result<CommandEntry> describe_one(state::Edit& edit, const secrets::Protector& protector,
                                  const Requester& requester, const DescriptionRequest& request) {
    auto before = EK_TRY(edit.resource(requester.host, request.ref));
    if (requester.guard) EK_CHECK(requester.guard(before));
    Resource resource = before.value_or(Resource{});
    if (!unchanged(protector, requester.host, before, request)) {
        const bool local = before && before->origin == Origin::local;
        resource.ref = request.ref;
        resource.description =
            protector.seal({requester.host, request.ref.collection, request.ref.id},
                           request.description, request.schema.get());
        resource.policy = request.policy;
        resource.relations = request.relations;
        resource.schema_version = request.schema_version;
        resource.removing = false;
        EK_CHECK(renew(edit, requester.host, resource, local ? Reason::replaced : Reason::request));
    }
    CommandEntry entry;
    entry.ref = resource.ref;
    entry.generation = resource.generation;
    entry.description = resource.description;
    entry.policy = resource.policy;
    entry.relations = resource.relations;
    return entry;
}

// Both ends of a cycle may have been described at the same time, each with the door open to it.
Result<void> refuse_cycles(const state::View& view, const std::string& host,
                           const std::vector<DescriptionRequest>& requests) {
    std::vector<wire::RelatedResource> entries;
    for (const DescriptionRequest& request : requests)
        entries.push_back({request.ref, request.relations, ""});
    const wire::RelationLookup lookup = known_of(view, host);
    const auto wrong = wire::find_cycles(entries, lookup);
    if (!wrong.empty()) return fail(Errc::conflict, wrong.front().detail);
    return {};
}

// The described resource, if the orchestrator may do away with it.
Result<Resource> require_described(const state::View& view, const Requester& requester,
                                   const wire::Ref& ref) {
    auto before = EK_TRY(view.resource(requester.host, ref));
    if (requester.guard) EK_CHECK(requester.guard(before));
    if (!before) {
        return fail(Errc::not_found, ref.collection + " " + ref.id + " is not described");
    }
    if (before->origin == Origin::local) {
        return fail(Errc::conflict, "the description is the host's own; change it there");
    }
    return *std::move(before);
}

}  // namespace

wire::RelationLookup known_of(const state::View& view, const std::string& host) {
    // What cannot be read counts as not there: the caller's own reads of it will tell.
    return {[&view, host](const wire::Ref& ref) -> std::optional<wire::Relations> {
                const auto found = view.resource(host, ref);
                if (!found || !*found || (*found)->removing) return std::nullopt;
                return (*found)->relations;
            },
            [&view, host](const wire::Notification& notice) {
                const auto found = view.collections().find(host, notice.ref.collection);
                if (!found || !*found || !(*found)->actions.is_array()) return true;
                const json::Array& names = (*found)->actions.as_array();
                return std::find(names.begin(), names.end(), json::Value(notice.action)) !=
                       names.end();
            }};
}

Result<state::Command> describe(state::Edit& edit, const secrets::Protector& protector,
                                const Requester& requester,
                                const std::vector<DescriptionRequest>& requests) {
    EK_CHECK(require_host(edit, requester.host));
    EK_CHECK(refuse_cycles(edit, requester.host, requests));
    json::Array notes;
    CommandRequest order{.host = requester.host,
                         .verb = wire::Verb::apply,
                         .resources = {},
                         .request_id = requester.request_id};
    for (const DescriptionRequest& request : requests) {
        order.resources.push_back(EK_TRY(describe_one(edit, protector, requester, request)));
        const auto stored = EK_TRY(edit.resource(requester.host, request.ref));
        if (stored) {
            notes.push_back(
                EK_TRY(noted(protector, requester.host, *stored, request.schema.get())));
        }
    }
    edit.note("resources", std::move(notes));
    return enqueue(edit, std::move(order));
}

Result<state::Command> remove(state::Edit& edit, const secrets::Protector& protector,
                              const Requester& requester, const wire::Ref& ref) {
    EK_CHECK(require_host(edit, requester.host));
    Resource resource = EK_TRY(require_described(edit, requester, ref));
    resource.description = protector.seal({requester.host, ref.collection, ref.id},
                                          json::Object{{"ensure", "absent"}}, nullptr);
    resource.removing = true;
    EK_CHECK(renew(edit, requester.host, resource, Reason::removed));
    CommandEntry entry;
    entry.ref = ref;
    entry.generation = resource.generation;
    entry.policy = resource.policy;
    return enqueue(edit, {.host = requester.host,
                          .verb = wire::Verb::remove,
                          .resources = {std::move(entry)},
                          .request_id = requester.request_id});
}

Result<state::Command> forget(state::Edit& edit, const Requester& requester, const wire::Ref& ref) {
    EK_CHECK(require_host(edit, requester.host));
    EK_CHECK(require_described(edit, requester, ref));
    EK_CHECK(edit.erase_resource(requester.host, ref));
    CommandEntry entry;
    entry.ref = ref;
    entry.generation = {.stream = edit.stream(), .revision = EK_TRY(edit.next_revision())};
    EK_CHECK(edit.add_event_at(entry.generation.revision, state::EventType::description_forgotten,
                               requester.host, state::subject_of(ref),
                               state::description_event(requester.host, ref, entry.generation,
                                                        Origin::orchestrator, Reason::request)));
    return enqueue(edit, {.host = requester.host,
                          .verb = wire::Verb::forget,
                          .resources = {std::move(entry)},
                          .request_id = requester.request_id});
}

Result<state::Command> invoke(state::Edit& edit, const secrets::Protector& protector,
                              const Requester& requester, const wire::Ref& ref,
                              const std::string& action, const json::Value& arguments) {
    EK_CHECK(require_host(edit, requester.host));
    CommandEntry entry;
    entry.ref = ref;
    entry.action = action;
    edit.note("action", action);
    const auto before = EK_TRY(edit.resource(requester.host, ref));
    if (before) entry.generation = before->generation;
    if (!arguments.is_null()) {
        entry.arguments =
            protector.seal_text(json::write(arguments), arguments_purpose(requester.host, ref));
    }
    return enqueue(edit, {.host = requester.host,
                          .verb = wire::Verb::invoke,
                          .resources = {std::move(entry)},
                          .request_id = requester.request_id});
}

}  // namespace evenkeel::commands
