#include "orchestrator/commands/describe.hpp"

#include <algorithm>
#include <utility>

#include "core/base/time.hpp"
#include "core/crypto/hash.hpp"
#include "orchestrator/commands/command_size.hpp"
#include "orchestrator/commands/mirrors.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/protected_hosts.hpp"
#include "orchestrator/state/requirements.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/to_compile.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::commands {
namespace {

using state::CommandEntry;
using state::Resource;
using wire::Origin;
using Reason = wire::DescriptionReason;

secrets::ResourceKey key_of(const std::string& host, const wire::Ref& ref) {
    return {host, ref.collection, ref.id};
}

Result<void> require_host(const state::View& view, const std::string& host) {
    const auto enrolment = EK_TRY(view.hosts().enrolment_of(host));
    if (!enrolment) return fail(Errc::not_found, "there is no such host");
    if (*enrolment == state::EnrolmentState::retired)
        return fail(Errc::conflict, "the host is retired");
    return {};
}

// The host, for a request that changes what it is described as.
Result<void> require_changeable(const state::View& view, const Requester& requester) {
    EK_CHECK(require_host(view, requester.host));
    if (requester.is_approved || requester.authority == Authority::compiled) return {};
    const std::string name = EK_TRY(state::protecting_host(view, requester.host));
    if (name.empty()) return {};
    if (requester.on_protected) requester.on_protected(name);
    return fail(Errc::conflict, "environment " + name + " is protected");
}

wire::Compliance pending() {
    return {.status = wire::Verdict::unknown,
            .reason = std::string(to_string(wire::UnknownReason::pending)),
            .fields = {},
            .since = now_rfc3339(),
            .seen_by = ""};
}

// Whether nothing but the description could differ from what is there, and that not for sure.
bool may_be_unchanged(const std::optional<Resource>& before, const DescriptionRequest& request,
                      const std::string& mac) {
    return before && !before->removing && before->origin == Origin::orchestrator &&
           before->policy == request.policy && before->relations == request.relations &&
           (before->description_mac.empty() || before->description_mac == mac);
}

// The stored description of what is there, if the request says the same. One that does not read
// is not the same: describing it again heals it.
std::optional<json::Value> find_same(const state::View& view, const secrets::Protector& protector,
                                     const std::string& host, const std::optional<Resource>& before,
                                     const DescriptionRequest& request, const std::string& mac) {
    if (!may_be_unchanged(before, request, mac)) return std::nullopt;
    auto body = view.bodies().get(before->body);
    if (!body) return std::nullopt;
    const auto kept = protector.open(key_of(host, request.ref), body->description);
    if (!kept || *kept != request.description) return std::nullopt;
    return std::move(body->description);
}

constexpr std::size_t kValueBytesMost = 256;
constexpr std::size_t kEntryBytes = 1024;  // of a command, beside the description

// For the audit: what was asked for, without secrets, long texts by their hash.
json::Value noted(const Resource& resource, json::Value redacted) {
    for (auto& [name, value] : redacted.as_object()) {
        if (!value.is_string() || value.as_string().size() <= kValueBytesMost) continue;
        const std::string& text = value.as_string();
        const std::string sha256 = crypto::sha256_hex(text);
        value = json::Object{{"sha256", sha256}, {"size", text.size()}};
    }
    json::Object out;
    out.append("collection", resource.ref.collection);
    out.append("id", resource.ref.id);
    out.append("policy", wire::to_string(resource.policy));
    out.append("description", std::move(redacted));
    wire::put_relations(out, resource.relations);
    if (resource.overrides) out.append("overrides", true);
    return out;
}

// Stores what is desired under a new generation, and records that.
Result<void> renew(state::Edit& edit, const std::string& host, const Resource* before,
                   Resource& resource, json::Value description, std::string mac, Reason reason) {
    resource.revision = EK_TRY(edit.next_revision());
    resource.generation = {.stream = edit.stream(), .revision = resource.revision};
    resource.origin = Origin::orchestrator;
    resource.compliance = pending();
    EK_CHECK(
        edit.resources().describe(host, before, resource, std::move(description), std::move(mac)));
    return edit.add_event_at(
        resource.revision, state::EventType::description_changed, host,
        state::subject_of(resource.ref),
        state::description_event(host, resource.ref, resource.generation, resource.origin, reason));
}

CommandEntry entry_of(const Resource& resource) {
    CommandEntry entry;
    entry.ref = resource.ref;
    entry.generation = resource.generation;
    entry.body = resource.body;
    entry.policy = resource.policy;
    entry.relations = resource.relations;
    return entry;
}

// Why it may not be changed; empty where it may.
std::string words_against(Authority authority, const Resource& there) {
    switch (authority) {
        case Authority::direct:
            if (there.owners.empty()) break;
            return text_of(there.ref) + " is owned by " + state::words_of(there.owners);
        case Authority::compiled:
            if (!there.overrides) break;
            return text_of(there.ref) + " is described directly, which outweighs its owners";
        case Authority::overriding:
            break;
    }
    return "";
}

// What is there of each, in their order; checked before anything is changed, so that the requester
// is told of all that are owned.
Result<std::vector<std::optional<Resource>>> find_present(
    const state::View& view, const Requester& requester,
    const std::vector<DescriptionRequest>& requests) {
    std::vector<std::optional<Resource>> present;
    std::string refused;
    for (const DescriptionRequest& request : requests) {
        present.push_back(EK_TRY(view.resources().find(requester.host, request.ref)));
        const auto& there = present.back();
        if (requester.guard) EK_CHECK(requester.guard(there));
        if (!there) continue;
        std::string words = words_against(requester.authority, *there);
        if (words.empty()) continue;
        if (requester.on_owned && !there->owners.empty()) requester.on_owned(*there, request.at);
        if (refused.empty()) refused = std::move(words);
    }
    if (!refused.empty()) return fail(Errc::conflict, refused);
    return present;
}

// Stores who owns what is described as before.
Result<void> renew_owners(state::Edit& edit, const std::string& host, const Resource& before,
                          Resource resource) {
    if (resource.owners == before.owners && resource.overrides == before.overrides) return {};
    resource.revision = EK_TRY(edit.next_revision());
    EK_CHECK(edit.resources().put(host, &before, resource));
    return edit.add_event_at(resource.revision, state::EventType::description_changed, host,
                             state::subject_of(resource.ref),
                             state::description_event(host, resource.ref, resource.generation,
                                                      resource.origin, Reason::owners));
}

// The entry of the command, with what the audit says of it in `notes`.
Result<CommandEntry> describe_one(state::Edit& edit, const secrets::Protector& protector,
                                  const Requester& requester, const DescriptionRequest& request,
                                  const std::optional<Resource>& before, json::Array& notes) {
    const std::string& host = requester.host;
    Resource resource = before.value_or(Resource{});
    const bool is_compiled = requester.authority == Authority::compiled;
    if (is_compiled) resource.owners = request.owners;
    resource.overrides = !is_compiled && !resource.owners.empty();
    std::optional<PreparedDescription> now;
    if (!request.prepared) now = prepare(protector, host, request);
    const PreparedDescription& prepared = now ? *now : *request.prepared;
    const schema::Schema* schema = request.schema.get();
    if (const auto stored = find_same(edit, protector, host, before, request, prepared.mac)) {
        notes.push_back(noted(
            resource, EK_TRY(protector.redacted(key_of(host, resource.ref), *stored, schema))));
        EK_CHECK(renew_owners(edit, host, *before, resource));
        return entry_of(resource);
    }
    resource.ref = request.ref;
    resource.policy = request.policy;
    resource.relations = request.relations;
    resource.schema_version = request.schema_version;
    resource.removing = false;
    notes.push_back(noted(resource, prepared.redacted));
    const bool local = before && before->origin == Origin::local;
    EK_CHECK(renew(edit, host, before ? &*before : nullptr, resource, prepared.sealed, prepared.mac,
                   local ? Reason::replaced : Reason::request));
    EK_CHECK(keep_names(edit, host, request.ref, schema, request.description));
    return entry_of(resource);
}

CommandRequest command_of(const Requester& requester) {
    return {.host = requester.host,
            .verb = wire::Verb::apply,
            .resources = {},
            .request_id = requester.request_id};
}

// What others than the compiler change may be why a host does not compile.
Result<void> compile_again(state::Edit& edit, const Requester& requester) {
    if (requester.authority == Authority::compiled) return {};
    const auto wanted = EK_TRY(edit.wanted().find(requester.host));
    if (!wanted || wanted->status != state::WantedStatus::error) return {};
    return edit.to_compile().put(requester.host, {state::kModelChanged});
}

// What a request relates to may have been forgotten, or have come to require it, since the request
// was checked.
Result<void> refuse_wrong_relations(const state::View& view, const std::string& host,
                                    const std::vector<DescriptionRequest>& requests) {
    // What requires nothing has nothing to be wrong.
    if (std::all_of(requests.begin(), requests.end(), [](const DescriptionRequest& request) {
            return request.relations == wire::Relations();
        })) {
        return {};
    }
    std::vector<wire::RelatedResource> entries;
    for (const DescriptionRequest& request : requests)
        entries.push_back({request.ref, request.relations, ""});
    const wire::RelationLookup lookup = known_of(view, host);
    const auto wrong = wire::check_relations(entries, lookup);
    if (!wrong.empty()) return fail(Errc::conflict, wrong.front().detail);
    return {};
}

// All of them, as entries of commands.
Result<std::vector<CommandEntry>> describe_all(state::Edit& edit,
                                               const secrets::Protector& protector,
                                               const Requester& requester,
                                               const std::vector<DescriptionRequest>& requests) {
    EK_CHECK(require_changeable(edit, requester));
    const auto present = EK_TRY(find_present(edit, requester, requests));
    EK_CHECK(refuse_wrong_relations(edit, requester.host, requests));
    EK_CHECK(refuse_contradictions(edit, protector, requester.host, requests));
    json::Array notes;
    std::vector<CommandEntry> entries;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        entries.push_back(
            EK_TRY(describe_one(edit, protector, requester, requests[i], present[i], notes)));
    }
    edit.note("resources", std::move(notes));
    EK_CHECK(compile_again(edit, requester));
    return entries;
}

// The described resource, if the orchestrator may do away with it.
Result<Resource> require_described(const state::View& view, const Requester& requester,
                                   const wire::Ref& ref) {
    auto before = EK_TRY(view.resources().find(requester.host, ref));
    if (requester.guard) EK_CHECK(requester.guard(before));
    if (!before) {
        return fail(Errc::not_found, ref.collection + " " + ref.id + " is not described");
    }
    if (before->origin == Origin::local) {
        return fail(Errc::conflict, "the description is the host's own; change it there");
    }
    return *std::move(before);
}

Result<void> refuse_required(const state::View& view, const std::string& host,
                             const wire::Ref& ref) {
    const std::string words = EK_TRY(words_of_dependents(view, host, ref));
    if (words.empty()) return {};
    return fail(Errc::conflict, words);
}

// What has been described directly meanwhile is not the compiler's to do away with.
Result<void> require_owned(const Requester& requester, const Resource& there) {
    if (requester.authority != Authority::compiled) return {};
    if (!there.owners.empty() || there.removing) return {};
    return fail(Errc::conflict, text_of(there.ref) + " is described directly");
}

// A command about one resource.
Result<state::Command> enqueue_one(state::Edit& edit, const Requester& requester, wire::Verb verb,
                                   CommandEntry entry) {
    return enqueue(edit, {.host = requester.host,
                          .verb = verb,
                          .resources = {std::move(entry)},
                          .request_id = requester.request_id});
}

// What was described directly stays until what its owners say is compiled again.
Result<state::Command> end_override(state::Edit& edit, const Requester& requester,
                                    const Resource& before) {
    Resource resource = before;
    resource.overrides = false;
    EK_CHECK(renew_owners(edit, requester.host, before, resource));
    EK_CHECK(edit.to_compile().put(requester.host, {state::kModelChanged}));
    CommandEntry entry;
    entry.ref = before.ref;
    entry.generation = before.generation;
    entry.notes = {"it is described again by " + state::words_of(before.owners)};
    return add_done(edit, {.host = requester.host,
                           .verb = wire::Verb::forget,
                           .resources = {std::move(entry)},
                           .request_id = requester.request_id});
}

}  // namespace

wire::RelationLookup known_of(const state::View& view, const std::string& host) {
    // A record that cannot be read counts as absent: the caller's own read returns the error.
    return {[&view, host](const wire::Ref& ref) -> std::optional<wire::Relations> {
                const auto found = view.resources().find(host, ref);
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

Result<void> require_description(const std::optional<state::Resource>& there, std::uint64_t body) {
    if (there && there->body == body) return {};
    return fail(Errc::conflict, "the resource was described anew meanwhile");
}

Result<std::string> words_of_dependents(const state::View& view, const std::string& host,
                                        const wire::Ref& ref) {
    std::string names;
    std::size_t count = 0;
    EK_CHECK(view.requirements().each_dependent(host, ref, [&](const wire::Ref& dependent) {
        if (count < kDependentsNamed) names += (count == 0 ? "" : ", ") + text_of(dependent);
        ++count;
        return true;
    }));
    if (count == 0) return std::string();
    if (count > kDependentsNamed)
        names += " and " + std::to_string(count - kDependentsNamed) + " more";
    const std::string of = std::to_string(count) + (count == 1 ? " resource" : " resources");
    return text_of(ref) + " is required by " + of + " of this host: " + names +
           "; delete or forget these first, or describe them without it";
}

std::string description_mac(const secrets::Protector& protector, const std::string& host,
                            const wire::Ref& ref, const json::Value& description) {
    std::string text = "description";
    for (const std::string_view part :
         {std::string_view(host), std::string_view(ref.collection), std::string_view(ref.id)}) {
        text.append("\n").append(part);
    }
    text.append("\n").append(json::write_canonical(description));
    return protector.mac(text);
}

PreparedDescription prepare(const secrets::Protector& protector, const std::string& host,
                            const DescriptionRequest& request) {
    const secrets::ResourceKey key = key_of(host, request.ref);
    return {.sealed = protector.seal(key, request.description, request.schema.get()),
            .redacted = protector.redacted(request.description, request.schema.get()),
            .mac = description_mac(protector, host, request.ref, request.description)};
}

Result<state::Command> describe(state::Edit& edit, const secrets::Protector& protector,
                                const Requester& requester,
                                const std::vector<DescriptionRequest>& requests) {
    CommandRequest command = command_of(requester);
    command.resources = EK_TRY(describe_all(edit, protector, requester, requests));
    return enqueue(edit, std::move(command));
}

Result<std::vector<std::string>> describe_in_parts(
    state::Edit& edit, const secrets::Protector& protector, const Requester& requester,
    const std::vector<DescriptionRequest>& requests) {
    std::vector<std::string> ids;
    if (requests.empty()) return ids;
    auto entries = EK_TRY(describe_all(edit, protector, requester, requests));
    CommandRequest part = command_of(requester);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::size_t size = json::write(requests[i].description).size() + kEntryBytes;
        const bool is_full =
            bytes + size > kCommandBytesMost || part.resources.size() >= kCommandEntriesMost;
        if (is_full && !part.resources.empty()) {
            ids.push_back(EK_TRY(enqueue(edit, std::exchange(part, command_of(requester)))).id);
            bytes = 0;
        }
        bytes += size;
        part.resources.push_back(std::move(entries[i]));
    }
    ids.push_back(EK_TRY(enqueue(edit, std::move(part))).id);
    return ids;
}

Result<void> refuse_present(const state::View& view, const Requester& requester,
                            const std::vector<DescriptionRequest>& requests) {
    EK_CHECK(find_present(view, requester, requests));
    return {};
}

Result<void> refuse_owned(const Requester& requester, const Resource& there) {
    const std::string words = words_against(requester.authority, there);
    if (words.empty()) return require_owned(requester, there);
    if (requester.on_owned && !there.owners.empty()) requester.on_owned(there, "");
    return fail(Errc::conflict, words);
}

Result<void> own(state::Edit& edit, const std::string& host, const wire::Ref& ref,
                 std::vector<state::Owner> owners) {
    const auto before = EK_TRY(edit.resources().find(host, ref));
    if (!before) return fail(Errc::not_found, text_of(ref) + " is not described");
    if (before->removing || before->origin == Origin::local)
        return fail(Errc::conflict, text_of(ref) + " is not described here");
    Resource resource = *before;
    resource.owners = std::move(owners);
    resource.overrides = before->overrides && !resource.owners.empty();
    return renew_owners(edit, host, *before, std::move(resource));
}

namespace {

Result<void> refuse_impossible_removal(const state::Edit& edit, const std::string& host,
                                       const Resource& resource) {
    const auto reported = EK_TRY(edit.collections().find(host, resource.ref.collection));
    if (!reported) return {};
    auto why = wire::impossible_removal(state::capabilities_of(*reported), resource.ref.collection,
                                        resource.policy);
    return why ? fail(Errc::conflict, *std::move(why)) : Result<void>();
}

}  // namespace

Result<state::Command> remove(state::Edit& edit, const secrets::Protector& protector,
                              const Requester& requester, const wire::Ref& ref) {
    EK_CHECK(require_changeable(edit, requester));
    const Resource before = EK_TRY(require_described(edit, requester, ref));
    EK_CHECK(refuse_owned(requester, before));
    EK_CHECK(refuse_required(edit, requester.host, ref));
    EK_CHECK(refuse_impossible_removal(edit, requester.host, before));
    EK_CHECK(compile_again(edit, requester));
    if (requester.authority == Authority::overriding && !before.owners.empty()) {
        DescriptionRequest absent;
        absent.ref = ref;
        absent.description = json::Object{{"ensure", "absent"}};
        absent.policy = before.policy;
        return describe(edit, protector, requester, {absent});
    }
    Resource resource = before;
    resource.removing = true;
    resource.owners.clear();
    EK_CHECK(renew(
        edit, requester.host, &before, resource,
        protector.seal(key_of(requester.host, ref), json::Object{{"ensure", "absent"}}, nullptr),
        "", Reason::removed));
    CommandEntry entry;
    entry.ref = ref;
    entry.generation = resource.generation;
    entry.policy = resource.policy;
    return enqueue_one(edit, requester, wire::Verb::remove, std::move(entry));
}

Result<state::Command> forget(state::Edit& edit, const Requester& requester, const wire::Ref& ref) {
    EK_CHECK(require_changeable(edit, requester));
    const Resource before = EK_TRY(require_described(edit, requester, ref));
    if (before.overrides && requester.authority == Authority::direct)
        return end_override(edit, requester, before);
    EK_CHECK(refuse_owned(requester, before));
    EK_CHECK(refuse_required(edit, requester.host, ref));
    EK_CHECK(compile_again(edit, requester));
    EK_CHECK(edit.resources().erase(requester.host, before));
    CommandEntry entry;
    entry.ref = ref;
    entry.generation = {.stream = edit.stream(), .revision = EK_TRY(edit.next_revision())};
    EK_CHECK(edit.add_event_at(entry.generation.revision, state::EventType::description_forgotten,
                               requester.host, state::subject_of(ref),
                               state::description_event(requester.host, ref, entry.generation,
                                                        Origin::orchestrator, Reason::request)));
    return enqueue_one(edit, requester, wire::Verb::forget, std::move(entry));
}

Result<state::Command> invoke(state::Edit& edit, const secrets::Protector& protector,
                              const Requester& requester, const wire::Ref& ref,
                              const std::string& action, const json::Value& arguments) {
    EK_CHECK(require_host(edit, requester.host));
    CommandEntry entry;
    entry.ref = ref;
    entry.action = action;
    edit.note("action", action);
    const auto before = EK_TRY(edit.resources().find(requester.host, ref));
    if (before) entry.generation = before->generation;
    if (!arguments.is_null()) {
        state::Body body;
        body.ref = ref;
        body.arguments =
            protector.seal_text(json::write(arguments), arguments_purpose(requester.host, ref));
        entry.body = EK_TRY(edit.bodies().add(body));
    }
    return enqueue_one(edit, requester, wire::Verb::invoke, std::move(entry));
}

}  // namespace evenkeel::commands
