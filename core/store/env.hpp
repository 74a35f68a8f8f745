#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/store/file_check.hpp"
#include "core/store/reserve.hpp"
#include "core/store/txn.hpp"

namespace evenkeel::store {

// A store: one LMDB environment in a folder of its own. What LMDB requires, and how that is met:
// - An environment is opened once in a process and by one process: open() holds a lock.
// - It does not survive a fork: open it after daemonizing, start children by posix_spawn only.
// - Pages that an open read transaction can see are not reused, so read transactions are short,
//   but for the check after an end that was not clean, during which the file may grow, and which
//   gives up where the disk is full; reader slots that a killed process left are cleared at the
//   next open.
// - The map's size is the store's limit. The file is sparse and grows only with what is in it.
// - Erasing needs space: a reserve (reserve.hpp) keeps some for the time when the disk is full.
// - Readers see the last commit only. After kill -9 or power loss exactly the committed data is
//   there. Syncing is never switched off.
// Lives longer than all transactions and writers on it. [any], with one write transaction at a
// time.
class Env {
  public:
    // Changes a store of one layout into the next one's, in the given transaction.
    using Migration = std::function<Result<void>(const Env&, WriteTxn&)>;

    struct Options {
        std::vector<std::string> tables;  // made when missing; `meta` is always there
        // Tables of older layouts: opened for migrations, and dropped after them.
        std::vector<std::string> retired_tables = {};
        std::vector<Migration> migrations;  // the n-th takes layout n+1 to n+2
        std::uint64_t map_bytes = std::uint64_t{16} << 30;
    };

    // Opens the store in `folder` (0700, made when missing). A new one gets layout
    // 1 + migrations.size() and a stream. An older one is copied to `folder`/layout-N and migrated
    // in one transaction. `unsupported` for a layout newer than this program, `busy` when another
    // process has the store open, `limit` when the disk has no room for a new store or for what
    // LMDB keeps beside it, `corrupt` when its file is damaged or cut off. After an end that was
    // not clean all of it is checked beside, and note_damage() told what is found; write() then
    // fails, since LMDB ends the process that writes to such a page.
    static Result<Env> open(const std::string& folder, Options options);
    // The same for reading alone: nothing is made, copied or migrated, and write() fails. Tables of
    // an older layout are as that layout had them. `not_found` when the store or one of
    // `options.tables` is not there.
    static Result<Env> open_for_reading(const std::string& folder, const Options& options);
    // Copies a store that another process may have open, compacted, to `to` (new or empty; 0700): a
    // consistent copy, on disk when this returns. Requires that this process does not have it open
    // (copy_to() is for that): LMDB would lose its locks.
    static Result<void> copy(const std::string& folder, const std::string& to);

    Env(Env&&) noexcept;
    Env& operator=(Env&&) noexcept;
    ~Env();

    // Whether there is a store in `folder`: an empty file is none.
    static bool exists(const std::string& folder);
    // What check_file() says of the store in `folder`, which no process has open. Nothing is
    // changed; a missing lock file is made. `busy` when one has it open.
    static Result<FileCheck> check(const std::string& folder);
    // The same of a copy, which may lie where nothing can be written.
    static Result<FileCheck> check_copy(const std::string& folder);

    // Requires a name given to open(), or "meta".
    Table table(std::string_view name) const;

    Result<ReadTxn> read() const;
    // Waits for a write transaction that is under way.
    Result<WriteTxn> write();

    // The same copy() of this store, while it is in use.
    Result<void> copy_to(const std::string& to) const;

    struct Usage {
        std::uint64_t used_bytes = 0;  // by what is stored and what readers hold
        std::uint64_t map_bytes = 0;
    };
    // How full the store is. Past 100 % put fails; keep some room, because erasing needs it too.
    Result<Usage> usage() const;

    // Whether disk and map have room for a change of this importance, having topped the reserve up;
    // otherwise the error of the change. To be asked before each commit. [writer's thread]
    class Room {
      public:
        Room(Reserve::Room room, const std::string& folder) : room_(room), folder_(folder) {}
        Result<void> allows(Importance importance) const;
        bool is_whole() const { return room_.is_whole(); }

      private:
        Reserve::Room room_;
        const std::string& folder_;
    };
    Room top_up();

    // Gives back the memory that large transactions have left, and unmaps what was read: LMDB keeps
    // a page for each one that its largest transaction has written, and gives them back only with
    // the environment. So it is closed and opened again, which takes less than a millisecond, in
    // which others wait. False when it is in use at this moment. Stored data are not concerned.
    // Where the environment cannot be opened again, a restart is needed: note_restart_needed().
    // [any]
    bool give_back();

    // Whether there was no room for an ordinary change at the last commit, or it failed for want of
    // room. [any]
    bool is_full() const;
    // Whether it is full, or its reserve was not whole at the last commit. [any]
    bool is_tight() const;
    void note_full();

  private:
    struct Inside;
    explicit Env(std::unique_ptr<Inside> inside);
    void check_beside();
    // Opens the tables, checks the layout and migrates, in one transaction.
    Result<void> prepare(const Options& options);
    Result<void> migrate(WriteTxn& txn, const Options& options, unsigned layout);
    std::unique_ptr<Inside> inside_;
};

// A store's name in the protocols: random, made with the store and again when it is restored from a
// backup, so that sequence numbers from before and after are never confused.
struct Stream {
    std::string id;                     // "stream_..."
    std::string predecessor;            // the stream before the last restore, else empty
    std::uint64_t predecessor_end = 0;  // the revision up to which the predecessor was restored
};
Result<Stream> stream_of(const Env& env, const ReadTxn& txn);
// Begins a new stream; the one so far becomes its predecessor.
Result<Stream> begin_stream(const Env& env, WriteTxn& txn, std::uint64_t predecessor_end);

}  // namespace evenkeel::store
