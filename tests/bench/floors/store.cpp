// The floor of durable writes: LMDB alone, one commit, and so one wait for the disk, a batch.
//   floor_store FOLDER SECONDS BATCH BYTES
// Each write is three records of BYTES together, as a description, its command and its event are.
// Prints {"writes","per_second","bytes_each","cpu_us_each"}.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <lmdb.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace {

using Clock = std::chrono::steady_clock;

void must(int code, const char* doing) {
    if (code == 0) return;
    std::fprintf(stderr, "floor_store: %s: %s\n", doing, mdb_strerror(code));
    std::exit(1);
}

void put(MDB_txn* txn, MDB_dbi table, std::uint64_t number, std::string& value) {
    // Big-endian, so that keys rise.
    char key[8];
    for (int i = 0; i < 8; ++i) key[i] = static_cast<char>(number >> (56 - 8 * i));
    MDB_val name{sizeof key, key};
    MDB_val data{value.size(), value.data()};
    must(mdb_put(txn, table, &name, &data, 0), "put");
}

double cpu_us() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const std::string folder = argv[1];
    const double seconds = std::atof(argv[2]);
    const auto batch = std::strtoull(argv[3], nullptr, 10);
    std::string value(std::strtoull(argv[4], nullptr, 10) / 3, 'x');
    MDB_env* env = nullptr;
    must(mdb_env_create(&env), "create");
    must(mdb_env_set_mapsize(env, std::size_t{16} << 30), "map");
    must(mdb_env_set_maxdbs(env, 3), "tables");
    // As core/store opens it: one sync a commit, the last of which a power cut may take back whole.
    must(mdb_env_open(env, folder.c_str(), MDB_NOMETASYNC, 0600), "open");
    MDB_dbi tables[3];
    MDB_txn* txn = nullptr;
    must(mdb_txn_begin(env, nullptr, 0, &txn), "begin");
    for (unsigned i = 0; i < 3; ++i)
        must(mdb_dbi_open(txn, std::to_string(i).c_str(), MDB_CREATE, &tables[i]), "table");
    must(mdb_txn_commit(txn), "commit");

    std::uint64_t written = 0;
    const auto start = Clock::now();
    double took = 0;
    while (took < seconds) {
        must(mdb_txn_begin(env, nullptr, 0, &txn), "begin");
        for (std::uint64_t i = 0; i < batch; ++i, ++written) {
            for (const MDB_dbi table : tables) put(txn, table, written, value);
        }
        must(mdb_txn_commit(txn), "commit");
        took = std::chrono::duration<double>(Clock::now() - start).count();
    }
    struct stat file {};
    stat((folder + "/data.mdb").c_str(), &file);
    const auto all = static_cast<double>(written);
    std::printf("{\"writes\":%llu,\"per_second\":%.0f,\"bytes_each\":%.0f,\"cpu_us_each\":%.1f}\n",
                static_cast<unsigned long long>(written), all / took,
                static_cast<double>(file.st_size) / all, cpu_us() / all);
    mdb_env_close(env);
}
