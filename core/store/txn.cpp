#include "core/store/txn.hpp"

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include <lmdb.h>

#include "core/store/counters.hpp"
#include "core/store/cursor.hpp"
#include "core/store/damage.hpp"
#include "core/store/lmdb_error.hpp"
#include "core/store/reserve.hpp"
#include "core/store/write_set.hpp"

namespace evenkeel::store {
namespace {

// LMDB takes void* for what it only reads.
MDB_val to_val(std::string_view bytes) {
    return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view to_view(const MDB_val& val) {
    return {static_cast<const char*>(val.mv_data), val.mv_size};
}

// Puts the cursor on the last key before `until`.
int seek_before(MDB_cursor* cursor, const std::string& until, MDB_val* key, MDB_val* value) {
    if (until.empty()) return mdb_cursor_get(cursor, key, value, MDB_LAST);
    *key = to_val(until);
    const int code = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) return mdb_cursor_get(cursor, key, value, MDB_LAST);
    return code != 0 ? code : mdb_cursor_get(cursor, key, value, MDB_PREV);
}

int seek(MDB_cursor* cursor, const Range& range, MDB_val* key, MDB_val* value) {
    if (range.reverse) return seek_before(cursor, range.until, key, value);
    if (range.from.empty()) return mdb_cursor_get(cursor, key, value, MDB_FIRST);
    *key = to_val(range.from);
    return mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
}

bool inside(const Range& range, std::string_view key) {
    if (range.reverse) return key >= std::string_view(range.from);
    return range.until.empty() || key < std::string_view(range.until);
}

// The code of mdb_put.
int put_value(MDB_txn* txn, Table table, std::string_view key, std::string_view value,
              unsigned flags) {
    MDB_val k = to_val(key);
    MDB_val v = to_val(value);
    const int code = mdb_put(txn, table.handle, &k, &v, flags);
    // One that MDB_APPEND refuses is written in another way, and is counted then.
    if (code != MDB_KEYEXIST || flags != MDB_APPEND) count_write();
    return code;
}

}  // namespace

Error lmdb_error(int code, std::string_view doing) {
    const std::string what = std::string(doing) + ": " + mdb_strerror(code);
    switch (code) {
        case MDB_MAP_FULL:
            return {Errc::limit, "the store is full: " + what};
        case MDB_NOTFOUND:
            return {Errc::not_found, what};
        case MDB_KEYEXIST:
            return {Errc::conflict, what};
        case MDB_BAD_VALSIZE:
            return {Errc::invalid, std::string(doing) + ": the key is empty or too long"};
        case MDB_READERS_FULL:
            return {Errc::busy, what};
        case MDB_PANIC:
            note_restart_needed(what);
            return {Errc::unavailable, what};
        case MDB_CORRUPTED:
        case MDB_PAGE_NOTFOUND:
        case MDB_INVALID:
        case MDB_VERSION_MISMATCH:
            note_damage(what);
            return {Errc::corrupt, what};
        default:
            break;
    }
    return code > 0 ? system_error(code, doing) : Error{Errc::internal, what};
}

ReadTxn::ReadTxn(ReadTxn&& other) noexcept
    : use_(std::move(other.use_)), txn_(std::exchange(other.txn_, nullptr)) {}

ReadTxn::~ReadTxn() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
}

Result<std::optional<std::string>> ReadTxn::get(Table table, std::string_view key) const {
    // LMDB reports such keys as errors; for a caller they are not found.
    if (key.empty() || key.size() > kKeyBytesMax) return std::nullopt;
    count_read();
    MDB_val wanted = to_val(key);
    MDB_val value{};
    const int code = mdb_get(txn_, table.handle, &wanted, &value);
    if (code == MDB_NOTFOUND) return std::nullopt;
    if (code != 0) return fail(lmdb_error(code, "read from the store"));
    return std::string(to_view(value));
}

Result<void> ReadTxn::scan(Table table, const Range& range, const Visit& visit) const {
    MDB_cursor* opened = nullptr;
    int code = mdb_cursor_open(txn_, table.handle, &opened);
    if (code != 0) return fail(lmdb_error(code, "scan the store"));
    const Cursor cursor(opened);
    MDB_val key{};
    MDB_val value{};
    code = seek(opened, range, &key, &value);
    while (code == 0 && inside(range, to_view(key))) {
        count_read();
        if (!visit(to_view(key), to_view(value))) return {};
        code = mdb_cursor_get(opened, &key, &value, range.reverse ? MDB_PREV : MDB_NEXT);
    }
    if (code != 0 && code != MDB_NOTFOUND) return fail(lmdb_error(code, "scan the store"));
    return {};
}

Result<std::optional<ReadTxn::Entry>> ReadTxn::first(Table table, const Range& range) const {
    std::optional<Entry> found;
    EK_CHECK(scan(table, range, [&found](std::string_view key, std::string_view value) {
        found.emplace(key, value);
        return false;
    }));
    return found;
}

Result<std::size_t> ReadTxn::count(Table table) const {
    MDB_stat stat{};
    const int code = mdb_stat(txn_, table.handle, &stat);
    if (code != 0) return fail(lmdb_error(code, "count in the store"));
    return stat.ms_entries;
}

struct WriteTxn::Touched {
    std::size_t changes = 0;
    bool is_tracked = false;
    WriteSet keys;  // while it is tracked
};

WriteTxn::WriteTxn(MDB_env* env, MDB_txn* txn, Touched* outer, EnvUse use)
    : ReadTxn(txn, std::move(use)),
      env_(env),
      touched_(std::make_unique<Touched>()),
      outer_(outer) {
    if (outer) touched_->is_tracked = outer->is_tracked;
}

WriteTxn::WriteTxn(WriteTxn&& other) noexcept = default;
WriteTxn::~WriteTxn() = default;

void WriteTxn::track() {
    touched_->is_tracked = true;
}

std::size_t WriteTxn::changes() const {
    return touched_->changes;
}

bool WriteTxn::is_usable() const {
    MDB_stat stat{};
    // Refused in a transaction that has failed. Table 0 is LMDB's own list of free pages.
    return mdb_stat(txn_, 0, &stat) == 0;
}

void WriteTxn::count_change(Table table, std::string_view key) {
    ++touched_->changes;
    if (touched_->is_tracked) touched_->keys.add(table.handle, key);
}

WriteSet WriteTxn::take_write_set() {
    return std::exchange(touched_->keys, {});
}

Result<void> WriteTxn::put(Table table, std::string_view key, std::string_view value) {
    const int code = put_value(txn_, table, key, value, 0);
    if (code != 0) return fail(lmdb_error(code, "write to the store"));
    count_change(table, key);
    return {};
}

Result<void> WriteTxn::insert(Table table, std::string_view key, std::string_view value) {
    const int code = put_value(txn_, table, key, value, MDB_NOOVERWRITE);
    if (code != 0) return fail(lmdb_error(code, "write to the store"));
    count_change(table, key);
    return {};
}

Result<void> WriteTxn::append(Table table, std::string_view key, std::string_view value) {
    const int code = put_value(txn_, table, key, value, MDB_APPEND);
    // It is not the highest; nothing was changed.
    if (code == MDB_KEYEXIST) return insert(table, key, value);
    if (code != 0) return fail(lmdb_error(code, "write to the store"));
    count_change(table, key);
    return {};
}

Result<bool> WriteTxn::erase(Table table, std::string_view key) {
    if (key.empty() || key.size() > kKeyBytesMax) return false;
    count_write();
    MDB_val k = to_val(key);
    const int code = mdb_del(txn_, table.handle, &k, nullptr);
    if (code == MDB_NOTFOUND) return false;
    if (code != 0) return fail(lmdb_error(code, "erase from the store"));
    count_change(table, key);
    return true;
}

Result<std::size_t> WriteTxn::erase(Table table, const Range& range, std::size_t most) {
    std::vector<std::string> keys;
    if (most == 0) return 0;
    EK_CHECK(scan(table, range, [&keys, most](std::string_view key, std::string_view) {
        keys.emplace_back(key);
        return keys.size() < most;
    }));
    for (const std::string& key : keys) EK_TRY(erase(table, key));
    return keys.size();
}

Result<void> WriteTxn::commit() {
    // What is committed uses the environment no more, and may outlive it.
    const EnvUse ends_here = std::move(use_);
    const int code = mdb_txn_commit(std::exchange(txn_, nullptr));
    if (code != 0) return fail(write_error(env_, code, "commit to the store"));
    if (!outer_) {
        // LMDB does not sync where nothing has changed.
        if (changes() > 0) count_commit();
        return {};
    }
    outer_->changes += touched_->changes;
    outer_->keys.add(touched_->keys);
    return {};
}

Result<WriteTxn> WriteTxn::nested() {
    MDB_txn* child = nullptr;
    const int code = mdb_txn_begin(env_, txn_, 0, &child);
    if (code != 0) return fail(lmdb_error(code, "begin a part of a transaction"));
    // The outer one is counted.
    return WriteTxn(env_, child, touched_.get(), EnvUse());
}

}  // namespace evenkeel::store
