#include "orchestrator/state/records.hpp"

#include <algorithm>
#include <string>

#include "core/base/text.hpp"
#include "core/json/peek.hpp"
#include "core/store/damage.hpp"

namespace evenkeel::state {
namespace {

// A record is what passed the gate, plus what we put around it.
constexpr json::Limits kRecordLimits{.bytes = 64 << 20, .depth = json::kDeepest};

}  // namespace

tl::unexpected<Error> damaged_record(const std::string& what) {
    const std::string told = "a stored record does not read: " + what;
    store::note_damage(told);
    return fail(Errc::corrupt, told);
}

Result<json::Value> parse_record(std::string_view text) {
    auto value = json::parse(text, kRecordLimits);
    if (!value) return damaged_record(value.error().what);
    return value;
}

std::optional<std::string_view> find_text_member(std::string_view record, std::string_view mark) {
    const std::size_t at = record.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    record.remove_prefix(at + mark.size());
    return record.substr(0, record.find('"'));
}

Result<std::string_view> text_member(std::string_view record, std::string_view mark) {
    const auto found = find_text_member(record, mark);
    if (!found) return damaged_record("there is no " + std::string(mark));
    return *found;
}

bool Record::peek(std::string_view text, const FieldNames& names, FieldValues& values,
                  std::initializer_list<std::string_view> texts) {
    if (!json::peek(text, names, values)) return false;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool is_text = std::find(texts.begin(), texts.end(), names[i]) != texts.end();
        if (is_text && values[i].is_string() && values[i].as_string().empty()) values[i] = nullptr;
    }
    return true;
}

Result<std::uint64_t> read_counter(const store::ReadTxn& txn, const Tables& tables,
                                   std::string_view name) {
    const auto text = EK_TRY(txn.get(tables.counters, name));
    return text ? parse_number(*text) : Result<std::uint64_t>(0);
}

Result<void> write_counter(store::WriteTxn& txn, const Tables& tables, std::string_view name,
                           std::uint64_t value) {
    return txn.put(tables.counters, name, std::to_string(value));
}

}  // namespace evenkeel::state
