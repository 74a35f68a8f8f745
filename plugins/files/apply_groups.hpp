#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugins/files/apply.hpp"

namespace evenkeel::files {

// The entries of one call, in groups: the new files of a group are all written, then all synced,
// then each place is looked at again and the file renamed there, and then each directory is synced
// once. So the disk is waited for a few times a group, not twice a file. What needs no new file is
// done at once. An entry that depends on one of the group waits until that is done: one below its
// path, or in the same place; so does one that a program checks, which may read the files before
// it, and which nobody else shall wait for.
class ApplyGroups {
  public:
    using Prepare =
        std::function<FileChange(const std::string& id, const std::string& description)>;

    ApplyGroups(const sdk::Call& call, Prepare prepare)
        : call_(call), prepare_(std::move(prepare)) {}

    // A failure is told as this entry's.
    void apply(const std::string& id, const std::string& description);
    // Finishes the group, then does `work`, which is about `id`.
    void between(const std::string& id, const std::function<void()>& work);
    // Requires to be called at the end. Throws sdk::Stop if an entry has failed.
    void finish();

  private:
    using ObjectId = std::pair<dev_t, ino_t>;
    struct Pending {
        std::string id;
        FileChange change;
        ObjectId folder;
        std::optional<NewFile> file;
        std::optional<sdk::Failure> failure;
    };

    void tell(const std::string& id, const std::function<void()>& work);
    void add(const std::string& id, FileChange change);
    bool waits_for_group(const std::string& id) const;
    bool is_in_group(const FileChange& change) const;
    void finish_group();
    void each(const std::function<void(Pending&)>& work);
    void sync_folders();
    void report(Pending& pending);

    const sdk::Call& call_;
    Prepare prepare_;
    // At addresses that stay: a NewFile refers to its change.
    std::vector<std::unique_ptr<Pending>> group_;
    std::set<std::string, std::less<>> paths_;           // of the group
    std::set<std::pair<ObjectId, std::string>> places_;  // of the group
    std::set<ObjectId> inodes_;                          // that the group replaces
    bool failed_ = false;
};

}  // namespace evenkeel::files
