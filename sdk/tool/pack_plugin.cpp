#include "sdk/tool/pack_plugin.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/base/file.hpp"
#include "core/json/json.hpp"
#include "core/plugin/package.hpp"
#include "sdk/tool/plugin_file.hpp"
#include "sdk/tool/program.hpp"
#include "sdk/tool/work_folder.hpp"

namespace evenkeel::tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPluginFolder = "usr/lib/evenkeel/plugins";
constexpr const char* kEndings[] = {".so", ".manifest.json", ".sum.json"};

// The three files into `folder`, with the modes that they have on a machine.
Result<void> lay_out(const plugin::Package& package, const std::string& folder) {
    EK_CHECK(make_folder(folder, 0755));
    const std::string from = package.object.substr(0, package.object.size() - 3);
    for (const char* ending : kEndings) {
        const std::string to = folder + "/" + package.name + ending;
        std::error_code error;
        fs::copy_file(from + ending, to, error);
        if (error) return fail(Errc::unavailable, from + ending + ": " + error.message());
        fs::permissions(to, fs::perms(0644), error);
    }
    return {};
}

bool is_line(const std::string& text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

Result<std::string> control_of(const plugin::Package& package, const Packing& packing,
                               const std::string& architecture) {
    if (!is_line(packing.maintainer) || !is_line(packing.depends))
        return fail(Errc::invalid, "--maintainer and --depends are one line");
    // What Debian allows of the names that agents allow.
    std::string name = package.name;
    std::replace(name.begin(), name.end(), '_', '-');
    std::string control = "Package: evenkeel-plugin-" + name + "\nVersion: " + package.version +
                          "\nArchitecture: " + architecture +
                          "\nMaintainer: " + packing.maintainer + "\nSection: admin\n" +
                          "Priority: optional\n";
    if (!packing.depends.empty()) control += "Depends: " + packing.depends + "\n";
    std::string collections;
    for (const std::string& each : package.collections)
        collections += (collections.empty() ? "" : ", ") + each;
    if (!is_line(collections))
        return fail(Errc::invalid, "the manifest's collections are no names");
    return control + "Description: plugin for Evenkeel: " + collections + "\n";
}

}  // namespace

Result<std::string> make_tar(const Packing& packing) {
    const plugin::Package package = EK_TRY(whole_package(packing.file));
    const std::string name = package.name + "-" + package.version;
    const WorkFolder work = EK_TRY(WorkFolder::make());
    EK_CHECK(lay_out(package, work.path() + "/" + name));
    const std::string target = (fs::path(packing.folder) / (name + ".tar.gz")).string();
    EK_CHECK(run_program({"tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner",
                          "--mtime=@0", "--use-compress-program=gzip -n", "-C", work.path(), "-cf",
                          fs::absolute(target).string(), name}));
    return target;
}

Result<std::string> make_deb(const Packing& packing) {
    const plugin::Package package = EK_TRY(whole_package(packing.file));
    std::string architecture = EK_TRY(run_program({"dpkg", "--print-architecture"}));
    architecture.erase(architecture.find_last_not_of('\n') + 1);
    const std::string control = EK_TRY(control_of(package, packing, architecture));
    const WorkFolder work = EK_TRY(WorkFolder::make());
    const std::string stage = work.path() + "/stage";
    EK_CHECK(make_folder(stage, 0755));
    EK_CHECK(lay_out(package, stage + "/" + kPluginFolder));
    EK_CHECK(make_folder(stage + "/DEBIAN", 0755));
    EK_CHECK(write_file(stage + "/DEBIAN/control", control, 0644));
    std::string debian_name = package.name;
    std::replace(debian_name.begin(), debian_name.end(), '_', '-');
    const std::string target =
        (fs::path(packing.folder) /
         ("evenkeel-plugin-" + debian_name + "_" + package.version + "_" + architecture + ".deb"))
            .string();
    EK_CHECK(run_program(
        {"dpkg-deb", "--root-owner-group", "--build", stage, fs::absolute(target).string()}));
    return target;
}

}  // namespace evenkeel::tool
