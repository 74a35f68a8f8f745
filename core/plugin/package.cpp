#include "core/plugin/package.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/os_release.hpp"
#include "core/base/text.hpp"
#include "core/base/trusted_path.hpp"
#include "core/crypto/hash.hpp"
#include "core/json/json.hpp"
#include "core/plugin/checked_file.hpp"
#include "core/plugin/manifest_texts.hpp"
#include "core/plugin/permissions.hpp"
#include "core/plugin/platform.hpp"
#include "core/plugin/sums.hpp"

namespace evenkeel::plugin {
namespace {

constexpr std::size_t kTextMax = 1u << 20;
constexpr std::string_view kAgain = "; install the plugin again";

bool is_name(const std::string& name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

// It becomes part of file names and of lines for people.
bool is_version(const std::string& text) {
    const auto is_part = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '-' || c == '+';
    };
    return text.size() <= 64 && text[0] >= '0' && text[0] <= '9' &&
           std::all_of(text.begin(), text.end(), is_part);
}

Result<std::string> read_text(const std::string& path, bool accept_own_user) {
    const CheckedFile file = EK_TRY(CheckedFile::open(path, accept_own_user));
    std::string text;
    EK_CHECK(file.read(kTextMax, [&](std::string_view piece) { text += piece; }));
    return text;
}

Result<void> read_manifest(Package& package) {
    const json::Value manifest = EK_TRY(json::parse(package.manifest));
    package.id = manifest.string_or("id");
    package.version = manifest.string_or("version");
    package.abi_major = manifest["abi"].integer_or("major");
    if (package.id.empty() || package.version.empty())
        return fail(Errc::invalid, "it lacks id or version");
    if (!is_version(package.version))
        return fail(Errc::invalid, "its version is none such as 1.2.3");
    package.collections = EK_TRY(texts_of(manifest["collections"], "collections"));
    if (package.collections.empty()) return fail(Errc::invalid, "it lists no collections");
    EK_CHECK(permissions_of(package.manifest));
    return {};
}

Result<void> check_manifest(const std::string& path, bool accept_own_user, Package& package) {
    package.manifest = EK_TRY(read_text(path, accept_own_user));
    const auto read = read_manifest(package);
    if (read) return {};
    return fail(Errc::invalid,
                path + " is no plugin manifest: " + read.error().what + std::string(kAgain));
}

Result<void> check_object(bool accept_own_user, Package& package) {
    const CheckedFile file = EK_TRY(CheckedFile::open(package.object, accept_own_user));
    package.object_info = file.info();
    crypto::Sha256 sum;
    std::optional<std::string> beginning;
    EK_CHECK(file.read(SIZE_MAX, [&](std::string_view piece) {
        if (!beginning) beginning = piece.substr(0, 64);
        sum.add(piece);
    }));
    package.sha256 = to_hex(sum.finish());
    const auto elf = check_elf(beginning.value_or(""));
    if (elf) return {};
    return fail(elf.error().code,
                package.object + " " + elf.error().what + ": install the plugin for this machine");
}

// One of the keys, whose signature it is; nothing where none has to be.
Result<void> check_signature(const Sums& sums, const std::string& path, const Trust& trust,
                             Package& package) {
    for (const crypto::VerifyKey& key : trust.keys) {
        if (key.id() != sums.key_id()) continue;
        if (!sums.is_signed_by(key))
            return fail(Errc::denied, "the signature in " + path + " is not that of key " +
                                          key.id() + " over these sums" + std::string(kAgain));
        package.signed_by = key.id();
        return {};
    }
    if (!trust.require_signatures) return {};
    if (sums.key_id().empty())
        return fail(Errc::denied, path +
                                      " is not signed, and this host loads signed plugins only: "
                                      "sign it with ek-plugin sign, or get one that is");
    return fail(Errc::denied, path + " is signed by key " + printable(sums.key_id()) +
                                  ", which is none of plugin_keys: add the key there if you trust "
                                  "it");
}

Result<void> check_sums(const std::string& stem, const Trust& trust, Package& package) {
    const std::string path = stem + ".sum.json";
    const std::string text = EK_TRY(read_text(path, trust.accept_own_user));
    const auto sums = Sums::parse(text);
    if (!sums)
        return fail(Errc::invalid,
                    path + " is no sum file: " + sums.error().what + std::string(kAgain));
    if (sums->sha256(package.name + ".so") != package.sha256 ||
        sums->sha256(package.name + ".manifest.json") != crypto::sha256_hex(package.manifest))
        return fail(Errc::denied, stem + ".so or its manifest is not what " + path +
                                      " was written for: install or build the plugin again");
    return check_signature(*sums, path, trust, package);
}

// Whoever names a folder at the command line answers for what lies above it: a tree that was built
// by root may lie in somebody's home.
Result<void> require_safe_folder(const std::string& folder, bool accept_own_user) {
    if (!accept_own_user) return require_trusted(folder, TrustedOwner::root);
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0) {
        return fail(system_error(errno, "cannot look at " + folder + ", name another folder"));
    }
    return require_safe(info, folder, accept_own_user);
}

}  // namespace

Inspection inspect_package(const std::string& stem, const Trust& trust) {
    Inspection found;
    Package& package = found.package;
    package.name = stem.substr(stem.rfind('/') + 1);
    package.object = stem + ".so";
    const auto note = [&found](Result<void> checked) {
        if (!checked) found.refusals.push_back(std::move(checked.error()));
    };
    note(require_safe_folder(parent_of(stem), trust.accept_own_user));
    auto manifest = check_manifest(stem + ".manifest.json", trust.accept_own_user, package);
    if (manifest) manifest = require_platform(package.name, package.manifest, read_os_release());
    note(std::move(manifest));
    note(check_object(trust.accept_own_user, package));
    note(check_sums(stem, trust, package));
    return found;
}

Result<Package> find_package(const std::vector<std::string>& folders, const std::string& name,
                             const Trust& trust) {
    if (!is_name(name))
        return fail(Errc::invalid,
                    "\"" + printable(name) + "\" is no plugin name: a-z, 0-9, - and _ only");
    for (const std::string& folder : folders) {
        // Whole, since a plugin's own process has another working directory.
        const std::string stem = std::filesystem::absolute(folder + "/" + name).string();
        if (::access((stem + ".manifest.json").c_str(), F_OK) != 0) continue;
        Inspection found = inspect_package(stem, trust);
        if (!found.refusals.empty()) return fail(std::move(found.refusals.front()));
        return std::move(found.package);
    }
    std::string where;
    for (const std::string& folder : folders) where += (where.empty() ? "" : ", ") + folder;
    return fail(Errc::not_found, "no plugin \"" + name + "\" in " +
                                     (where.empty() ? "any folder" : where) +
                                     ": install it there, or name its folder with --plugin-dir");
}

bool have_same_object(const Package& one, const Package& other) {
    return one.object == other.object && one.sha256 == other.sha256 &&
           is_unchanged(one.object_info, other.object_info);
}

Result<void> require_same_object(const Package& package) {
    struct stat now {};
    if (::stat(package.object.c_str(), &now) == 0 && is_unchanged(package.object_info, now))
        return {};
    return fail(Errc::stale,
                package.object + " was replaced while it was loaded: start the agent again");
}

}  // namespace evenkeel::plugin
