#include <filesystem>

#include "core/base/file.hpp"
#include "sdk/client/cli/failure.hpp"
#include "sdk/client/cli/manifests/write_manifests.hpp"
#include "sdk/client/cli/plan_view.hpp"
#include "sdk/client/cli/plans.hpp"

namespace evenkeel::cli {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0755;
constexpr mode_t kFileMode = 0644;

client::Result<> check_folder(const ExportOptions& options) {
    std::error_code error;
    if (!fs::exists(options.folder, error)) return {};
    if (!fs::is_directory(options.folder, error)) return misused(options.folder + ": no folder");
    const bool is_empty = fs::is_empty(options.folder, error);
    if (error) return misused(options.folder + ": " + error.message());
    if (is_empty || options.force) return {};
    return misused(options.folder + ": not empty; --force writes into it all the same");
}

// The path of `name` in the folder: no symbolic link that was there before leads out of it. A link
// in place of the file itself is replaced, not followed.
client::Result<std::string> path_in(const std::string& folder, const std::string& name) {
    fs::path path = folder;
    for (const fs::path& part : fs::path(name).parent_path()) {
        path /= part;
        std::error_code none;
        if (fs::is_symlink(path, none)) {
            return misused(path.string() + ": a symbolic link is not followed");
        }
    }
    return folder + "/" + name;
}

client::Result<> write_folder(const std::string& folder, const WrittenFolder& written) {
    for (const auto& [name, content] : written.files) {
        const auto path = path_in(folder, name);
        if (!path) return path.error();
        const auto made = make_folder(parent_of(*path), kFolderMode);
        const auto done = made ? write_file(*path, content, kFileMode) : made;
        if (!done) return client::Failure{.kind = client::Kind::local, .detail = done.error().what};
    }
    return {};
}

// Documents that were there before and declare something beside what was written.
void tell_others(const std::string& folder, const WrittenFolder& written) {
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        const std::string name = fs::relative(at->path(), folder, error).string();
        if (!is_document_name(at->path().filename().string()) || written.files.contains(name)) {
            continue;
        }
        Output::message(name + " was there before, and is no part of what was written");
    }
}

}  // namespace

Exit export_folder(Session& session, const ExportOptions& options) {
    if (const auto fits = check_folder(options); !fits) return session.fail(fits.error());
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto known = known_objects(**client);
    if (!known) return session.fail(known.error());
    HostNames hosts(**client);
    const auto written = write_manifests(*known, hosts);
    if (!written) return session.fail(written.error());
    const auto done = write_folder(options.folder, *written);
    if (!done) return session.fail(done.error());
    if (options.force) tell_others(options.folder, *written);
    for (const std::string& absent : written->absent) {
        Output::message("a secret, which is not in it: " + absent);
    }
    for (const std::string& older : written->older) {
        Output::message("an older version, which is not in it: assignment " + older);
    }
    Output::message(counted(known->size(), "object") + " in " +
                    counted(written->files.size(), "file") + " of " + options.folder);
    return Exit::done;
}

}  // namespace evenkeel::cli
