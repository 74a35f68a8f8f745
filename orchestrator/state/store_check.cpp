#include "orchestrator/state/store_check.hpp"

#include <array>
#include <set>
#include <string_view>

#include "core/base/text.hpp"
#include "core/crypto/record_chain.hpp"
#include "core/wire/inventory_digest.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/migrations.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/state.hpp"
#include "orchestrator/state/stopped_state.hpp"
#include "orchestrator/state/tables.hpp"

namespace evenkeel::state {
namespace {

constexpr std::array<std::string_view, 21> kTablesOfJson = {"hosts",
                                                            "enrolments",
                                                            "tokens",
                                                            "enrolment_tokens",
                                                            "collections",
                                                            "schemas",
                                                            "resources",
                                                            "bodies",
                                                            "tallies",
                                                            "marks",
                                                            "commands",
                                                            "audit",
                                                            "replies",
                                                            "leases",
                                                            "audit_ends",
                                                            "model",
                                                            "application_versions",
                                                            "to_compile",
                                                            "wanted",
                                                            "plans",
                                                            "plan_parts"};

Result<void> check_table(const store::Env& env, const store::ReadTxn& txn, std::string_view table) {
    Result<void> read;
    EK_CHECK(txn.scan(
        env.table(table), store::Range::all(), [&](std::string_view key, std::string_view text) {
            const auto record = parse_record(text);
            if (!record) {
                read = fail(
                    "the table " + std::string(table) + ", the key " + printable(std::string(key)),
                    record.error());
            }
            return read.has_value();
        }));
    return read;
}

// That each host's digest is the one of its descriptions.
Result<void> check_digests(const store::Env& env, const store::ReadTxn& txn) {
    const Tables tables = tables_of(env);
    const View view(txn, tables);
    Result<void> right;
    EK_CHECK(view.hosts().each([&](const Host& host) {
        wire::InventoryDigest digest;
        right = view.resources().each_generation(host.id, [&](const auto& ref, const auto& made) {
            digest.add(ref, made);
            return true;
        });
        const auto kept = view.resources().digest(host.id);
        if (right && !kept) right = fail(kept.error());
        if (right && *kept != digest) {
            right = fail(Errc::corrupt,
                         "the digest of the host " + host.id + " is not that of its descriptions");
        }
        return right.has_value();
    }));
    return right;
}

// That the index of the environments has the active hosts, and those alone.
Result<void> check_environments(const store::Env& env, const store::ReadTxn& txn) {
    const Tables tables = tables_of(env);
    const View view(txn, tables);
    std::set<std::string> should;
    EK_CHECK(view.hosts().each([&](const Host& host) {
        if (!host.retired()) should.insert(environment_key(host.environment, host.id));
        return true;
    }));
    std::set<std::string> found;
    EK_CHECK(txn.scan(tables.environment_hosts, store::Range::all(),
                      [&](std::string_view key, std::string_view) {
                          found.emplace(key);
                          return true;
                      }));
    if (found == should) return {};
    return fail(Errc::corrupt, "the index of hosts by environment is not that of the hosts");
}

Result<void> check_records(const std::string& folder) {
    const auto env = store::Env::open_for_reading(folder, store_options());
    // An older layout has other tables.
    if (!env && env.error().code == Errc::not_found) return {};
    if (!env) return fail(env.error());
    const store::ReadTxn txn = EK_TRY(env->read());
    for (const std::string_view table : kTablesOfJson) EK_CHECK(check_table(*env, txn, table));
    EK_CHECK(check_digests(*env, txn));
    return check_environments(*env, txn);
}

}  // namespace

Result<store::FileCheck> check_store(const std::string& state_dir) {
    const std::string folder = state_dir + "/store";
    const auto found = store::Env::check(folder);
    if (!found) return fail(with_advice(found.error()));
    EK_CHECK(check_records(folder));
    EK_TRY(verify_audit_of(state_dir));
    return found;
}

}  // namespace evenkeel::state
