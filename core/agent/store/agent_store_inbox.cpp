#include <string>
#include <utility>

#include "core/agent/store/agent_store.hpp"
#include "core/agent/store/codecs.hpp"
#include "core/agent/store/layout.hpp"
#include "core/agent/store/scan_records.hpp"

// Commands and the bodies of their descriptions.
//
// References to a body: of a description, by the number in its record; of a command that has not
// finished by a record in inbox_bodies, whose value says whether a description refers to the body
// too.
namespace evenkeel::agent {
namespace {

using store::number_key;

constexpr std::string_view kDescribed = "described";  // in inbox_bodies; else empty

}  // namespace

Result<void> AgentStore::load_inbox(const store::ReadTxn& txn, Loaded& into) const {
    EK_CHECK(each_record(txn, inbox_, [&](auto, std::string_view record) {
        return append_record(record, decode_inbox, into.inbox);
    }));
    for (InboxCommand& inbox : into.inbox) {
        if (inbox.state == InboxCommand::State::finished) continue;
        if (auto loaded = load_requests(txn, inbox); !loaded) {
            return fail(Errc::corrupt,
                        "the agent's store: " + inbox.id + ": " + loaded.error().what);
        }
    }
    return {};
}

Result<void> AgentStore::load_requests(const store::ReadTxn& txn, InboxCommand& inbox) const {
    const auto record = EK_TRY(txn.get(inbox_resources_, inbox.id));
    if (!record) return fail(Errc::corrupt, "a command without resources");
    inbox.body_numbers = EK_TRY(layout::bodies_of_resources(*record));
    const crypto::Secret text = EK_TRY(
        sealer_.unseal(layout::behind_first_line(*record), layout::resources_context(inbox.id)));
    const json::Value list = EK_TRY(json::parse(text.reveal(), layout::kRecordLimits));
    if (!list.is_array() || list.as_array().size() != inbox.body_numbers.size()) {
        return fail(Errc::corrupt, "a command without resources");
    }
    for (std::size_t i = 0; i < inbox.body_numbers.size(); ++i) {
        wire::ResourceRequest request = EK_TRY(decode_resource(list.as_array()[i]));
        const std::uint64_t number = inbox.body_numbers[i];
        if (number != 0) {
            const auto sealed = EK_TRY(txn.get(bodies_, number_key(number)));
            if (!sealed) return fail(Errc::corrupt, "a command without a description");
            request.description = EK_TRY(open_body(number, *sealed));
        }
        inbox.resources.push_back(std::move(request));
    }
    return {};
}

void AgentStore::number_bodies(InboxCommand& command) const {
    command.body_numbers.clear();
    for (const wire::ResourceRequest& request : command.resources) {
        command.body_numbers.push_back(request.description.is_object() ? ++*last_body_ : 0);
    }
}

Result<void> AgentStore::put_body(store::WriteTxn& txn, std::uint64_t number,
                                  const json::Value& body) const {
    return txn.put(bodies_, number_key(number),
                   sealer_.seal(json::write(body), layout::body_context(number)));
}

// A description comes to refer to the body of a command; false when no command has it.
Result<bool> AgentStore::adopt_body(store::WriteTxn& txn, std::uint64_t number) const {
    const std::string key = number_key(number);
    if (!EK_TRY(txn.get(inbox_bodies_, key))) return false;
    EK_CHECK(txn.put(inbox_bodies_, key, kDescribed));
    return true;
}

// A description refers to the body no more.
Result<void> AgentStore::release_body(store::WriteTxn& txn, std::uint64_t number) const {
    const std::string key = number_key(number);
    if (EK_TRY(txn.get(inbox_bodies_, key))) return txn.put(inbox_bodies_, key, "");
    EK_TRY(txn.erase(bodies_, key));
    return {};
}

Result<void> AgentStore::put_requests(store::WriteTxn& txn, const InboxCommand& inbox) const {
    if (inbox.body_numbers.size() != inbox.resources.size()) {
        return fail(Errc::internal, "the bodies of a command have no numbers");
    }
    EK_CHECK(drop_requests(txn, inbox.id));
    json::Array resources;
    for (std::size_t i = 0; i < inbox.resources.size(); ++i) {
        const wire::ResourceRequest& request = inbox.resources[i];
        resources.push_back(encode_resource(request));
        if (inbox.body_numbers[i] == 0) continue;
        EK_CHECK(put_body(txn, inbox.body_numbers[i], request.description));
        EK_CHECK(txn.put(inbox_bodies_, number_key(inbox.body_numbers[i]), ""));
    }
    const std::string sealed =
        sealer_.seal(json::write(resources), layout::resources_context(inbox.id));
    return txn.put(inbox_resources_, inbox.id, layout::join_resources(inbox.body_numbers, sealed));
}

// The command refers to its bodies no more; those that no description refers to go.
Result<void> AgentStore::drop_requests(store::WriteTxn& txn, const std::string& command) const {
    const auto record = EK_TRY(txn.get(inbox_resources_, command));
    if (!record) return {};
    for (const std::uint64_t number : EK_TRY(layout::bodies_of_resources(*record))) {
        if (number == 0) continue;
        const std::string key = number_key(number);
        const auto claim = EK_TRY(txn.get(inbox_bodies_, key));
        EK_TRY(txn.erase(inbox_bodies_, key));
        if (claim != kDescribed) EK_TRY(txn.erase(bodies_, key));
    }
    EK_TRY(txn.erase(inbox_resources_, command));
    return {};
}

Result<void> AgentStore::put_new(store::WriteTxn& txn, const InboxCommand& inbox) const {
    EK_CHECK(put_requests(txn, inbox));
    return put(txn, inbox);
}

Result<void> AgentStore::put(store::WriteTxn& txn, const InboxCommand& inbox) const {
    if (inbox.state == InboxCommand::State::finished) EK_CHECK(drop_requests(txn, inbox.id));
    return txn.put(inbox_, inbox.id, json::write(encode(inbox)));
}

Result<void> AgentStore::drop_inbox(store::WriteTxn& txn, const std::string& id) const {
    EK_CHECK(drop_requests(txn, id));
    EK_TRY(txn.erase(inbox_, id));
    return {};
}

}  // namespace evenkeel::agent
