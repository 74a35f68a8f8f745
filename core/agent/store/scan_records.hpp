#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/agent/store/layout.hpp"
#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/store/env.hpp"

namespace evenkeel::agent {

// Runs `take` on every record of the table; its first error ends the scan.
inline Result<void> each_record(
    const store::ReadTxn& txn, store::Table table,
    const std::function<Result<void>(std::string_view key, std::string_view record)>& take) {
    Result<void> taken;
    EK_CHECK(txn.scan(table, store::Range::all(), [&](std::string_view key, std::string_view text) {
        taken = take(key, text);
        return taken.has_value();
    }));
    if (!taken) return fail(Errc::corrupt, "the agent's store: " + taken.error().what);
    return {};
}

// Appends to `into` what `decode` makes of the JSON of a record.
template <typename T>
Result<void> append_record(std::string_view text, Result<T> (*decode)(const json::Value&),
                           std::vector<T>& into) {
    const json::Value value = EK_TRY(json::parse(text, layout::kRecordLimits));
    into.push_back(EK_TRY(decode(value)));
    return {};
}

}  // namespace evenkeel::agent
