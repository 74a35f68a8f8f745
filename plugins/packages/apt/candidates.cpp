#include "plugins/packages/apt/candidates.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

#include <sys/stat.h>

#include "plugins/packages/apt/version.hpp"
#include "plugins/packages/command.hpp"
#include "plugins/packages/stamp.hpp"
#include "plugins/packages/text.hpp"

namespace evenkeel::packages {

namespace {

constexpr std::time_t kStaleSeconds = 7 * 24 * 3600;
constexpr int kOverNewer = 1000;

std::time_t modified(const char* path) {
    struct stat info {};
    return ::stat(path, &info) == 0 ? info.st_mtim.tv_sec : 0;
}

// "     1.0 500" and " *** 1.0 500" are versions; what is indented further is where they come from.
bool is_version_line(std::string_view line) {
    return line.size() > 5 && (starts(line, "     ") || starts(line, " *** ")) && line[5] != ' ';
}

int priority_in(std::string_view line) {
    int priority = 0;
    const auto space = line.rfind(' ');
    const std::string_view digits = line.substr(space + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), priority);
    return priority;
}

}  // namespace

std::string offers_stamp(const std::string& root) {
    std::vector<std::string> paths;
    for (const char* path : {"var/lib/apt/lists", "var/lib/dpkg/arch", "etc/apt/sources.list",
                             "etc/apt/preferences", "etc/apt/apt.conf", "etc/apt/sources.list.d",
                             "etc/apt/preferences.d", "etc/apt/apt.conf.d"})
        paths.push_back(root + path);
    return stamp_of(paths);
}

std::map<std::string, Offer> parse_policy(std::string_view text) {
    constexpr std::string_view kCandidate = "  Candidate: ";
    std::map<std::string, Offer> offers;
    std::string name;
    while (!text.empty()) {
        const std::string_view line = take_part(text, '\n');
        if (!line.empty() && line.front() != ' ' && line.back() == ':') {
            name = line.substr(0, line.size() - 1);
        } else if (starts(line, kCandidate)) {
            const std::string_view version = line.substr(kCandidate.size());
            if (version != "(none)") offers[name] = {std::string(version), 500};
        } else if (is_version_line(line)) {
            const std::string_view rest = line.substr(5);
            const auto offer = offers.find(name);
            if (offer != offers.end() && rest.substr(0, rest.find(' ')) == offer->second.version)
                offer->second.priority = priority_in(rest);
        }
    }
    return offers;
}

std::optional<std::string> choose(const std::optional<Offer>& offer,
                                  const std::optional<std::string>& installed) {
    if (!offer) return std::nullopt;
    if (installed && offer->priority < kOverNewer &&
        compare_versions(*installed, offer->version) > 0)
        return installed;
    return offer->version;
}

bool Candidates::stale() {
    // The lists themselves have the times of the server; their folders have those of the update.
    const std::time_t updated =
        std::max(modified("/var/lib/apt/lists"), modified("/var/lib/apt/lists/partial"));
    return updated + kStaleSeconds < std::time(nullptr);
}

std::vector<std::optional<Offer>> Candidates::offers(const sdk::Call& call,
                                                     const std::vector<std::string>& ids) {
    if (std::string now = offers_stamp("/"); now != seen_) {
        offers_.clear();
        seen_ = std::move(now);
    }
    // With no status file the answer is that of the sources alone, and stays right whatever is
    // installed or removed. Without a cache of its own it leaves apt's as it is.
    std::vector<std::string> argv = {"/usr/bin/apt-cache",
                                     "-o",
                                     "Dir::State::status=/dev/null",
                                     "-o",
                                     "Dir::Cache::pkgcache=",
                                     "policy",
                                     "--"};
    const std::size_t fixed = argv.size();
    for (const std::string& id : ids)
        if (offers_.find(id) == offers_.end()) argv.push_back(id);
    if (argv.size() > fixed) {
        const posix::ProcessResult ran = posix::run(call, manager_command(argv));
        if (ran.exit_code != 0)
            throw sdk::Failure(EK_E_UNAVAILABLE, "apt-cache policy failed: " +
                                                     ran.output.substr(0, ran.output.find('\n')));
        const auto found = parse_policy(ran.output);
        for (std::size_t at = fixed; at < argv.size(); ++at) {
            const auto offer = found.find(argv[at]);
            offers_[argv[at]] =
                offer == found.end() ? std::nullopt : std::optional<Offer>(offer->second);
        }
    }
    std::vector<std::optional<Offer>> all;
    for (const std::string& id : ids) all.push_back(offers_[id]);
    return all;
}

}  // namespace evenkeel::packages
