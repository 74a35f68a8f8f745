#pragma once

#include "core/json/json.hpp"
#include "core/json/text.hpp"
#include "core/store/txn.hpp"
#include "orchestrator/state/list.hpp"
#include "orchestrator/state/tables.hpp"

// How repositories read and write their records. Internal to this folder.
namespace evenkeel::state {

// `corrupt`, and the store counts as damaged from now on.
tl::unexpected<Error> damaged_record(const std::string& what);

// The JSON of one stored value; `corrupt` when it does not read.
Result<json::Value> parse_record(std::string_view text);

// A text member of an object, read without a parser: `mark` is the comma before it, its name, the
// colon and the opening quote, which stand nowhere inside a text. Only texts that have such a
// member of their own in an object inside must stand behind it, and its text needs no escapes.
std::optional<std::string_view> find_text_member(std::string_view record, std::string_view mark);
// The same of one that must be there.
Result<std::string_view> text_member(std::string_view record, std::string_view mark);

template <typename T>
using Decode = Result<T> (*)(const json::Value&);

template <typename T>
Result<T> decode_record(std::string_view text, Decode<T> decode) {
    auto record = decode(EK_TRY(parse_record(text)));
    if (!record) return damaged_record(record.error().what);
    return record;
}

// The record of a key as a T. A key that can be none has none.
template <typename T>
Result<std::optional<T>> find_record(const store::ReadTxn& txn, store::Table table,
                                     std::string_view key, Decode<T> decode) {
    const auto text = EK_TRY(txn.get(table, key));
    if (!text) return std::optional<T>();
    return std::optional<T>(EK_TRY(decode_record(*text, decode)));
}

// All records of a range as T, in its order.
template <typename T>
Result<void> each_record(const store::ReadTxn& txn, store::Table table, const store::Range& range,
                         Decode<T> decode, const std::function<bool(T)>& visit) {
    Result<void> read;
    EK_CHECK(txn.scan(table, range, [&](std::string_view, std::string_view text) {
        auto record = decode_record(text, decode);
        if (!record) read = fail(record.error());
        return record && visit(*std::move(record));
    }));
    return read;
}

inline Result<void> put_record(store::WriteTxn& txn, store::Table table, std::string_view key,
                               json::Text record) {
    return txn.put(table, key, record.take());
}
inline Result<void> put_record(store::WriteTxn& txn, store::Table table, std::string_view key,
                               const json::Value& value) {
    return txn.put(table, key, json::write(value));
}

// A named number; 0 before it is written.
Result<std::uint64_t> read_counter(const store::ReadTxn& txn, const Tables& tables,
                                   std::string_view name);
Result<void> write_counter(store::WriteTxn& txn, const Tables& tables, std::string_view name,
                           std::uint64_t value);

// Lists and their entries, seen from the inside.
struct Record {
    static List list(store::Table table, const store::Range& range = store::Range::all()) {
        return {table.handle, range.from, range.until};
    }
    static std::string_view text(const Entry& entry) { return entry.record_; }
    // See json::peek(). Those of `texts` are null where they are empty.
    static bool peek(std::string_view text, const FieldNames& names, FieldValues& values,
                     std::initializer_list<std::string_view> texts);
    template <typename T>
    static Result<T> decode(const Entry& entry, Decode<T> decode) {
        return decode_record(entry.record_, decode);
    }
};

}  // namespace evenkeel::state
