#include "orchestrator/commands/desire.hpp"

#include <algorithm>
#include <utility>

#include "core/base/time.hpp"
#include "core/crypto/hash.hpp"
#include "orchestrator/state/shapes.hpp"

namespace evenkeel::commands {
namespace {

using state::CommandEntry;
using state::Resource;
using wire::Origin;

Result<void> require_host(const state::View& view, const std::string& host) {
    const auto found = EK_TRY(view.host(host));
    if (!found) return fail(Errc::not_found, "there is no such host");
    if (found->retired()) return fail(Errc::conflict, "the host is retired");
    return {};
}

wire::Compliance pending() {
    return {.status = wire::Verdict::unknown,
            .reason = "pending",
            .fields = {},
            .since = now_rfc3339(),
            .seen_by = ""};
}

bool unchanged(const state::Vault& vault, const std::string& host,
               const std::optional<Resource>& before, const Wish& wish) {
    if (!before || before->removing || before->origin != Origin::orchestrator ||
        before->policy != wish.policy || before->ties != wish.ties) {
        return false;
    }
    const auto kept = vault.open(host, wish.ref, before->description);
    return kept && *kept == wish.description;
}

constexpr std::size_t kValueBytesMost = 256;

// For the audit: what was asked for, without secrets, long texts by their hash.
Result<json::Value> noted(const state::Vault& vault, const std::string& host,
                          const Resource& resource, const schema::Schema* schema) {
    json::Value description =
        EK_TRY(vault.redacted(host, resource.ref, resource.description, schema));
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
    wire::put_ties(out, resource.ties);
    return out;
}

// Stores what is wanted under a new generation, and says so.
Result<void> renew(state::Edit& edit, const std::string& host, Resource& resource,
                   std::string_view reason) {
    resource.revision = EK_TRY(edit.next_revision());
    resource.generation = {.stream = edit.stream(), .revision = resource.revision};
    resource.origin = Origin::orchestrator;
    resource.compliance = pending();
    EK_CHECK(edit.put_resource(host, resource));
    return edit.add_event_at(
        resource.revision, "description.changed", host, state::subject_of(resource.ref),
        state::description_event(host, resource.ref, resource.generation, resource.origin, reason));
}

Result<CommandEntry> describe_one(state::Edit& edit, const state::Vault& vault,
                                  const Asking& asking, const Wish& wish) {
    auto before = EK_TRY(edit.resource(asking.host, wish.ref));
    if (asking.guard) EK_CHECK(asking.guard(before));
    Resource resource = before.value_or(Resource{});
    if (!unchanged(vault, asking.host, before, wish)) {
        const bool local = before && before->origin == Origin::local;
        resource.ref = wish.ref;
        resource.description =
            vault.seal(asking.host, wish.ref, wish.description, wish.schema.get());
        resource.policy = wish.policy;
        resource.ties = wish.ties;
        resource.schema_version = wish.schema_version;
        resource.removing = false;
        EK_CHECK(renew(edit, asking.host, resource, local ? "replaced" : "request"));
    }
    CommandEntry entry;
    entry.ref = resource.ref;
    entry.generation = resource.generation;
    entry.description = resource.description;
    entry.policy = resource.policy;
    entry.ties = resource.ties;
    return entry;
}

// Both ends of a cycle may have been described at the same time, each with the door open to it.
Result<void> refuse_cycles(const state::View& view, const std::string& host,
                           const std::vector<Wish>& wishes) {
    std::vector<wire::Tied> entries;
    for (const Wish& wish : wishes) entries.push_back({wish.ref, wish.ties, ""});
    const wire::Known known = known_of(view, host);
    const auto wrong = wire::find_cycles(entries, known);
    if (!wrong.empty()) return fail(Errc::conflict, wrong.front().detail);
    return {};
}

// The described resource, if the orchestrator may do away with it.
Result<Resource> require_described(const state::View& view, const Asking& asking,
                                   const wire::Ref& ref) {
    auto before = EK_TRY(view.resource(asking.host, ref));
    if (asking.guard) EK_CHECK(asking.guard(before));
    if (!before) {
        return fail(Errc::not_found, ref.collection + " " + ref.id + " is not described");
    }
    if (before->origin == Origin::local) {
        return fail(Errc::conflict, "the description is the host's own; change it there");
    }
    return *std::move(before);
}

}  // namespace

wire::Known known_of(const state::View& view, const std::string& host) {
    // What cannot be read counts as not there: the caller's own reads of it will tell.
    return {[&view, host](const wire::Ref& ref) -> std::optional<wire::Ties> {
                const auto found = view.resource(host, ref);
                if (!found || !*found || (*found)->removing) return std::nullopt;
                return (*found)->ties;
            },
            [&view, host](const wire::Notice& notice) {
                const auto found = view.collection(host, notice.ref.collection);
                if (!found || !*found || !(*found)->actions.is_array()) return true;
                const json::Array& names = (*found)->actions.as_array();
                return std::find(names.begin(), names.end(), json::Value(notice.action)) !=
                       names.end();
            }};
}

Result<state::Command> describe(state::Edit& edit, const state::Vault& vault, const Asking& asking,
                                const std::vector<Wish>& wishes) {
    EK_CHECK(require_host(edit, asking.host));
    EK_CHECK(refuse_cycles(edit, asking.host, wishes));
    json::Array notes;
    Order order{
        .host = asking.host, .verb = "apply", .resources = {}, .request_id = asking.request_id};
    for (const Wish& wish : wishes) {
        order.resources.push_back(EK_TRY(describe_one(edit, vault, asking, wish)));
        const auto stored = EK_TRY(edit.resource(asking.host, wish.ref));
        if (stored) {
            notes.push_back(EK_TRY(noted(vault, asking.host, *stored, wish.schema.get())));
        }
    }
    edit.note("resources", std::move(notes));
    return enqueue(edit, std::move(order));
}

Result<state::Command> remove(state::Edit& edit, const state::Vault& vault, const Asking& asking,
                              const wire::Ref& ref) {
    EK_CHECK(require_host(edit, asking.host));
    Resource resource = EK_TRY(require_described(edit, asking, ref));
    resource.description =
        vault.seal(asking.host, ref, json::Object{{"ensure", "absent"}}, nullptr);
    resource.removing = true;
    EK_CHECK(renew(edit, asking.host, resource, "removed"));
    CommandEntry entry;
    entry.ref = ref;
    entry.generation = resource.generation;
    entry.policy = resource.policy;
    return enqueue(edit, {.host = asking.host,
                          .verb = "remove",
                          .resources = {std::move(entry)},
                          .request_id = asking.request_id});
}

Result<state::Command> forget(state::Edit& edit, const Asking& asking, const wire::Ref& ref) {
    EK_CHECK(require_host(edit, asking.host));
    EK_CHECK(require_described(edit, asking, ref));
    EK_CHECK(edit.erase_resource(asking.host, ref));
    CommandEntry entry;
    entry.ref = ref;
    entry.generation = {.stream = edit.stream(), .revision = EK_TRY(edit.next_revision())};
    EK_CHECK(edit.add_event_at(entry.generation.revision, "description.forgotten", asking.host,
                               state::subject_of(ref),
                               state::description_event(asking.host, ref, entry.generation,
                                                        Origin::orchestrator, "request")));
    return enqueue(edit, {.host = asking.host,
                          .verb = "forget",
                          .resources = {std::move(entry)},
                          .request_id = asking.request_id});
}

Result<state::Command> invoke(state::Edit& edit, const state::Vault& vault, const Asking& asking,
                              const wire::Ref& ref, const std::string& action,
                              const json::Value& arguments) {
    EK_CHECK(require_host(edit, asking.host));
    CommandEntry entry;
    entry.ref = ref;
    entry.action = action;
    edit.note("action", action);
    const auto before = EK_TRY(edit.resource(asking.host, ref));
    if (before) entry.generation = before->generation;
    if (!arguments.is_null()) {
        entry.arguments =
            vault.seal_text(json::write(arguments), arguments_purpose(asking.host, ref));
    }
    return enqueue(edit, {.host = asking.host,
                          .verb = "invoke",
                          .resources = {std::move(entry)},
                          .request_id = asking.request_id});
}

}  // namespace evenkeel::commands
