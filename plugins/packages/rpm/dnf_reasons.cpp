#include "plugins/packages/rpm/dnf_reasons.hpp"

#include <filesystem>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include "plugins/packages/text.hpp"

namespace evenkeel::packages {

namespace {

constexpr std::uint64_t kRetryNs = 60'000'000'000;
constexpr int kCopies = 3;

std::string text_of(const struct stat& file) {
    return std::to_string(file.st_ino) + " " + std::to_string(file.st_size) + " " +
           std::to_string(file.st_mtim.tv_sec) + "." + std::to_string(file.st_mtim.tv_nsec);
}

}  // namespace

// Transactions are added to the journal of the database, which stays. A program of root that only
// reads writes nothing to it, but sets its owner, which changes its ctime; and it moves what is in
// the journal to the database, which changes the mtime of that.
std::string DnfReasons::stamp() const {
    struct stat history {
    }, journal{};
    if (::stat(history_.c_str(), &history) != 0) return "";
    const bool in_journal =
        ::stat((history_ + "-wal").c_str(), &journal) == 0 && journal.st_size > 0;
    return in_journal ? std::to_string(history.st_ino) + " " + text_of(journal) : text_of(history);
}

// The database may be in the middle of taking in the journal: what is in the journal counts, and is
// copied whole unless a transaction is added meanwhile.
void DnfReasons::copy_to(const std::string& folder) const {
    namespace fs = std::filesystem;
    const std::string copy = folder + "/history.sqlite";
    std::error_code failed;
    for (int tries = 0; tries < kCopies; ++tries) {
        const std::string before = stamp();
        fs::copy_file(history_, copy, fs::copy_options::overwrite_existing, failed);
        if (failed) break;
        fs::remove(copy + "-wal", failed);
        if (fs::exists(history_ + "-wal", failed))
            fs::copy_file(history_ + "-wal", copy + "-wal", failed);
        if (failed) break;
        if (stamp() == before) return;
    }
    throw sdk::Failure(EK_E_UNAVAILABLE,
                       "dnf's history cannot be copied: " +
                           (failed ? failed.message() : "it changes all the time"));
}

std::optional<bool> DnfReasons::is_automatic(const sdk::Call& call, const std::string& name,
                                             const std::string& architecture) {
    // Without a history dnf takes every package for wanted; to ask would make it write one.
    if (::access(history_.c_str(), F_OK) != 0) return false;
    const std::string now = stamp();
    const std::pair package(name, architecture);
    // One that rpm itself has installed since is in no new transaction.
    if (seen_ != now || reasons_.count(package) == 0)
        if (!read(call, now)) return std::nullopt;
    return reasons_.try_emplace(package, false).first->second;
}

bool DnfReasons::read(const sdk::Call& call, const std::string& stamp) {
    if (sdk::now_ns() < retry_at_ns_) return false;
    try {
        reasons_ = parse_dnf_reasons(ask_(call));
        seen_ = stamp;
        return true;
    } catch (const sdk::Failure& failure) {
        if (failure.status() != EK_E_UNAVAILABLE) throw;
        call.note(EK_SEV_WARNING, "/automatic", failure.what());
        seen_.reset();
        retry_at_ns_ = sdk::now_ns() + kRetryNs;
        return false;
    }
}

DnfReasonsByPackage parse_dnf_reasons(std::string_view output) {
    DnfReasonsByPackage reasons;
    for (const std::string_view line : lines_of(output)) {
        const auto words = words_of(line);
        if (words.size() != 3) continue;
        // A package that may have several versions has a line for each.
        reasons[{std::string(words[0]), std::string(words[1])}] =
            words[2] == "dependency" || words[2] == "weak-dependency";
    }
    return reasons;
}

}  // namespace evenkeel::packages
