// The floors of work on many files, which are named on standard input, one a line.
//   floor_files stat           lstat each
//   floor_files hash           open, fstat, read, SHA-256
//   floor_files write BYTES    beside each: create, write, fsync; then rename; then sync each
//   folder
// Prints {"files","wall_ms","cpu_ms"}.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

void must(bool good, const std::string& path) {
    if (good) return;
    std::fprintf(stderr, "floor_files: %s: %s\n", path.c_str(), std::strerror(errno));
    std::exit(1);
}

void look(const std::string& path) {
    struct stat found {};
    must(lstat(path.c_str(), &found) == 0, path);
}

void hash(const std::string& path) {
    static EVP_MD_CTX* const context = EVP_MD_CTX_new();
    static char bytes[65536];
    const int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat found {};
    must(fd >= 0 && fstat(fd, &found) == 0, path);
    EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
    for (ssize_t count; (count = read(fd, bytes, sizeof bytes)) > 0;)
        EVP_DigestUpdate(context, bytes, static_cast<std::size_t>(count));
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_DigestFinal_ex(context, digest, nullptr);
    close(fd);
}

void write_beside(const std::string& path, const std::string& content) {
    const std::string fresh = path + ".floor";
    const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(fd >= 0, fresh);
    must(write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()), fresh);
    must(fsync(fd) == 0, fresh);
    close(fd);
}

void write_all(const std::vector<std::string>& paths, const std::string& content) {
    std::set<std::string> folders;
    for (const std::string& path : paths) write_beside(path, content);
    for (const std::string& path : paths) {
        must(rename((path + ".floor").c_str(), path.c_str()) == 0, path);
        folders.insert(path.substr(0, path.rfind('/')));
    }
    for (const std::string& folder : folders) {
        const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        must(fd >= 0 && fsync(fd) == 0, folder);
        close(fd);
    }
}

double cpu_ms() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    std::vector<std::string> paths;
    for (std::string path; std::getline(std::cin, path);) paths.push_back(path);
    const double before_ms = cpu_ms();
    const auto start = Clock::now();
    if (what == "stat") {
        for (const std::string& path : paths) look(path);
    } else if (what == "hash") {
        for (const std::string& path : paths) hash(path);
    } else if (what == "write" && argc == 3) {
        write_all(paths, std::string(std::strtoull(argv[2], nullptr, 10), 'x'));
    } else {
        return 2;
    }
    const std::chrono::duration<double, std::milli> took = Clock::now() - start;
    std::printf("{\"files\":%zu,\"wall_ms\":%.1f,\"cpu_ms\":%.1f}\n", paths.size(), took.count(),
                cpu_ms() - before_ms);
}
