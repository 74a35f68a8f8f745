#include "sdk/tool/new_plugin.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace evenkeel::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameMost = 40;
// Where the SDK lies, seen from the folder of this program: EK_SDK_FROM_BIN of meson.build.
constexpr const char* kSdk = EK_SDK_FROM_BIN;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

Result<void> check_name(const std::string& name) {
    const bool fits = !name.empty() && name.size() <= kNameMost && name[0] >= 'a' &&
                      name[0] <= 'z' && std::all_of(name.begin(), name.end(), [](char c) {
                          return is_letter(c) && !(c >= 'A' && c <= 'Z');
                      });
    if (!fits)
        return fail(Errc::invalid, "\"" + printable(name) +
                                       "\" is no name: up to 40 small letters, digits and _, a "
                                       "letter first");
    // Targets of the build systems, and a class of the template.
    for (const char* taken : {"all", "benchmark", "clean", "dist", "help", "install", "package",
                              "reconfigure", "test", "uninstall", "validate", "watch"}) {
        if (name == taken)
            return fail(Errc::invalid,
                        name + " means something else in the files: take another name");
    }
    return {};
}

using Words = std::map<std::string, std::string>;

Words words_of(const NewPlugin& wanted, const std::string& source) {
    std::string type = wanted.name;
    type[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(type[0])));
    const bool is_meson = wanted.build == "meson";
    return {{"notes", wanted.name},
            {"Notes", type},
            {"notes_embedded", wanted.name + "_embedded"},
            {"notes_test", wanted.name + "_test"},
            {"@SOURCE@", source},
            {"@TOOLS@", is_meson ? "meson rapidjson-dev" : "cmake rapidjson-dev"},
            {"@BUILD@", is_meson ? "meson setup build && meson compile -C build"
                                 : "cmake -B build && cmake --build build"},
            {"@TEST@", is_meson ? "meson test -C build --print-errorlogs"
                                : "ctest --test-dir build --output-on-failure"}};
}

// Whole words only: "notes" in "denotes" stays.
std::string replaced(const std::string& text, const Words& words) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        if (text[at] == '@') {
            end = std::min(text.find('@', at + 1), text.size() - 1) + 1;
        } else {
            while (end < text.size() && is_letter(text[end])) ++end;
        }
        const auto known = words.find(text.substr(at, end - at));
        if (known != words.end()) {
            result += known->second;
            at = end;
        } else if (text[at] == '@' || end == at) {
            result += text[at++];
        } else {
            result.append(text, at, end - at);
            at = end;
        }
    }
    return result;
}

Result<void> copy_template(const fs::path& from, const fs::path& folder, const NewPlugin& wanted,
                           const Words& words) {
    std::error_code error;
    fs::recursive_directory_iterator at(from, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (!at->is_regular_file()) continue;
        const std::string file = at->path().filename().string();
        const bool is_build_file = file == "meson.build" || file == "CMakeLists.txt";
        if (is_build_file && (file == "meson.build") != (wanted.build == "meson")) continue;
        std::string name = replaced(at->path().lexically_relative(from).string(), words);
        if (name == "github/ci.yml") name = ".github/workflows/ci.yml";
        const fs::path to = folder / name;
        fs::create_directories(to.parent_path(), error);
        const std::string text = EK_TRY(read_file(at->path().string()));
        const bool is_program =
            (at->status().permissions() & fs::perms::owner_exec) != fs::perms::none;
        EK_CHECK(write_file(to.string(), replaced(text, words), is_program ? 0755 : 0644));
    }
    if (error) return fail(Errc::unavailable, from.string() + ": " + error.message());
    return {};
}

Result<fs::path> templates(const std::string& sdk) {
    std::error_code error;
    const fs::path folder = sdk.empty()
                                ? fs::read_symlink("/proc/self/exe", error).parent_path() / kSdk
                                : fs::path(sdk);
    const fs::path found = (folder / "template").lexically_normal();
    if (fs::is_directory(found / "common", error)) return found;
    return fail(Errc::not_found, "there are no templates in " + found.string() +
                                     ": install evenkeel-plugin-dev, or name the SDK with --sdk");
}

Result<void> require_empty(const fs::path& folder) {
    std::error_code error;
    if (!fs::exists(folder, error)) return {};
    if (fs::is_directory(folder, error) && fs::is_empty(folder, error)) return {};
    return fail(
        Errc::conflict,
        folder.string() + " is there already and not an empty folder: name another one with --dir");
}

}  // namespace

Result<std::string> make_plugin(const NewPlugin& wanted) {
    EK_CHECK(check_name(wanted.name));
    const bool is_c = wanted.language == "c";
    if (!is_c && wanted.language != "c++" && wanted.language != "cpp")
        return fail(Errc::invalid, "--lang is c or c++");
    if (wanted.build != "meson" && wanted.build != "cmake")
        return fail(Errc::invalid, "--build is meson or cmake");
    const fs::path from = EK_TRY(templates(wanted.sdk));
    const fs::path folder = wanted.folder.empty() ? fs::path(wanted.name) : fs::path(wanted.folder);
    EK_CHECK(require_empty(folder));
    EK_CHECK(make_folder(folder.string(), 0755));
    const Words words = words_of(wanted, wanted.name + (is_c ? ".c" : ".cpp"));
    EK_CHECK(copy_template(from / "common", folder, wanted, words));
    EK_CHECK(copy_template(from / (is_c ? "c" : "cpp"), folder, wanted, words));
    return folder.string() + ": " + words.at("@BUILD@") + " && " + words.at("@TEST@");
}

}  // namespace evenkeel::tool
