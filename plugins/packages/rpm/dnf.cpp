#include <cstdlib>
#include <set>
#include <string>
#include <utility>

#include <evenkeel/plugin.hpp>
#include <unistd.h>

#include "plugins/packages/command.hpp"
#include "plugins/packages/rpm/dnf_reasons.hpp"
#include "plugins/packages/rpm/files.hpp"
#include "plugins/packages/rpm/scratch.hpp"
#include "plugins/packages/rpm/tool.hpp"
#include "plugins/packages/stamp.hpp"
#include "plugins/packages/text.hpp"

namespace evenkeel::packages {

namespace {

using Words = std::vector<std::string>;

constexpr const char* kHoldFolder = "/etc/dnf/plugins";
constexpr const char* kMarkFolder = "/var/lib/dnf";
constexpr int kLockedExit = 200;
// dnf's own default where its configuration says nothing.
const Words kInstallOnly = {"kernel",
                            "kernel-PAE",
                            "installonlypkg(kernel)",
                            "installonlypkg(kernel-module)",
                            "installonlypkg(vm)",
                            "multiversion(kernel)"};

const Rules kRules = {
    {"No match for argument", EK_E_NOT_FOUND},
    {"Unable to find a match", EK_E_NOT_FOUND},
    {"Failed to obtain the transaction lock", EK_E_BUSY},
    {"is filtered out by exclude filtering", EK_E_CONFLICT},
    {"protected packages", EK_E_DENIED},
    {"is not signed", EK_E_DENIED},
    {"GPG check FAILED", EK_E_DENIED},
    {"No space left on device", EK_E_UNAVAILABLE},
    {"more space needed", EK_E_UNAVAILABLE},
    {"no cache for", EK_E_UNAVAILABLE},
    {"Failed to download", EK_E_UNAVAILABLE},
    {"Cannot download", EK_E_UNAVAILABLE},
    {"Error downloading packages", EK_E_UNAVAILABLE},
    {"All mirrors were", EK_E_UNAVAILABLE},
    {"nothing provides", EK_E_CONFLICT},
    {"is needed by (installed)", EK_E_CONFLICT},
    {"conflicts with", EK_E_CONFLICT},
    {"obsoletes", EK_E_CONFLICT},
    {"none of the providers can be installed", EK_E_CONFLICT},
    {"Problem", EK_E_CONFLICT},
    {"scriptlet failed", EK_E_INTERNAL},
    {"scriptlet in rpm package", EK_E_INTERNAL},
};

// name-version.architecture, which dnf takes for one package and nothing else.
std::string exact(const Target& target) {
    return target.name + "-" + target.version + "." + target.architecture;
}

bool any_held(const Job& job) {
    for (const auto* targets : {&job.install, &job.remove})
        for (const Target& target : *targets)
            if (target.held) return true;
    return false;
}

class Dnf : public Tool {
  public:
    Dnf(std::string program, std::string folder)
        : program_(std::move(program)),
          folder_(std::move(folder)),
          reasons_(kMarkFolder, [this](const sdk::Call& call) { return installed_reasons(call); }) {
    }

    std::string_view name() const override { return program_; }

    std::vector<RpmOffer> offers(const sdk::Call& call, const Words& names) override {
        const Scratch scratch(folder_);
        Words words = reading(scratch);
        words.insert(words.end(),
                     {"--quiet", "--disableplugin=versionlock", "repoquery", "--available",
                      "--queryformat", "%{name} %{evr} %{arch} %{repoid}", "--"});
        words.insert(words.end(), names.begin(), names.end());
        const posix::ProcessResult ran = posix::run(call, manager_command(words));
        if (ran.exit_code != 0)
            throw sdk::Failure(EK_E_UNAVAILABLE,
                               failure_in(ran.output, kRules, "read the lists of packages").what());
        const auto priorities = source_priorities();
        std::vector<RpmOffer> all;
        for (const std::string_view line : lines_of(ran.output)) {
            const auto parts = words_of(line);
            if (parts.size() != 4) continue;
            const auto priority = priorities.find(std::string(parts[3]));
            all.push_back({std::string(parts[0]), without_zero_epoch(parts[1]),
                           std::string(parts[2]),
                           priority == priorities.end() ? 99 : priority->second});
        }
        return all;
    }

    // Not the locked versions: the lists are read without them.
    std::string lists_stamp(const std::string& root) const override {
        Words paths = lists(root);
        for (const char* path : {"etc/dnf/dnf.conf", "etc/dnf/vars", "etc/dnf/modules.d",
                                 "etc/yum.repos.d", "etc/yum/vars", "etc/distro.repos.d"})
            paths.push_back(root + path);
        for (const std::string& path : matching(root + "etc/dnf/plugins/*.conf"))
            paths.push_back(path);
        return stamp_of(paths);
    }
    // dnf touches one of these files when a refresh found nothing new.
    std::time_t lists_time() const override {
        return newest_of(matching("/var/cache/dnf/*/repodata/*"));
    }

    RpmSimulation simulate(const sdk::Call& call, const Job& job) override {
        RpmSimulation all;
        const Scratch scratch(folder_);
        for (const Words& what : parts_of(job)) {
            Words words = reading(scratch);
            words.insert(words.end(), {"--assumeno", "--setopt=persistdir=" + scratch.path()});
            words.insert(words.end(), what.begin(), what.end());
            const posix::ProcessResult ran = posix::run(call, manager_command(words));
            if (ran.output.find("Operation aborted.") == ran.output.npos &&
                ran.output.find("Nothing to do.") == ran.output.npos)
                throw failure_in(ran.output, kRules, "do it");
            RpmSimulation one = parse_dnf_summary(ran.output);
            all.changed.insert(all.changed.end(), one.changed.begin(), one.changed.end());
            all.lowered.insert(all.lowered.end(), one.lowered.begin(), one.lowered.end());
            all.removed.insert(all.removed.end(), one.removed.begin(), one.removed.end());
        }
        return all;
    }

    std::vector<posix::Command> commands(const Job& job) override {
        std::vector<posix::Command> all;
        for (const Words& what : parts_of(job)) all.push_back(changing(what));
        return all;
    }

    posix::Command reinstall_command(const Target& target) override {
        Words words;
        if (target.held) words.push_back("--disableplugin=versionlock");
        words.insert(words.end(), {"reinstall", "--", exact(target)});
        return changing(words);
    }

    std::vector<std::string> multi_version_capabilities() const override {
        Words all = setting_in(content_of("/etc/dnf/dnf.conf"), "installonlypkgs");
        all.insert(all.end(), kInstallOnly.begin(), kInstallOnly.end());
        return all;
    }

    // "  Installing       : hello-1.0-1.noarch      2/3 "
    std::pair<int, int> progress_in(std::string_view line) const override {
        if (!starts(line, "  ") || line.find(" : ") == line.npos) return {0, 0};
        const auto words = words_of(line);
        if (words.empty() || words.front() == "Preparing") return {0, 0};
        const std::string last(words.back());
        char* end = nullptr;
        const long at = std::strtol(last.c_str(), &end, 10);
        if (*end != '/') return {0, 0};
        return {static_cast<int>(at), std::atoi(end + 1)};
    }

    const Rules& rules() const override { return kRules; }
    bool is_busy(const posix::ProcessResult& ran) const override {
        return ran.exit_code == kLockedExit;
    }

    std::vector<std::string> holds() const override {
        return parse_versionlock(content_of(std::string(kHoldFolder) + "/versionlock.list"));
    }
    void require_hold() const override {
        if (::access((std::string(kHoldFolder) + "/versionlock.conf").c_str(), F_OK) != 0)
            throw sdk::Failure(EK_E_UNSUPPORTED, program_ + " cannot hold packages here")
                .at("/hold")
                .hint("install its plugin versionlock (python3-dnf-plugin-versionlock)");
    }
    bool holds_versions() const override { return true; }
    posix::Command hold_command(const Words& names, bool hold) const override {
        Words words = common();
        words.insert(words.end(), {"-y", "-C", "--quiet", "versionlock", hold ? "add" : "delete"});
        words.insert(words.end(), names.begin(), names.end());
        return manager_command(words);
    }
    Watched::Folder hold_folder() const override {
        return {kHoldFolder, {}, {"versionlock.list"}, false};
    }

    std::optional<bool> is_automatic(const sdk::Call& call, const std::string& name,
                                     const std::string& architecture) override {
        return reasons_.is_automatic(call, name, architecture);
    }
    std::string set_manual(const sdk::Call&, const std::vector<Target>& targets,
                           const RunChange& run) override {
        Words words = common();
        words.insert(words.end(),
                     {"--noplugins", "--disableexcludes=all", "mark", "install", "--"});
        for (const Target& target : targets) words.push_back(exact(target));
        return run(manager_command(words));
    }
    std::string mark_stamp(const std::string&) const override { return reasons_.stamp(); }
    // `dnf mark` takes no lock; it closes these at its end.
    Watched::Folder mark_folder() const override {
        return {kMarkFolder, {}, {"history.sqlite", "history.sqlite-wal"}, false};
    }

  private:
    Words common() const {
        return {"/usr/bin/" + program_, "--setopt=exit_on_lock=True",
                "--setopt=clean_requirements_on_remove=False"};
    }

    // Uses the lists as they are, also old ones; may download packages.
    posix::Command changing(const Words& what) const {
        Words words = common();
        words.insert(words.end(),
                     {"-y", "--setopt=metadata_expire=-1", "--setopt=*.metadata_expire=-1"});
        words.insert(words.end(), what.begin(), what.end());
        return manager_command(words, {"PYTHONUNBUFFERED=1"});
    }

    // Reads the lists as they are and writes nothing but in a folder of its own.
    Words reading(const Scratch& scratch) const {
        Words words = common();
        words.insert(words.end(),
                     {"-C", "--setopt=logdir=" + scratch.path(), "--setopt=logfilelevel=0"});
        return words;
    }

    // Of all that is installed, whatever is excluded; no list is read.
    std::string installed_reasons(const sdk::Call& call) const {
        const Scratch scratch(folder_);
        reasons_.copy_to(scratch.path());
        Words words = reading(scratch);
        words.insert(words.end(), {"--setopt=persistdir=" + scratch.path(), "--noplugins",
                                   "--disableexcludes=all", "--quiet", "repoquery", "--installed",
                                   "--queryformat", "%{name} %{arch} %{reason}"});
        const posix::ProcessResult ran = posix::run(call, manager_command(words));
        if (ran.exit_code != 0)
            throw sdk::Failure(
                EK_E_UNAVAILABLE,
                failure_in(ran.output, kRules, "read what is installed only for others").what());
        return ran.output;
    }

    // One run of dnf either installs or removes; removals first, since they may be in the way.
    static std::vector<Words> parts_of(const Job& job) {
        std::vector<Words> all;
        for (const auto& [verb, targets] :
             {std::pair("remove", &job.remove), std::pair("install", &job.install)}) {
            if (targets->empty()) continue;
            Words words;
            if (any_held(job)) words.push_back("--disableplugin=versionlock");
            words.insert(words.end(), {verb, "--"});
            for (const Target& target : *targets) words.push_back(exact(target));
            all.push_back(std::move(words));
        }
        return all;
    }

    static Words lists(const std::string& root) {
        return matching(root + "var/cache/dnf/*/repodata/repomd.xml");
    }

    static std::string without_zero_epoch(std::string_view version) {
        if (starts(version, "0:")) version.remove_prefix(2);
        return std::string(version);
    }

    // "priority=N" below "[source]".
    static std::map<std::string, int> source_priorities() {
        std::map<std::string, int> all;
        for (const std::string& path : matching("/etc/yum.repos.d/*.repo")) {
            const std::string text = content_of(path);
            std::string source;
            for (const std::string_view line : lines_of(text)) {
                if (starts(line, "[")) source = line.substr(1, line.find(']') - 1);
                if (!starts(line, "priority")) continue;
                const auto equals = line.find('=');
                if (equals != line.npos)
                    all[source] = std::atoi(std::string(line.substr(equals + 1)).c_str());
            }
        }
        return all;
    }

    std::string program_;
    std::string folder_;
    DnfReasons reasons_;
};

}  // namespace

std::vector<std::string> parse_versionlock(std::string_view text) {
    std::vector<std::string> names;
    for (const std::string_view line : lines_of(text)) {
        if (line.empty() || line[0] == '#' || line[0] == '!') continue;
        // name-epoch:version-release.architecture; a bare name or pattern stays as it is.
        const auto colon = line.find(':');
        const auto dash = colon == line.npos ? line.npos : line.rfind('-', colon);
        names.emplace_back(line.substr(0, dash));
    }
    return names;
}

RpmSimulation parse_dnf_summary(std::string_view output) {
    static const std::set<std::string_view> kRemoving = {
        "Removing:", "Removing dependent packages:", "Removing unused dependencies:"};
    static const std::set<std::string_view> kChanging = {"Installing:",
                                                         "Installing dependencies:",
                                                         "Installing weak dependencies:",
                                                         "Reinstalling:",
                                                         "Upgrading:",
                                                         "Downgrading:"};
    RpmSimulation simulation;
    std::string_view section;
    for (const std::string_view line : lines_of(output)) {
        if (kRemoving.count(line) != 0 || kChanging.count(line) != 0) {
            section = line;
        } else if (line.empty() || line == "Transaction Summary") {
            section = {};
        } else if (const auto words = words_of(line); section.empty() || words.size() < 1) {
            continue;
        } else if (words[0] == "replacing" && words.size() > 1) {
            simulation.removed.emplace_back(words[1].substr(0, words[1].rfind('.')));
        } else if (starts(line, " ") && !starts(line, "  ")) {
            // A row; what does not fit goes on in a line that is indented further.
            const std::string name(words[0]);
            (kRemoving.count(section) != 0 ? simulation.removed : simulation.changed)
                .push_back(name);
            if (section == "Downgrading:") simulation.lowered.push_back(name);
        }
    }
    return simulation;
}

std::unique_ptr<Tool> make_dnf(const std::string& program, const std::string& folder) {
    return std::make_unique<Dnf>(program, folder);
}

}  // namespace evenkeel::packages
