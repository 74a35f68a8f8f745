#include "core/store/env.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <lmdb.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/base/file.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/store/damage.hpp"
#include "core/store/held_heap.hpp"
#include "core/store/lmdb_error.hpp"

namespace evenkeel::store {
namespace {

constexpr unsigned kReadersMax = 126;
constexpr const char* kData = "/data.mdb";
// A file that is there while the store is open, and after an end that was not clean. It has text
// while all is checked, and from when something was found: then the next start checks first.
constexpr const char* kOpenMark = "/open";
constexpr const char* kChecking = "checking";
constexpr const char* kDamaged = "damaged";
constexpr off_t kReadersBytes = 16 << 10;  // more than LMDB's table of so many

struct CloseEnv {
    void operator()(MDB_env* env) const { mdb_env_close(env); }
};
using EnvHandle = std::unique_ptr<MDB_env, CloseEnv>;

Result<EnvHandle> create_env(const std::string& folder, unsigned tables, std::uint64_t map_bytes,
                             unsigned flags) {
    MDB_env* env = nullptr;
    int code = mdb_env_create(&env);
    if (code != 0) return fail(lmdb_error(code, "open the store"));
    EnvHandle handle(env);
    // Room for tables that an older layout had and a migration reads.
    code = mdb_env_set_maxdbs(env, tables + 16);
    if (code == 0) code = mdb_env_set_maxreaders(env, kReadersMax);
    if (code == 0 && map_bytes != 0) code = mdb_env_set_mapsize(env, map_bytes);
    if (code == 0) code = mdb_env_open(env, folder.c_str(), flags | MDB_NOTLS, 0600);
    if (code != 0) return fail(write_error(env, code, "open the store in " + folder));
    return handle;
}

// LMDB maps the table of readers: on a full disk the first use of a page of it that has no place
// there would end the process. Requires that this process does not have the store open.
Result<void> allocate_readers(const std::string& folder) {
    const std::string path = folder + "/lock.mdb";
    const Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (file.get() < 0) return fail(system_error(errno, "open " + path));
    if (::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, kReadersBytes) == 0) return {};
    if (errno == ENOSPC || errno == EDQUOT) return fail(disk_full(folder));
    return {};  // a file system that cannot set space aside
}

Result<void> copy_env(MDB_env* env, const std::string& to) {
    EK_CHECK(make_folder(to, 0700));
    std::error_code error;
    if (!std::filesystem::is_empty(to, error) || error) {
        return fail(Errc::conflict, to + " is not empty");
    }
    const int code = mdb_env_copy2(env, to.c_str(), MDB_CP_COMPACT);
    if (code != 0) return fail(lmdb_error(code, "copy the store to " + to));
    // LMDB makes the copy readable by the group.
    const std::string data = to + "/data.mdb";
    if (::chmod(data.c_str(), 0600) != 0) return fail(system_error(errno, "set mode of " + data));
    // LMDB does not sync a copy, and this one may be the only backup.
    for (const std::string& path : {data, to, parent_of(to)}) EK_CHECK(sync_path(path));
    return {};
}

}  // namespace

struct Env::Inside {
    std::string folder;
    Fd lock;  // released after the environment is closed
    unsigned table_count = 0;
    std::uint64_t map_bytes = 0;
    // Held while `env` is replaced, and when a use of it begins; none is under way then.
    std::mutex replacing;
    std::atomic<int> uses = 0;
    EnvHandle env;  // null: see reopen()
    Reserve reserve;
    std::atomic<bool> is_full = false;
    std::atomic<bool> is_tight = false;
    std::map<std::string, Table, std::less<>> tables;
    bool has_mark = false;
    std::atomic<bool> stops_check{false};
    std::atomic<bool> has_damaged_pages{false};
    std::atomic<bool> is_sound{false};  // ended cleanly before, or was found to be
    std::thread check;

    Inside() = default;
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() {
        end_check();
        env.reset();
        // After a write to the first pages that failed the next start looks at all pages.
        if (has_mark && is_sound && !is_restart_needed()) ::unlink((folder + kOpenMark).c_str());
    }

    void end_check() {
        stops_check = true;
        if (check.joinable()) check.join();
    }

    Result<EnvUse> use() {
        const std::scoped_lock turn(replacing);
        if (!env) return fail(Errc::unavailable, "the store is closed until a restart");
        return EnvUse(uses);
    }

    // Requires that nobody uses the environment. Without it after an error.
    Result<void> reopen() {
        env.reset();
        // Else what LMDB asks for again keeps pages of what it has just freed.
        ::malloc_trim(0);
        const HeldHeap held;
        EnvHandle opened = EK_TRY(create_env(folder, table_count, map_bytes, 0));
        MDB_txn* begun = nullptr;
        int code = mdb_txn_begin(opened.get(), nullptr, MDB_RDONLY, &begun);
        if (code != 0) return fail(lmdb_error(code, "begin to read the store"));
        ReadTxn txn(begun, EnvUse());
        // In the order of their handles, which others keep: they come out the same.
        std::map<unsigned, std::string> names;
        for (const auto& [name, table] : tables) names[table.handle] = name;
        for (const auto& [handle, name] : names) {
            if (EK_TRY(open_table(begun, name, 0)).handle != handle)
                return fail(Errc::internal, "the table " + name + " has got another handle");
        }
        // What a transaction has opened stays open only if it is committed.
        code = mdb_txn_commit(std::exchange(txn.txn_, nullptr));
        if (code != 0) return fail(lmdb_error(code, "open the tables of " + folder));
        env = std::move(opened);
        return {};
    }

    void mark(const char* text) const {
        // A full disk keeps it from being written: then the next start may check once less.
        const auto written = write_file(folder + kOpenMark, text, 0600);
        if (!written) log::warning("cannot mark the store", {{"why", written.error().what}});
    }

    void take(const Result<FileCheck>& found) {
        if (found) {
            is_sound = true;
            mark("");
            log::info("the store is sound", {{"entries", std::to_string(found->entries)}});
        } else if (found.error().code != Errc::cancelled) {
            has_damaged_pages = true;
            mark(kDamaged);
            note_damage(found.error().what);
        }
    }

    Result<Table> open_table(MDB_txn* txn, const std::string& name, unsigned flags) {
        Table table;
        const int code = mdb_dbi_open(txn, name.c_str(), flags, &table.handle);
        if (code != 0) return fail(lmdb_error(code, "open the table " + name));
        tables[name] = table;
        return table;
    }

    Result<void> drop_table(MDB_txn* txn, const std::string& name) {
        const auto found = tables.find(name);
        const int code = mdb_drop(txn, found->second.handle, 1);
        if (code != 0) return fail(lmdb_error(code, "drop the table " + name));
        tables.erase(found);
        return {};
    }
};

Env::Env(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Env::Env(Env&&) noexcept = default;
Env& Env::operator=(Env&&) noexcept = default;
Env::~Env() = default;

namespace {

Result<unsigned> layout_of(const ReadTxn& txn, Table meta, unsigned newest) {
    const auto stored = EK_TRY(txn.get(meta, "layout"));
    if (!stored) return 0U;
    const auto layout = parse_number(*stored);
    if (!layout || *layout == 0) return fail(Errc::corrupt, "the store's layout is no number");
    if (*layout > newest) {
        return fail(Errc::unsupported, "the store has layout " + *stored +
                                           ", this program knows up to " + std::to_string(newest) +
                                           ": use the newer program, or restore a backup");
    }
    return static_cast<unsigned>(*layout);
}

// Copies the store to a folder inside its own, so that an administrator can go back.
Result<void> keep_copy(const Env& env, const std::string& to) {
    // A folder that exists is left from an interrupted start, or from an earlier migration.
    std::error_code error;
    std::filesystem::remove_all(to, error);
    return env.copy_to(to);
}

}  // namespace

namespace {

// LMDB maps the file and dies where a page is missing.
Result<void> check_before_open(const std::string& folder) {
    const std::string path = folder + kData;
    if (!Env::exists(folder)) return {};
    const auto commit = last_commit(path);
    if (!commit) return fail(commit.error());
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return fail(system_error(errno, "look at " + path));
    const bool is_whole =
        static_cast<std::uint64_t>(info.st_size) / commit->page_bytes >= commit->pages;
    const auto mark = read_file(folder + kOpenMark);
    const bool is_suspect = mark && !mark->empty();
    // LMDB does not write the last pages when a transaction did not need them in the end.
    if (is_whole && !is_suspect) return {};
    const std::atomic<bool> never{false};
    EK_TRY(check_file(path, *commit, never));
    return {};
}

}  // namespace

bool Env::exists(const std::string& folder) {
    struct stat info {};
    return ::stat((folder + kData).c_str(), &info) == 0 && info.st_size > 0;
}

Result<Env> Env::open(const std::string& folder, Options options) {
    EK_CHECK(make_folder(folder, 0700));
    auto inside = std::make_unique<Inside>();
    inside->folder = folder;
    inside->lock = EK_TRY(lock_file(folder + "/lock"));
    EK_CHECK(check_before_open(folder));
    const auto tables =
        static_cast<unsigned>(options.tables.size() + options.retired_tables.size());
    EK_CHECK(allocate_readers(folder));
    inside->table_count = tables + 1;
    inside->map_bytes = options.map_bytes;
    inside->env = EK_TRY(create_env(folder, tables + 1, options.map_bytes, 0));
    inside->reserve.top_up(inside->env.get());
    int dead = 0;
    mdb_reader_check(inside->env.get(), &dead);
    Env env(std::move(inside));
    EK_CHECK(env.prepare(options));
    const bool ended_badly = ::access((folder + kOpenMark).c_str(), F_OK) == 0;
    // Without it nothing is lost but the check; a disk may be full.
    env.inside_->has_mark =
        Fd(::open((folder + kOpenMark).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) &&
        sync_path(folder);
    env.inside_->is_sound = !ended_badly;
    if (ended_badly) env.check_beside();
    return env;
}

// Of the commit that is the last one now: the transaction keeps its pages from being written.
void Env::check_beside() {
    auto txn = read();
    const auto commit = last_commit(inside_->folder + kData);
    if (!txn) return inside_->take(fail(txn.error()));
    if (!commit) return inside_->take(fail(commit.error()));
    inside_->mark(kChecking);
    const auto check = [inside = inside_.get(), commit = *commit] {
        inside->take(check_file(inside->folder + kData, commit, inside->stops_check));
    };
    try {
        inside_->check = std::thread([check, txn = *std::move(txn)] { check(); });
    } catch (const std::system_error&) {
        check();  // the system has no thread left
    }
}

Result<FileCheck> Env::check_copy(const std::string& folder) {
    const std::string path = folder + kData;
    const std::atomic<bool> never{false};
    return check_file(path, EK_TRY(last_commit(path)), never);
}

Result<FileCheck> Env::check(const std::string& folder) {
    if (!exists(folder)) return fail(Errc::not_found, "there is no store in " + folder);
    const Fd lock = EK_TRY(lock_file(folder + "/lock"));
    return check_copy(folder);
}

Result<Env> Env::open_for_reading(const std::string& folder, const Options& options) {
    std::error_code error;
    if (!std::filesystem::exists(folder + "/data.mdb", error)) {
        return fail(Errc::not_found, "there is no store in " + folder);
    }
    auto inside = std::make_unique<Inside>();
    inside->folder = folder;
    inside->lock = EK_TRY(lock_file(folder + "/lock"));
    EK_CHECK(check_before_open(folder));
    inside->env =
        EK_TRY(create_env(folder, static_cast<unsigned>(options.tables.size()) + 1, 0, MDB_RDONLY));
    Env env(std::move(inside));
    ReadTxn txn = EK_TRY(env.read());
    const Table meta = EK_TRY(env.inside_->open_table(txn.txn_, "meta", 0));
    EK_TRY(layout_of(txn, meta, static_cast<unsigned>(1 + options.migrations.size())));
    for (const std::string& name : options.tables) {
        EK_TRY(env.inside_->open_table(txn.txn_, name, 0));
    }
    // What a transaction has opened stays open only if it is committed.
    const int code = mdb_txn_commit(std::exchange(txn.txn_, nullptr));
    if (code != 0) return fail(lmdb_error(code, "open the tables of " + folder));
    return env;
}

Result<void> Env::prepare(const Options& options) {
    const auto newest = static_cast<unsigned>(1 + options.migrations.size());
    WriteTxn txn = EK_TRY(write());
    const Table meta = EK_TRY(inside_->open_table(txn.txn_, "meta", MDB_CREATE));
    const unsigned layout = EK_TRY(layout_of(txn, meta, newest));
    if (layout != 0 && layout < newest) {
        // Copying sees what is committed, so this transaction may stay open.
        EK_CHECK(keep_copy(*this, inside_->folder + "/layout-" + std::to_string(layout)));
    }
    for (const std::string& name : options.tables) {
        EK_TRY(inside_->open_table(txn.txn_, name, MDB_CREATE));
    }
    if (layout != 0 && layout < newest) EK_CHECK(migrate(txn, options, layout));
    if (layout != newest) EK_CHECK(txn.put(meta, "layout", std::to_string(newest)));
    if (layout == 0) EK_CHECK(txn.put(meta, "stream", make_id("stream")));
    return txn.commit();
}

Result<void> Env::migrate(WriteTxn& txn, const Options& options, unsigned layout) {
    for (const std::string& name : options.retired_tables) {
        EK_TRY(inside_->open_table(txn.txn_, name, MDB_CREATE));
    }
    for (unsigned from = layout; from <= options.migrations.size(); ++from) {
        const auto migrated = options.migrations[from - 1](*this, txn);
        if (!migrated) {
            return fail("migrate the store from layout " + std::to_string(from), migrated.error());
        }
        log::info("migrated the store", {{"from", std::to_string(from)}});
    }
    for (const std::string& name : options.retired_tables) {
        EK_CHECK(inside_->drop_table(txn.txn_, name));
    }
    return {};
}

Table Env::table(std::string_view name) const {
    const auto found = inside_->tables.find(name);
    if (found != inside_->tables.end()) return found->second;
    log::error("a table was not named when the store was opened, aborting",
               {{"table", std::string(name)}});
    std::abort();
}

Result<ReadTxn> Env::read() const {
    EnvUse use = EK_TRY(inside_->use());
    MDB_txn* txn = nullptr;
    const int code = mdb_txn_begin(inside_->env.get(), nullptr, MDB_RDONLY, &txn);
    if (code != 0) return fail(lmdb_error(code, "begin to read the store"));
    return ReadTxn(txn, std::move(use));
}

Result<WriteTxn> Env::write() {
    // LMDB ends the process when it comes upon such a page.
    if (inside_->has_damaged_pages) {
        return fail(Errc::corrupt, "the store is damaged and not written to any more");
    }
    EnvUse use = EK_TRY(inside_->use());
    MDB_txn* txn = nullptr;
    const int code = mdb_txn_begin(inside_->env.get(), nullptr, 0, &txn);
    if (code != 0) return fail(lmdb_error(code, "begin to write to the store"));
    return WriteTxn(inside_->env.get(), txn, nullptr, std::move(use));
}

Result<void> Env::copy_to(const std::string& to) const {
    const EnvUse use = EK_TRY(inside_->use());
    return copy_env(inside_->env.get(), to);
}

Result<void> Env::copy(const std::string& folder, const std::string& to) {
    const EnvHandle env = EK_TRY(create_env(folder, 1, 0, MDB_RDONLY));
    return copy_env(env.get(), to);
}

Result<Env::Usage> Env::usage() const {
    const EnvUse use = EK_TRY(inside_->use());
    MDB_envinfo info{};
    MDB_stat stat{};
    int code = mdb_env_info(inside_->env.get(), &info);
    if (code == 0) code = mdb_env_stat(inside_->env.get(), &stat);
    if (code != 0) return fail(lmdb_error(code, "measure the store"));
    const std::uint64_t bytes = (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;
    return Usage{bytes - free_bytes(inside_->env.get()), info.me_mapsize};
}

Result<void> Env::Room::allows(Importance importance) const {
    if (room_.suffices_for(importance)) return {};
    return fail(disk_full(folder_));
}

Env::Room Env::top_up() {
    const auto use = inside_->use();
    // Without it the transaction that follows says so.
    if (!use) return Room(Reserve::Room{}, inside_->folder);
    const Room room(inside_->reserve.top_up(inside_->env.get()), inside_->folder);
    inside_->is_full = !room.allows(Importance::ordinary);
    inside_->is_tight = !room.is_whole();
    // Its read transaction keeps pages from being used again, and there are no others. The mark
    // that it leaves makes the next start check before it opens.
    if (!room.is_whole()) inside_->end_check();
    return room;
}

bool Env::give_back() {
    const std::scoped_lock lock(inside_->replacing);
    if (!inside_->env || inside_->uses != 0 || inside_->map_bytes == 0) return false;
    if (auto opened = inside_->reopen(); !opened) {
        note_restart_needed(opened.error().what);
        return false;
    }
    return true;
}

bool Env::is_full() const {
    return inside_->is_full;
}

bool Env::is_tight() const {
    return is_full() || inside_->is_tight;
}

void Env::note_full() {
    inside_->is_full = true;
}

}  // namespace evenkeel::store
