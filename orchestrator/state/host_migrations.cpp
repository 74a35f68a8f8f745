#include "orchestrator/state/host_migrations.hpp"

#include <string>
#include <utility>
#include <vector>

#include "core/store/env.hpp"
#include "orchestrator/state/records.hpp"

namespace evenkeel::state {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

// What is in a table, to be changed afterwards: a scan must not.
Result<Entries> entries_of(const store::ReadTxn& txn, store::Table table) {
    Entries entries;
    EK_CHECK(txn.scan(table, store::Range::all(), [&](std::string_view key, std::string_view text) {
        entries.emplace_back(key, text);
        return true;
    }));
    return entries;
}

}  // namespace

Result<void> rename_enrolments(const store::Env& env, store::WriteTxn& txn) {
    const store::Table enrolments = env.table("enrolments");
    for (const auto& [key, record] : EK_TRY(entries_of(txn, env.table("keys")))) {
        EK_CHECK(txn.put(enrolments, key, record));
    }
    return {};
}

Result<void> separate_last_seen(const store::Env& env, store::WriteTxn& txn) {
    const store::Table hosts = env.table("hosts");
    const store::Table last_seen = env.table("last_seen");
    for (const auto& [id, text] : EK_TRY(entries_of(txn, hosts))) {
        json::Value record = EK_TRY(parse_record(text));
        if (!record.is_object()) return fail(Errc::corrupt, "a host's record is no object");
        const std::string time = record.string_or("last_seen");
        if (!time.empty()) EK_CHECK(txn.put(last_seen, id, time));
        record.as_object().erase("last_seen");
        EK_CHECK(put_record(txn, hosts, id, record));
    }
    return {};
}

Result<void> index_environments(const store::Env& env, store::WriteTxn& txn) {
    const store::Table index = env.table("environment_hosts");
    for (const auto& [id, text] : EK_TRY(entries_of(txn, env.table("hosts")))) {
        const json::Value record = EK_TRY(parse_record(text));
        if (record.string_or("enrolment") == "retired") continue;
        std::string key = record.string_or("environment", "default");
        key.push_back('\0');
        EK_CHECK(txn.put(index, key + id, "1"));
    }
    return {};
}

}  // namespace evenkeel::state
