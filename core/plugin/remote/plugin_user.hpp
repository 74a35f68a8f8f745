#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.hpp"

namespace evenkeel::plugin {

// A user and group of its own for the process of each plugin, so that plugins cannot touch each
// other's processes and files.
struct PluginUser {
    // Numbers that neither systemd nor distributions give to anybody. Its data folder has it from
    // then on, and so shows which are taken.
    static constexpr std::uint32_t kFirst = 60'706, kLast = 61'183;

    std::uint32_t uid, gid;
};

// The user "evenkeel-plugin-NAME" if the machine has it, else a number, which stays the plugin's
// while this process runs. When this returns, the folder `data_dir` (beside those of others)
// belongs to it with all that is in it; empty: there is none, and another plugin may have the same
// number. [any]
Result<PluginUser> give_user(const std::string& plugin, const std::string& data_dir);
// The folder, of a plugin that had a user and is root now, belongs to root with all that is in it
// when this returns; empty: there is none. [any]
Result<void> give_to_root(const std::string& data_dir);

// Gives the folder back to whom it belonged when this was made, unless it is kept: the plugin that
// was to have it does not start after all, and the one before goes on. [any]
class FolderOwner {
  public:
    // Empty: there is no folder.
    explicit FolderOwner(const std::string& data_dir);
    ~FolderOwner();
    FolderOwner(const FolderOwner&) = delete;
    FolderOwner& operator=(const FolderOwner&) = delete;
    // It stays with whom it was given to.
    void keep() { before_.reset(); }

  private:
    const std::string data_dir_;
    std::optional<PluginUser> before_;
};

}  // namespace evenkeel::plugin
