#include "core/plugin/package.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/base/text.hpp"
#include "core/base/trusted_path.hpp"
#include "core/crypto/hash.hpp"
#include "core/json/json.hpp"

namespace evenkeel::plugin {
namespace {

constexpr std::size_t kTextMax = 1u << 20;

bool is_name(const std::string& name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

// Whoever could have written it could have us run anything, as root.
Result<void> require_safe(const struct stat& info, const std::string& path, bool accept_own_user) {
    const bool owned = info.st_uid == 0 || (accept_own_user && info.st_uid == ::geteuid());
    if (!owned)
        return fail(Errc::denied, path + " belongs to user " + std::to_string(info.st_uid) +
                                      " and not to root: chown it to root if you trust it");
    if ((info.st_mode & 022) != 0)
        return fail(Errc::denied, path +
                                      " can be written by others than its owner: chmod go-w it "
                                      "if you trust it");
    return {};
}

struct OpenFile {
    Fd fd;
    std::string path;
};

Result<OpenFile> open_safely(const std::string& path, bool accept_own_user) {
    OpenFile file{Fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)), path};
    if (!file.fd && errno == ELOOP)
        return fail(Errc::denied, path + " is a symlink: put the file itself there");
    struct stat info {};
    if (!file.fd || ::fstat(file.fd.get(), &info) != 0)
        return fail(system_error(errno, "cannot open " + path + ", install the plugin again"));
    if (!S_ISREG(info.st_mode)) return fail(Errc::denied, path + " is no regular file");
    EK_CHECK(require_safe(info, path, accept_own_user));
    return file;
}

template <typename Take>
Result<void> read_all(const OpenFile& file, std::size_t most, Take&& take) {
    std::array<char, 64 * 1024> buffer;
    for (std::size_t total = 0;;) {
        const ssize_t length = ::read(file.fd.get(), buffer.data(), buffer.size());
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return fail(system_error(errno, "cannot read " + file.path));
        if (length == 0) return {};
        total += static_cast<std::size_t>(length);
        if (total > most) return fail(Errc::limit, file.path + " is too large");
        take(std::string_view(buffer.data(), static_cast<std::size_t>(length)));
    }
}

Result<std::string> read_text(const std::string& path, bool accept_own_user) {
    const OpenFile file = EK_TRY(open_safely(path, accept_own_user));
    std::string text;
    EK_CHECK(read_all(file, kTextMax, [&](std::string_view piece) { text += piece; }));
    return text;
}

Result<std::string> sum_of(const std::string& path, bool accept_own_user) {
    const OpenFile file = EK_TRY(open_safely(path, accept_own_user));
    crypto::Sha256 sum;
    EK_CHECK(read_all(file, SIZE_MAX, [&](std::string_view piece) { sum.add(piece); }));
    return to_hex(sum.finish());
}

Result<void> read_manifest(const std::string& path, Package& package) {
    const auto parsed = json::parse(package.manifest);
    const auto broken = [&](const std::string& why) {
        return fail(Errc::invalid,
                    path + " is no plugin manifest: " + why + "; install the plugin again");
    };
    if (!parsed) return broken(parsed.error().what);
    package.id = parsed->string_or("id");
    package.version = parsed->string_or("version");
    package.abi_major = (*parsed)["abi"].integer_or("major");
    if (package.id.empty() || package.version.empty()) return broken("it lacks id or version");
    const json::Value& collections = (*parsed)["collections"];
    if (!collections.is_array() || collections.as_array().empty())
        return broken("it lists no collections");
    for (const json::Value& name : collections.as_array()) {
        if (!name.is_string()) return broken("a collection's name is no string");
        package.collections.push_back(name.as_string());
    }
    return {};
}

Result<void> check_sums(const std::string& stem, bool accept_own_user, Package& package) {
    const std::string path = stem + ".sum.json";
    const std::string text = EK_TRY(read_text(path, accept_own_user));
    const auto sums = json::parse(text);
    if (!sums) return fail(Errc::invalid, path + " is no sum file: " + sums.error().what);
    const json::Value& expected = (*sums)["sha256"];
    package.sha256 = EK_TRY(sum_of(package.object, accept_own_user));
    const bool same =
        expected.string_or(package.name + ".so") == package.sha256 &&
        expected.string_or(package.name + ".manifest.json") == crypto::sha256_hex(package.manifest);
    if (same) return {};
    return fail(Errc::denied, stem + ".so or its manifest is not what " + path +
                                  " was written for: install or build the plugin again");
}

// Whoever names a folder at the command line answers for what lies above it: a tree that was built
// by root may lie in somebody's home.
Result<void> require_safe_folder(const std::string& folder, bool accept_own_user) {
    if (!accept_own_user) return require_trusted(folder, TrustedOwner::root);
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0) {
        return fail(system_error(errno, "cannot look at " + folder));
    }
    return require_safe(info, folder, accept_own_user);
}

}  // namespace

Result<Package> find_package(const std::vector<std::string>& folders, const std::string& name,
                             bool accept_own_user) {
    if (!is_name(name))
        return fail(Errc::invalid,
                    "\"" + printable(name) + "\" is no plugin name: a-z, 0-9, - and _ only");
    for (const std::string& folder : folders) {
        const std::string stem = folder + "/" + name;
        if (::access((stem + ".manifest.json").c_str(), F_OK) != 0) continue;
        Package package;
        package.name = name;
        package.object = stem + ".so";
        EK_CHECK(require_safe_folder(folder, accept_own_user));
        package.manifest = EK_TRY(read_text(stem + ".manifest.json", accept_own_user));
        EK_CHECK(read_manifest(stem + ".manifest.json", package));
        EK_CHECK(check_sums(stem, accept_own_user, package));
        return package;
    }
    std::string where;
    for (const std::string& folder : folders) where += (where.empty() ? "" : ", ") + folder;
    return fail(Errc::not_found, "no plugin \"" + name + "\" in " +
                                     (where.empty() ? "any folder" : where) +
                                     ": install it there, or name its folder with --plugin-dir");
}

}  // namespace evenkeel::plugin
