#include "plugins/files/apply_groups.hpp"

#include <cerrno>
#include <map>

#include "plugins/posix/failure.hpp"

namespace evenkeel::files {
namespace {

// Each holds two descriptors.
constexpr std::size_t kGroupMost = 64;

std::pair<dev_t, ino_t> id_of(const posix::Place& place) {
    struct stat info {};
    if (::fstat(place.folder.get(), &info) != 0)
        throw posix::os_failure(errno, "look at the directory of " + place.name);
    return {info.st_dev, info.st_ino};
}

}  // namespace

void ApplyGroups::apply(const std::string& id, const std::string& description) {
    if (waits_for_group(id)) finish_group();
    tell(id, [&] {
        FileChange change = prepare_(id, description);
        if (is_in_group(change)) {
            finish_group();
            call_.about(id);
            change = prepare_(id, description);
        }
        if (!call_.dry_run() && !change.plan.changes.empty() && needs_new_file(change)) {
            if (!is_checked(change)) return add(id, std::move(change));
            finish_group();
            call_.about(id);
        }
        change.plan.changes.carry_out(call_, [&] { carry_out(call_, change); });
    });
    if (group_.size() == kGroupMost) finish_group();
}

void ApplyGroups::between(const std::string& id, const std::function<void()>& work) {
    finish_group();
    tell(id, work);
}

void ApplyGroups::finish() {
    finish_group();
    if (failed_) throw sdk::Stop{EK_E_PARTIAL};
}

// Also of a call that is cancelled or late: what has been done before is told as done.
void ApplyGroups::tell(const std::string& id, const std::function<void()>& work) {
    call_.about(id);
    try {
        work();
    } catch (sdk::Failure& failure) {
        call_.error(failure.partial(false));
        failed_ = true;
    }
}

// Whether a path of the group is on the way to it.
bool ApplyGroups::waits_for_group(const std::string& id) const {
    for (std::size_t end = id.rfind('/'); end != std::string::npos && end != 0;
         end = id.rfind('/', end - 1))
        if (paths_.contains(std::string_view(id).substr(0, end))) return true;
    return false;
}

// By another path, or another name of the same file: what is there will be another one by then, or
// have one name less.
bool ApplyGroups::is_in_group(const FileChange& change) const {
    if (group_.empty()) return false;
    if (places_.contains({id_of(change.place), change.place.name})) return true;
    const struct stat& info = change.now.info;
    return change.now.kind != Kind::absent && inodes_.contains({info.st_dev, info.st_ino});
}

void ApplyGroups::add(const std::string& id, FileChange added) {
    call_.check();
    auto pending = std::make_unique<Pending>();
    pending->id = id;
    pending->folder = id_of(added.place);
    pending->change = std::move(added);
    FileChange& change = pending->change;
    try {
        pending->file.emplace(write_new_file(change));
    } catch (const sdk::Failure&) {
        change.plan.changes.report(call_, EK_OUT_FAILED);
        throw;
    }
    pending->file->start_sync();
    change.desired.content.reset();
    change.now.content.bytes.reset();
    paths_.insert(id);
    places_.emplace(pending->folder, change.place.name);
    const struct stat& info = change.now.info;
    if (change.now.kind != Kind::absent) inodes_.emplace(info.st_dev, info.st_ino);
    group_.push_back(std::move(pending));
}

void ApplyGroups::each(const std::function<void(Pending&)>& work) {
    for (const auto& pending : group_) {
        if (pending->failure) continue;
        try {
            work(*pending);
        } catch (const sdk::Failure& failure) {
            pending->failure = failure;
        }
    }
}

void ApplyGroups::finish_group() {
    each([](Pending& pending) { pending.file->sync(); });
    each([&](Pending& pending) { pending.file->move_into_place(call_); });
    sync_folders();
    for (const auto& pending : group_) report(*pending);
    group_.clear();
    paths_.clear();
    places_.clear();
    inodes_.clear();
}

void ApplyGroups::sync_folders() {
    std::map<ObjectId, std::optional<sdk::Failure>> synced;
    each([&](Pending& pending) {
        const auto [found, is_new] = synced.emplace(pending.folder, std::nullopt);
        if (is_new) {
            try {
                posix::sync_folder(pending.change.place.folder);
            } catch (const sdk::Failure& failure) {
                found->second = failure;
            }
        }
        if (found->second) throw *found->second;
    });
}

void ApplyGroups::report(Pending& pending) {
    tell(pending.id, [&] {
        pending.change.plan.changes.report(call_, pending.failure ? EK_OUT_FAILED : EK_OUT_DONE);
        if (pending.failure) throw *pending.failure;
    });
}

}  // namespace evenkeel::files
