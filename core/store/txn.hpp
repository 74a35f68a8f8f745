#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.hpp"
#include "core/store/key.hpp"

struct MDB_env;
struct MDB_txn;

namespace evenkeel::store {

class WriteSet;

// One of an Env's tables: sorted keys with values. A small handle, good as long as its Env.
struct Table {
    unsigned handle = 0;
};

// Counts itself among those who use the environment, until its end: see Env::give_back().
class EnvUse {
  public:
    EnvUse() = default;  // counts nowhere
    explicit EnvUse(std::atomic<int>& uses) : uses_(&uses) { ++uses; }
    EnvUse(EnvUse&& other) noexcept : uses_(std::exchange(other.uses_, nullptr)) {}
    EnvUse& operator=(EnvUse&&) = delete;
    ~EnvUse() {
        if (uses_ != nullptr) --*uses_;
    }

  private:
    std::atomic<int>* uses_ = nullptr;
};

// A snapshot of the store: later commits are not visible in it. Use it in one function and on one
// thread, never across a post, because pages that it sees cannot be reused. A thread has one at a
// time. Reading never waits for a writer.
class ReadTxn {
  public:
    ReadTxn(ReadTxn&& other) noexcept;
    ReadTxn& operator=(ReadTxn&&) = delete;
    ~ReadTxn();

    // The value, or nothing when the key is not there.
    Result<std::optional<std::string>> get(Table table, std::string_view key) const;

    // Sees one key and its value, which are good until it returns; false ends the scan.
    using Visit = std::function<bool(std::string_view key, std::string_view value)>;
    // Requires that `visit` does not change the table: collect first, then change.
    Result<void> scan(Table table, const Range& range, const Visit& visit) const;

    using Entry = std::pair<std::string, std::string>;
    // The range's first entry (its last one when the range is reversed), if it has any.
    Result<std::optional<Entry>> first(Table table, const Range& range) const;

    // Entries in the table, without counting them one by one.
    Result<std::size_t> count(Table table) const;

  protected:
    friend class Env;
    ReadTxn(MDB_txn* txn, EnvUse use) : use_(std::move(use)), txn_(txn) {}
    EnvUse use_;
    MDB_txn* txn_;
};

// A ReadTxn that also changes. Without commit() its changes are dropped. One at a time in the whole
// store, on one thread; begin one only where Writer is not in use (start, restore) or inside a
// Writer's work. After an error other than `conflict` and `invalid` it must be dropped.
class WriteTxn : public ReadTxn {
  public:
    WriteTxn(WriteTxn&& other) noexcept;
    ~WriteTxn();

    // Sets the key's value. `invalid` for an empty key or one over kKeyBytesMax, `limit` when the
    // store or the disk is full.
    Result<void> put(Table table, std::string_view key, std::string_view value);
    // Sets the key's value; `conflict` when it has one already.
    Result<void> insert(Table table, std::string_view key, std::string_view value);
    // The same for a key that is mostly higher than all in the table: then pages are filled, where
    // insert() leaves them half empty.
    Result<void> append(Table table, std::string_view key, std::string_view value);
    // Whether the key was there.
    Result<bool> erase(Table table, std::string_view key);
    // Erases at most `most` entries of the range, in its order; returns how many.
    Result<std::size_t> erase(Table table, const Range& range, std::size_t most);

    // On disk and synced when it returns without error. Ends the transaction either way.
    Result<void> commit();
    // A nested transaction, which can be dropped alone; until it ends this one must not be used.
    // The keys that it touched are added here when it is committed, and not when it is dropped.
    Result<WriteTxn> nested();

    // How many keys it has set or erased so far, and its committed nested transactions with it.
    // O(1)
    std::size_t changes() const;
    // Whether it can still be committed: false after an error that it does not survive. O(1)
    bool is_usable() const;

    // From now on records the keys that it touches, nested transactions included. Copies each key.
    void track();
    // The keys recorded since the last call.
    WriteSet take_write_set();

  private:
    friend class Env;
    // At an address of its own, because nested transactions add to it.
    struct Touched;
    WriteTxn(MDB_env* env, MDB_txn* txn, Touched* outer, EnvUse use);

    void count_change(Table table, std::string_view key);

    MDB_env* env_;
    std::unique_ptr<Touched> touched_;
    Touched* outer_;  // of the transaction that this is a part of, or null
};

}  // namespace evenkeel::store
