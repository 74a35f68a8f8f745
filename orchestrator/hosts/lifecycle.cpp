#include "orchestrator/hosts/lifecycle.hpp"

#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/wire/message.hpp"
#include "core/wire/relations.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/hosts/names.hpp"
#include "orchestrator/hosts/presence.hpp"
#include "orchestrator/hosts/quarantine.hpp"
#include "orchestrator/hosts/untrusted_claims.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/enrolment.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/list.hpp"
#include "orchestrator/state/model_objects.hpp"
#include "orchestrator/state/steady_clock.hpp"
#include "orchestrator/state/to_rest.hpp"

namespace evenkeel::hosts {
namespace {

constexpr std::size_t kActionsMost = 100;  // of a collection; what is beyond is not believed

using state::Host;

Result<Host> require(const state::View& view, const std::string& id) {
    auto host = EK_TRY(view.hosts().find(id));
    if (!host) return fail(Errc::not_found, "there is no such host");
    return *std::move(host);
}

Result<void> rename(state::Edit& edit, Host& host, const std::string& name) {
    if (name == host.name) return {};
    EK_CHECK(require_free(edit, name, edit.clock().now_ms()));
    EK_CHECK(edit.hosts().erase_name(host.name));
    EK_CHECK(edit.hosts().put_name(name, host.id));
    host.name = name;
    return {};
}

void merge_labels(Host& host, const json::Value& patch) {
    for (const auto& [name, value] : patch.as_object()) {
        if (value.is_null()) {
            host.labels.as_object().erase(name);
        } else {
            host.labels.as_object().set(name, value);
        }
    }
}

// The settings of the scope of this host.
Result<void> erase_settings(state::Edit& edit, const std::string& host) {
    std::vector<std::string> names;
    const auto settings =
        edit.model_objects().list(state::ModelKind::setting, "host:" + host + " ");
    EK_CHECK(settings.walk(edit, [&](const state::Entry& entry) {
        names.emplace_back(state::ModelObjects::name_of(entry));
        return true;
    }));
    if (names.empty()) return {};
    const std::uint64_t revision = EK_TRY(edit.next_revision());
    for (const std::string& name : names) {
        EK_CHECK(edit.model_objects().erase(state::ModelKind::setting, name, revision));
        EK_CHECK(edit.add_event(state::EventType::setting_changed, "", name,
                                json::Object{{"name", name}, {"deleted", true}}));
    }
    return {};
}

json::Value names_of(const std::optional<std::vector<std::string>>& claimed) {
    if (!claimed) return nullptr;
    json::Array names;
    for (const std::string& name : *claimed) {
        if (names.size() < kActionsMost && name.size() <= wire::kActionBytesMost) {
            names.push_back(name);
        }
    }
    return names;
}

std::vector<state::Collection> reported(const wire::AgentHello& hello) {
    std::vector<state::Collection> all;
    for (const wire::CollectionInfo& one : hello.collections) {
        // What cannot be a key in the store cannot be requested either.
        if (!state::is_collection_name(one.name)) continue;
        const bool hash = one.schema_sha256.size() == 64 && from_hex(one.schema_sha256);
        all.push_back({.name = one.name,
                       .plugin = one.plugin,
                       .schema_sha256 = hash ? one.schema_sha256 : "",
                       .schema_version = one.schema_version,
                       .actions = names_of(one.actions),
                       .capabilities = names_of(one.capabilities)});
    }
    return all;
}

// The mark from which this agent continues. A new store begins at its first event, which is
// recorded; what the agent has reported under another identity is not missing.
Result<state::EventMark> mark_for(state::Edit& edit, const Host& host,
                                  const wire::AgentHello& hello, const std::string& now) {
    state::EventMark mark = EK_TRY(edit.hosts().event_mark(host.id));
    if (mark.stream == hello.stream) return mark;
    if (!mark.stream.empty()) {
        EK_CHECK(edit.add_event(
            state::EventType::agent_blind, host.id, host.id,
            state::encode(state::rest::AgentEvent{
                .host = host.id,
                .from = host.last_seen.empty() ? json::Value() : json::Value(host.last_seen),
                .to = now,
                .count = {},
                .reason = "new_stream"})));
    }
    mark = {.stream = hello.stream, .seq = hello.first_event - 1, .epoch = edit.stream()};
    EK_CHECK(edit.hosts().put_event_mark(host.id, mark));
    return mark;
}

}  // namespace

Result<bool> has_environment(const state::View& view, std::string_view name) {
    if (name == state::kDefaultEnvironment) return true;
    return EK_TRY(view.model_objects().find(state::ModelKind::environment, name)).has_value();
}

Host patched(Host host, const Patch& patch) {
    if (patch.name) host.name = *patch.name;
    if (patch.environment) host.environment = *patch.environment;
    if (patch.labels.is_object()) merge_labels(host, patch.labels);
    return host;
}

Result<Host> change(state::Edit& edit, const std::string& id, const Patch& patch) {
    Host host = EK_TRY(require(edit, id));
    if (host.retired()) return fail(Errc::conflict, "the host is retired");
    const json::Value before = state::encode(host);
    if (patch.name) EK_CHECK(rename(edit, host, *patch.name));
    if (patch.environment && !EK_TRY(has_environment(edit, *patch.environment))) {
        return fail(Errc::conflict, "there is no environment " + *patch.environment);
    }
    host = patched(std::move(host), patch);
    if (state::encode(host) != before) EK_CHECK(edit.hosts().announce(host));
    return host;
}

Result<void> retire_identity(state::Edit& edit, const Host& host) {
    // A host that was accepted and has not connected yet has no certificate.
    if (!host.fingerprint.empty()) EK_CHECK(edit.hosts().erase_certificate(host.fingerprint));
    auto enrolment = EK_TRY(edit.enrolments().find(host.key_sha256));
    if (enrolment && enrolment->host == host.id) {
        enrolment->state = state::EnrolmentState::retired;
        EK_CHECK(edit.enrolments().put(*enrolment));
    }
    for (state::Enrolment& clone : EK_TRY(edit.enrolments().clones_of(host.key_sha256))) {
        clone.state = state::EnrolmentState::retired;
        EK_CHECK(edit.enrolments().erase(clone));
    }
    return {};
}

Result<Host> retire(state::Edit& edit, const std::string& id) {
    Host host = EK_TRY(require(edit, id));
    if (host.retired()) return host;
    host.enrolment = state::EnrolmentState::retired;
    host.retired_at_ms = edit.clock().now_ms();
    if (host.connection == state::Connection::online) host.connection = state::Connection::offline;
    EK_CHECK(commands::end_all(edit, id, {Errc::cancelled, "the host was retired"}));
    EK_CHECK(edit.hosts().announce(host));
    EK_CHECK(retire_identity(edit, host));
    EK_CHECK(erase_settings(edit, id));
    return host;
}

Result<Host> release_name(state::Edit& edit, const std::string& id) {
    Host host = EK_TRY(require(edit, id));
    if (!host.retired()) {
        return fail(Errc::conflict, "the host is not retired: rename it to give its name away");
    }
    if (EK_TRY(edit.hosts().id_of(host.name)) != id) return host;
    EK_CHECK(edit.hosts().erase_name(host.name));
    EK_CHECK(edit.hosts().announce(host));
    return host;
}

Result<HelloResult> host_connected(state::Edit& edit, const std::string& id,
                                   const wire::AgentHello& hello, const std::string& now) {
    Host host = EK_TRY(require(edit, id));
    if (host.retired()) return fail(Errc::denied, "the host is retired");
    if (EK_TRY(is_quarantined(edit, host, hello)))
        return HelloResult{.quarantined = true, .mark = {}};
    state::EventMark mark = EK_TRY(mark_for(edit, host, hello, now));
    host.machine_id = tidy_text(hello.machine_id);
    host.version = tidy_text(hello.version);
    host.boot_id = tidy_text(hello.boot_id);
    host.stream = hello.stream;
    host.connection = state::Connection::online;
    host.last_seen = now;
    EK_CHECK(edit.hosts().put_last_seen(id, now));
    host.facts = tidy_facts(hello.facts);
    EK_CHECK(edit.collections().replace(id, reported(hello)));
    EK_CHECK(edit.hosts().announce(host));
    EK_CHECK(commands::requeue(edit, id, hello.commands));
    return HelloResult{.quarantined = false, .mark = mark};
}

Result<void> host_disconnected(state::Edit& edit, const std::string& id,
                               const std::string& last_seen) {
    Host host = EK_TRY(require(edit, id));
    if (!last_seen.empty()) {
        host.last_seen = last_seen;
        EK_CHECK(edit.hosts().put_last_seen(id, last_seen));
    }
    if (host.connection != state::Connection::online) return {};
    host.connection = state::Connection::offline;
    return edit.hosts().announce(host);
}

Result<void> store_last_seen(state::Edit& edit, const std::vector<LastSeen>& times) {
    for (const LastSeen& one : times) {
        EK_CHECK(edit.hosts().put_last_seen(one.host, to_rfc3339(one.at_ms)));
    }
    return {};
}

}  // namespace evenkeel::hosts
