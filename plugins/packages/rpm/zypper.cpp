#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include <evenkeel/cpp/fd.hpp>
#include <evenkeel/plugin.hpp>
#include <sys/mman.h>
#include <unistd.h>

#include "plugins/packages/command.hpp"
#include "plugins/packages/rpm/files.hpp"
#include "plugins/packages/rpm/scratch.hpp"
#include "plugins/packages/rpm/tool.hpp"
#include "plugins/packages/rpm/zypper_marks.hpp"
#include "plugins/packages/stamp.hpp"
#include "plugins/packages/text.hpp"
#include "plugins/packages/transaction.hpp"
#include "plugins/posix/failure.hpp"

namespace evenkeel::packages {

namespace {

using Words = std::vector<std::string>;

constexpr const char* kProgram = "/usr/bin/zypper";
constexpr const char* kFolder = "/etc/zypp";
constexpr int kLockedExit = 7;

const Rules kRules = {
    {"No provider of", EK_E_NOT_FOUND},
    {"not found in package names", EK_E_NOT_FOUND},
    {"System management is locked", EK_E_BUSY},
    {"remove lock to allow", EK_E_CONFLICT},
    {"Signature verification failed", EK_E_DENIED},
    {"is not signed", EK_E_DENIED},
    {"agree with the terms of the license", EK_E_DENIED},
    {"No space left on device", EK_E_UNAVAILABLE},
    {"Not enough space", EK_E_UNAVAILABLE},
    {"Can't provide file", EK_E_UNAVAILABLE},
    {"Failed to provide Package", EK_E_UNAVAILABLE},
    {"Download (curl) error", EK_E_UNAVAILABLE},
    {"File not found on medium", EK_E_UNAVAILABLE},
    {"nothing provides", EK_E_CONFLICT},
    {"is needed by (installed)", EK_E_CONFLICT},
    {"conflicts with file", EK_E_CONFLICT},
    {"conflicts with", EK_E_CONFLICT},
    {"this requirement cannot be provided", EK_E_CONFLICT},
    {"Problem:", EK_E_CONFLICT},
    {"scriptlet failed", EK_E_INTERNAL},
};

// A file without a name, for programs that this process starts. It lasts as long as this object.
class MemoryFile {
  public:
    explicit MemoryFile(const std::string& text) : fd_(::memfd_create("zypp", MFD_CLOEXEC)) {
        if (!fd_ ||
            ::write(fd_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            throw posix::os_failure(errno, "keep a file in memory");
    }
    std::string path() const {
        return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
    }

  private:
    sdk::Fd fd_;
};

// The value of an attribute of the element in this line.
std::string attribute(std::string_view line, const std::string& name) {
    const std::string mark = " " + name + "=\"";
    const auto at = line.find(mark);
    if (at == line.npos) return {};
    line.remove_prefix(at + mark.size());
    return std::string(line.substr(0, line.find('"')));
}

std::string value_of(std::string_view stanza, std::string_view key) {
    for (std::string_view line : lines_of(stanza)) {
        if (take_part(line, ':') != key) continue;
        const auto begin = line.find_first_not_of(' ');
        return begin == line.npos ? std::string() : std::string(line.substr(begin));
    }
    return {};
}

std::vector<std::string_view> stanzas_of(std::string_view text) {
    std::vector<std::string_view> all;
    while (!text.empty()) {
        const auto end = text.find("\n\n");
        all.push_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 2);
    }
    return all;
}

class Zypper : public Tool {
  public:
    explicit Zypper(std::string folder) : folder_(std::move(folder)) {}

    std::string_view name() const override { return "zypper"; }

    std::vector<RpmOffer> offers(const sdk::Call& call, const Words& names) override {
        Words words = {"--xmlout", "search",  "--details", "--match-exact",
                       "--type",   "package", "--"};
        words.insert(words.end(), names.begin(), names.end());
        const posix::ProcessResult repos = read(call, {"--xmlout", "repos"});
        const posix::ProcessResult found = read(call, words);
        return parse_zypper_search(found.output, parse_zypper_repos(repos.output));
    }

    std::string lists_stamp(const std::string& root) const override {
        Words paths = lists(root);
        for (const char* path : {"etc/zypp/zypp.conf", "etc/zypp/zypper.conf", "etc/zypp/repos.d",
                                 "etc/zypp/services.d", "etc/zypp/vars.d", "etc/products.d"})
            paths.push_back(root + path);
        return stamp_of(paths);
    }
    // A refresh makes the folder of a source anew, or touches it where nothing was new.
    std::time_t lists_time() const override {
        Words paths = lists("/");
        for (const std::string& path : matching("/var/cache/zypp/raw/*")) paths.push_back(path);
        return newest_of(paths);
    }

    RpmSimulation simulate(const sdk::Call& call, const Job& job) override {
        posix::Command command = command_of(job, {"--dry-run"});
        const Scratch scratch(folder_);
        const Words variables = reading(scratch);
        command.environment.insert(command.environment.end(), variables.begin(), variables.end());
        posix::Command summary = command;
        summary.argv.insert(summary.argv.begin() + 1, "--xmlout");
        const posix::ProcessResult ran = posix::run(call, summary);
        if (ran.exit_code == 0) return parse_zypper_summary(ran.output);
        // Its output for people says better than the XML what is wrong.
        throw failure_in(posix::run(call, command).output, kRules, "do it");
    }

    std::vector<posix::Command> commands(const Job& job) override {
        if (job.install.empty() && job.remove.empty()) return {};
        return {command_of(job, {})};
    }

    posix::Command reinstall_command(const Target& target) override {
        return command_of({{target}, {}}, {"--force"});
    }

    std::vector<std::string> multi_version_capabilities() const override {
        Words all = {"multiversion(kernel)"};
        for (std::string word :
             setting_in(content_of(std::string(kFolder) + "/zypp.conf"), "multiversion"))
            all.push_back(starts(word, "provides:") ? word.substr(9) : std::move(word));
        return all;
    }

    // "( 1/10) Installing: hello-1.0-1.noarch [..done]"
    std::pair<int, int> progress_in(std::string_view line) const override {
        if (!starts(line, "(")) return {0, 0};
        const std::string text(line.substr(1));
        char* end = nullptr;
        const long at = std::strtol(text.c_str(), &end, 10);
        return *end == '/' ? std::pair(static_cast<int>(at), std::atoi(end + 1)) : std::pair(0, 0);
    }

    const Rules& rules() const override { return kRules; }
    bool is_busy(const posix::ProcessResult& ran) const override {
        return ran.exit_code == kLockedExit;
    }

    std::vector<std::string> holds() const override { return parse_zypper_locks(locks()); }
    void require_hold() const override {}
    bool holds_versions() const override { return false; }
    posix::Command hold_command(const Words& names, bool hold) const override {
        Words words = {kProgram,
                       "--non-interactive",
                       "--no-refresh",
                       hold ? "addlock" : "removelock",
                       "--type",
                       "package",
                       "--"};
        words.insert(words.end(), names.begin(), names.end());
        return manager_command(words);
    }
    Watched::Folder hold_folder() const override { return {kFolder, {}, {"locks"}, false}; }

    std::optional<bool> is_automatic(const sdk::Call&, const std::string& name,
                                     const std::string&) override {
        return marks_.is_automatic(name);
    }
    std::string set_manual(const sdk::Call& call, const std::vector<Target>& targets,
                           const RunChange&) override {
        Words names;
        for (const Target& target : targets) names.push_back(target.name);
        while (true) {
            wait_until_free(
                call, [this] { return pid_in(marks_.lock); }, "zypp");
            try {
                marks_.erase(names);
                return {};
            } catch (const sdk::Failure& failure) {
                if (failure.status() != EK_E_BUSY) throw;
                wait_to_retry(call, failure);
            }
        }
    }
    std::string mark_stamp(const std::string& name) const override {
        return marks_.is_automatic(name) == true ? "automatic" : "";
    }
    Watched::Folder mark_folder() const override {
        return {"/var/lib/zypp", {}, {"AutoInstalled"}, false};
    }

  private:
    // With these it takes no lock, writes no log, and writes all else to a folder of its own.
    static Words reading(const Scratch& scratch) {
        return {"ZYPP_READONLY_HACK=1", "ZYPP_LOGFILE=/dev/null", "ZYPPTMPDIR=" + scratch.path()};
    }

    posix::ProcessResult read(const sdk::Call& call, const Words& more) const {
        const Scratch scratch(folder_);
        Words words = {kProgram, "--non-interactive", "--no-refresh"};
        words.insert(words.end(), more.begin(), more.end());
        posix::ProcessResult ran = posix::run(call, manager_command(words, reading(scratch)));
        // 104: nothing found; 6: no sources at all.
        if (ran.exit_code != 0 && ran.exit_code != 104 && ran.exit_code != 6)
            throw sdk::Failure(EK_E_UNAVAILABLE,
                               failure_in(ran.output, kRules, "read the lists of packages").what());
        return ran;
    }

    static std::string locks() { return content_of(std::string(kFolder) + "/locks"); }
    static Words lists(const std::string& root) {
        return matching(root + "var/cache/zypp/raw/*/repodata/repomd.xml");
    }

    posix::Command command_of(const Job& job, const Words& options) {
        Words words = {kProgram, "--non-interactive", "--no-refresh"};
        words.push_back(job.install.empty() ? "remove" : "install");
        words.insert(words.end(), options.begin(), options.end());
        if (!job.install.empty()) words.push_back("--oldpackage");
        words.push_back("--");
        Words held;
        for (const Target& target : job.install) {
            words.push_back(target.name + "." + target.architecture + "=" + target.version);
            if (target.held) held.push_back(target.name);
        }
        for (const Target& target : job.remove) {
            words.push_back((job.install.empty() ? "" : "!") + target.name + "." +
                            target.architecture);
            if (target.held) held.push_back(target.name);
        }
        return manager_command(words, held.empty() ? Words() : without_locks(held));
    }

    // zypper cannot be told to ignore a lock, but it can be given another list of them: so the real
    // list is never changed.
    Words without_locks(const Words& names) {
        std::string rest;
        for (const std::string_view stanza : stanzas_of(locks())) {
            const std::string name = value_of(stanza, "solvable_name");
            if (std::find(names.begin(), names.end(), name) == names.end())
                (rest += stanza) += "\n\n";
        }
        locks_ = std::make_unique<MemoryFile>(rest);
        settings_ =
            std::make_unique<MemoryFile>(content_of(std::string(kFolder) + "/zypp.conf") +
                                         "\n[main]\nlocksfile.path = " + locks_->path() + "\n");
        return {"ZYPP_CONF=" + settings_->path()};
    }

    std::string folder_;
    const ZypperMarks marks_;
    std::unique_ptr<MemoryFile> locks_, settings_;
};

}  // namespace

std::vector<std::string> parse_zypper_locks(std::string_view text) {
    std::vector<std::string> names;
    for (const std::string_view stanza : stanzas_of(text)) {
        const std::string type = value_of(stanza, "type");
        std::string name = value_of(stanza, "solvable_name");
        if (!name.empty() && (type.empty() || type == "package")) names.push_back(std::move(name));
    }
    return names;
}

RpmSimulation parse_zypper_summary(std::string_view output) {
    RpmSimulation simulation;
    std::string_view section;
    for (const std::string_view line : lines_of(output)) {
        if (starts(line, "<to-")) {
            section = line.substr(1, line.find('>') - 1);
        } else if (starts(line, "</to-")) {
            section = {};
        } else if (!section.empty() && starts(line, "<solvable ") &&
                   attribute(line, "type") == "package") {
            const std::string name = attribute(line, "name");
            (section == "to-remove" ? simulation.removed : simulation.changed).push_back(name);
            if (starts(section, "to-downgrade")) simulation.lowered.push_back(name);
        }
    }
    return simulation;
}

std::vector<RpmOffer> parse_zypper_search(std::string_view output,
                                          const std::map<std::string, int>& priorities) {
    std::vector<RpmOffer> offers;
    for (const std::string_view line : lines_of(output)) {
        if (!starts(line, "<solvable ")) continue;
        // What is installed and in no source is no offer.
        const auto priority = priorities.find(attribute(line, "repository"));
        if (priority == priorities.end()) continue;
        std::string version = attribute(line, "edition");
        if (starts(version, "0:")) version.erase(0, 2);
        offers.push_back({attribute(line, "name"), std::move(version), attribute(line, "arch"),
                          priority->second});
    }
    return offers;
}

std::map<std::string, int> parse_zypper_repos(std::string_view output) {
    std::map<std::string, int> priorities;
    for (const std::string_view line : lines_of(output))
        if (starts(line, "<repo ") && attribute(line, "enabled") == "1")
            priorities[attribute(line, "name")] = std::atoi(attribute(line, "priority").c_str());
    return priorities;
}

std::unique_ptr<Tool> make_zypper(const std::string& folder) {
    return std::make_unique<Zypper>(folder);
}

}  // namespace evenkeel::packages
