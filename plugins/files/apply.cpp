#include "plugins/files/apply.hpp"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "plugins/files/desired.hpp"
#include "plugins/files/diff.hpp"
#include "plugins/files/entry.hpp"
#include "plugins/files/replace.hpp"
#include "plugins/posix/changeable.hpp"
#include "plugins/posix/failure.hpp"
#include "plugins/posix/format.hpp"
#include "plugins/posix/path.hpp"
#include "plugins/posix/takeover.hpp"

namespace evenkeel::files {

namespace {

bool same_content(const Entry& now, const Content& after) {
    return now.kind == Kind::file && !now.withheld && now.content.sha256 == after.sha256 &&
           now.content.size == after.size;
}

// `shows`: whether lines of what is there may be told.
void compare_content(const Entry& now, const Desired& desired, bool shows, sdk::Changes& changes) {
    const Content after = content_of(*desired.content);
    if (same_content(now, after)) return;
    const bool had = now.kind == Kind::file && !now.withheld;
    std::string diff;
    if (had && shows && !desired.sensitive && now.content.bytes && after.size <= kDiffInputMax)
        diff = unified_diff(*now.content.bytes, *after.bytes);
    changes.field("/content", had ? std::optional(now.content.json()) : std::nullopt,
                  after.json(diff), desired.sensitive ? std::uint32_t{EK_CHG_SENSITIVE} : 0u);
}

Kind kind_after(const Entry& now, const Desired& desired, const std::string& path) {
    const Kind kind = desired.symlink ? Kind::symlink : Kind::file;
    if (now.kind == Kind::directory || now.kind == Kind::other)
        throw sdk::Failure(EK_E_CONFLICT,
                           path + " is " +
                               (now.kind == Kind::directory ? "a directory" : "no regular file") +
                               " and is not replaced")
            .at("/type");
    if (desired.symlink && !desired.target && now.kind != Kind::symlink)
        throw sdk::Failure(EK_E_INVALID, "a new symlink needs a target").at("/target");
    if (now.kind == Kind::symlink && kind == Kind::file && !desired.says_type)
        throw sdk::Failure(EK_E_CONFLICT, path +
                                              " is a symlink and is not replaced, because the "
                                              "description does not say what it shall be")
            .at("/type")
            .hint("describe type, content or target");
    return kind;
}

// Nobody chose who may read a secret that goes into a stranger's file.
bool is_secret_without_owner(const posix::Place& place, const Entry& now, const Desired& desired) {
    return place.writers.any() && desired.sensitive && !desired.ownership.uid &&
           now.info.st_uid != ::geteuid();
}

std::string distrust(const posix::Place& place, const Entry& now, const Desired& desired,
                     bool acl_grants_more) {
    if (now.kind == Kind::absent) return {};
    if (is_secret_without_owner(place, now, desired)) return "the secret's owner is not described";
    return posix::why_not_taken_over(place, now.info, desired.ownership, acl_grants_more);
}

posix::Ownership ownership_after(const Entry& now, const Desired& desired, Kind kind, bool keeps) {
    posix::Ownership after = desired.ownership;
    if (keeps) after = posix::resulting(desired.ownership, now.info);
    if (!after.uid) after.uid = ::geteuid();
    if (!after.gid) after.gid = ::getegid();
    if (!after.mode) after.mode = 0644;
    if (kind == Kind::symlink) after.mode.reset();
    return after;
}

// What goes with a thing of one type that becomes one of the other.
void tell_what_goes(const Entry& now, const Desired& desired, sdk::Changes& changes) {
    if (now.kind == Kind::symlink) {
        changes.field("/target", sdk::quote(now.target), std::nullopt);
        return;
    }
    changes.field("/content", now.withheld ? "{}" : now.content.json(), std::nullopt,
                  desired.sensitive ? std::uint32_t{EK_CHG_SENSITIVE} : 0u);
    changes.field("/mode", sdk::quote(posix::mode_text(now.info.st_mode)), std::nullopt);
}

void compare_ownership(const Entry& now, const Desired& desired, Kind kind, const Plan& plan,
                       posix::Accounts& accounts, sdk::Changes& changes) {
    // A new one is root's with mode 0644 unless described: nothing that was there differs.
    if (now.kind == Kind::absent) return compare(desired.ownership, nullptr, accounts, changes);
    posix::Ownership owners = plan.after;
    const auto mode = owners.mode;
    if (now.kind != kind) owners.mode.reset();
    compare(owners, &now.info, accounts, changes);
    if (now.kind != kind && mode)
        changes.field("/mode", std::nullopt, sdk::quote(posix::mode_text(*mode)));
}

// What a file has that no description asks for, and that may go.
struct Surplus {
    std::vector<std::string> grants;  // of its ACL, beyond the mode to be
    std::vector<std::string> attributes;
};

void compare_all(const Entry& now, const Desired& desired, Kind kind, bool shows,
                 const Surplus& surplus, posix::Accounts& accounts, Plan& plan) {
    sdk::Changes& changes = plan.changes;
    const bool other_kind = now.kind != Kind::absent && now.kind != kind;
    if (now.kind == Kind::absent) {
        changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    } else if (other_kind) {
        changes.field("/type", sdk::quote(to_string(now.kind)), sdk::quote(to_string(kind)), 0,
                      EK_ACT_REPLACE);
        tell_what_goes(now, desired, changes);
    }
    if (desired.content) {
        compare_content(now, desired, shows, changes);
    } else if (other_kind && kind == Kind::file) {
        changes.field("/content", std::nullopt, content_of("").json());
    }
    if (desired.target)
        changes.field(
            "/target",
            now.kind == Kind::symlink ? std::optional(sdk::quote(now.target)) : std::nullopt,
            sdk::quote(*desired.target));
    compare_ownership(now, desired, kind, plan, accounts, changes);
    if (!surplus.grants.empty() && (plan.drops_acl || plan.is_fresh || other_kind))
        changes.field("/acl", posix::list_json(surplus.grants), std::nullopt);
    if (plan.replaces && now.kind == Kind::file && now.info.st_nlink > 1)
        changes.field("/links", std::to_string(now.info.st_nlink), "1");
    if (!surplus.attributes.empty() && (plan.is_fresh || other_kind))
        changes.field("/attributes", posix::list_json(surplus.attributes), std::nullopt);
}

bool is_replaced(const Entry& now, const Desired& desired, Kind kind) {
    if (now.kind != kind) return true;
    if (desired.target && *desired.target != now.target) return true;
    return desired.content && !same_content(now, content_of(*desired.content));
}

posix::Doing doing_of(const Entry& now, bool replaces) {
    if (now.kind == Kind::absent) return posix::Doing::make;
    return replaces ? posix::Doing::replace : posix::Doing::change;
}

// By the descriptor that is changed: it may have got a second name or an ACL since the plan.
void require_still_taken_over(const posix::Place& place, const std::string& path, int fd,
                              const struct stat& info, const Desired& desired) {
    const auto& mode = desired.ownership.mode;
    posix::Accounts accounts;
    const bool grants_more =
        mode && !posix::access_acl(fd, path).beyond(*mode, info.st_uid, accounts).empty();
    const std::string why = posix::why_not_taken_over(place, info, desired.ownership, grants_more);
    if (!why.empty()) throw posix::not_taken_over(path, why);
}

void change_in_place(const posix::Place& place, const std::string& path, const Entry& now,
                     const Desired& desired, Plan& plan) {
    const char* const name = place.name.c_str();
    if (now.kind == Kind::symlink)
        return set_symlink_owner(
            place.folder.get(), name, path, plan.after, [&](const struct stat& info) {
                return is_same(info, now.info) && info.st_uid == now.info.st_uid;
            });
    const sdk::Fd fd(::openat(place.folder.get(), name,
                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) throw posix::os_failure(errno, "open " + path);
    if (!is_same(info, now.info))
        throw sdk::Failure(EK_E_CONFLICT, path + " was replaced by somebody else meanwhile");
    require_still_taken_over(place, path, fd.get(), info, desired);
    if (plan.drops_acl) {
        posix::drop_access_acl(fd.get(), path);
        plan.changes.done("/acl");
    }
    posix::apply_ownership(fd.get(), info, plan.after, path, plan.changes);
}

}  // namespace

Plan make_plan(const posix::Place& place, const Entry& now, const Desired& desired,
               const std::string& path, posix::Accounts& accounts) {
    const Kind kind = kind_after(now, desired, path);
    const auto& mode = desired.ownership.mode;
    Surplus surplus;
    surplus.grants = now.acl.beyond(mode.value_or(now.info.st_mode), now.info.st_uid, accounts);
    if (now.kind == Kind::file) surplus.attributes = attributes_of(place, path, now);
    const bool grants_more = mode && !surplus.grants.empty();
    const std::string why = distrust(place, now, desired, grants_more);

    Plan plan;
    plan.drops_acl = grants_more;
    plan.replaces = is_replaced(now, desired, kind);
    plan.after = ownership_after(now, desired, kind, now.kind == kind);
    compare_all(now, desired, kind, why.empty(), surplus, accounts, plan);
    if (plan.changes.empty()) return plan;
    if (!why.empty()) {
        if (!desired.content && !desired.target) throw posix::not_taken_over(path, why);
        plan.changes = {};
        plan.is_fresh = plan.replaces = true;
        plan.after = ownership_after(now, desired, kind, false);
        compare_all(now, desired, kind, false, surplus, accounts, plan);
    }
    if (place.missing.empty()) posix::require_changeable(place, path, doing_of(now, plan.replaces));
    return plan;
}

namespace {

posix::Place place_for(const sdk::Call& call, const std::string& path) {
    if (!call.dry_run()) return posix::walk_to_existing(path);
    posix::Place place = posix::walk(path);
    if (!place.blocker.empty()) return posix::walk_to_existing(path);
    if (!place.missing.empty())
        call.note(EK_SEV_WARNING, "",
                  "the directory " + place.missing.back() + " does not exist yet");
    return place;
}

}  // namespace

FileChange look_at(const sdk::Call& call, std::string_view id, std::string_view description,
                   Hashes& hashes, posix::Accounts& accounts) {
    posix::require_canonical(id);
    FileChange change;
    change.path = id;
    change.desired = parse_desired(description, accounts);
    change.place = place_for(call, change.path);
    // What is described is compared with what is there, whatever was known of it.
    change.now =
        read_entry(change.place, change.path, change.desired.content.has_value(), hashes, call);
    change.plan = make_plan(change.place, change.now, change.desired, change.path, accounts);
    if (is_checked(change) && change.place.writers.any())
        throw sdk::Failure(EK_E_DENIED,
                           "the check is not run: others than root can write to the "
                           "directory of " +
                               change.path +
                               " or one above it, and could show the program another "
                               "file")
            .at("/check");
    return change;
}

bool needs_new_file(const FileChange& change) {
    return change.plan.replaces && !change.desired.symlink;
}

bool is_checked(const FileChange& change) {
    return needs_new_file(change) && !change.desired.check.argv.empty();
}

NewFile write_new_file(const FileChange& change) {
    const auto& [path, desired, place, now, plan] = change;
    const bool keeps = now.kind == Kind::file && !plan.is_fresh;
    const Kept kept = keeps ? (plan.drops_acl ? Kept::all_but_acl : Kept::all) : Kept::nothing;
    NewFile file(place, path, now);
    file.write(desired.content.value_or(""), plan.after, kept);
    return file;
}

void carry_out(const sdk::Call& call, FileChange& change) {
    auto& [path, desired, place, now, plan] = change;
    if (!plan.replaces) return change_in_place(place, path, now, desired, plan);
    if (desired.symlink)
        return replace_with_symlink(place, path, now, desired.target.value_or(now.target),
                                    plan.after, call);
    NewFile file = write_new_file(change);
    file.sync();
    if (is_checked(change))
        file.show([&](const std::string& now_at) {
            run_check(call, desired.check, {now_at, path, desired.sensitive});
        });
    file.move_into_place(call);
    posix::sync_folder(place.folder);
}

}  // namespace evenkeel::files
