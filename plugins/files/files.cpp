#include <cerrno>
#include <string>
#include <string_view>

#include <evenkeel/plugin.hpp>
#include <poll.h>
#include <unistd.h>

#include "files_embedded.hpp"
#include "plugins/files/apply.hpp"
#include "plugins/files/apply_groups.hpp"
#include "plugins/files/entry.hpp"
#include "plugins/files/hashes.hpp"
#include "plugins/posix/changeable.hpp"
#include "plugins/posix/each.hpp"
#include "plugins/posix/failure.hpp"
#include "plugins/posix/path.hpp"
#include "plugins/posix/path_watch.hpp"
#include "plugins/posix/walk.hpp"

// The collection `files`: regular files and symbolic links by their absolute path.
namespace evenkeel::files {

class Files {
  public:
    static constexpr std::string_view kName = "files";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;
    static constexpr bool kDescribes = true;

    Files(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void read(const sdk::Call& call, std::string_view ids) {
        Look look{call};
        posix::read_each(call, ids, [&](const std::string& id, std::string_view known) {
            return read_one(look, id, known);
        });
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        posix::Accounts accounts;
        FileChange change = look_at(call, id, description, hashes_, accounts);
        change.plan.changes.carry_out(call, [&] { carry_out(call, change); });
        if (call.dry_run()) return;
        call.state(state_of(change.plan.changes.empty()
                                ? change.now
                                : read_entry(change.place, change.path, false, hashes_, call),
                            accounts));
    }

    // The host reads all of them afterwards: their states are not sent.
    void apply_many(const sdk::Call& call, std::string_view entries_json) {
        posix::Accounts accounts;
        ApplyGroups groups(call, [&](const std::string& id, const std::string& description) {
            return look_at(call, id, description, hashes_, accounts);
        });
        for (const sdk::Entry& entry : sdk::json::entries_of(entries_json)) {
            if (entry.desired) groups.apply(entry.id, *entry.desired);
            else groups.between(entry.id, [&] { remove(call, entry.id); });
        }
        groups.finish();
    }

    void remove(const sdk::Call& call, std::string_view id) {
        posix::require_canonical(id);
        const std::string path(id);
        const posix::Place place = posix::walk(path);
        if (!place.missing.empty() || !place.blocker.empty()) return;
        const auto info = place.info();
        if (!info) return;
        if (!S_ISREG(info->st_mode) && !S_ISLNK(info->st_mode))
            throw sdk::Failure(EK_E_CONFLICT, path + " is neither a file nor a symlink");
        posix::require_changeable(place, path, posix::Doing::remove);
        sdk::Changes changes;
        changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] {
            if (::unlinkat(place.folder.get(), place.name.c_str(), 0) != 0 && errno != ENOENT)
                throw posix::os_failure(errno, "remove " + path);
            posix::sync_folder(place.folder);
        });
    }

    class Watch : public posix::PathWatch {
      public:
        Watch(Files& files, const sdk::Call&, const sdk::WatchHost& host)
            : PathWatch(host),
              host_(host),
              hashes_(files.hashes_),
              finished_(hashes_.finished_fd()) {
            host_.fd(finished_.get(), POLLIN);
        }
        // Forgotten before it is closed: its number may be another descriptor's the next moment.
        ~Watch() {
            try {
                host_.fd(finished_.get(), 0);
            } catch (const sdk::Failure&) {
                // The host has dropped it by itself.
            }
        }
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;

        void ready(int fd, std::uint32_t revents) {
            if (fd != finished_.get()) return PathWatch::ready(fd, revents);
            for (const std::string& path : hashes_.take_finished()) host_.changed(path);
        }

      private:
        sdk::WatchHost host_;
        Hashes& hashes_;
        sdk::Fd finished_;
    };

  private:
    // What the looks of one call share.
    struct Look {
        const sdk::Call& call;
        posix::Accounts accounts = {};
        posix::Walker walker = {};
    };

    // A file whose content is trusted is known again by what stat() shows, without opening it; what
    // else there is, by its state.
    std::optional<posix::Found> read_one(Look& look, const std::string& id,
                                         std::string_view known) {
        const sdk::Call& call = look.call;
        posix::require_canonical(id);
        const posix::Place& place = look.walker.walk(id);
        if (!known.empty() && known == stamp_of_trusted(look, place, id))
            return posix::Found{"", std::string(known), true};
        const Entry entry = read_entry(place, id, call.describe(), hashes_, call);
        if (entry.kind == Kind::absent) return std::nullopt;
        if (call.describe()) return posix::Found{description_of(entry, id, look.accounts)};
        posix::Found found{state_of(entry, look.accounts)};
        const std::string by_state = stamp_('s', found.state);
        const std::string trusted = stamp_of_trusted(look, place, id, entry.info);
        found.unchanged = known == by_state;
        found.stamp = trusted.empty() ? by_state : trusted;
        return found;
    }

    // Empty where the content would be read, and so where it is not known or due to be read anew.
    std::string stamp_of_trusted(Look& look, const posix::Place& place, const std::string& id) {
        if (!place.missing.empty() || !place.blocker.empty()) return {};
        const auto info = place.info();
        return info ? stamp_of_trusted(look, place, id, *info) : std::string();
    }
    std::string stamp_of_trusted(Look& look, const posix::Place& place, const std::string& id,
                                 const struct stat& info) {
        const auto hash = trusted_hash(place, id, info, hashes_);
        if (!hash) return {};
        std::string whole = id;
        whole.append(reinterpret_cast<const char*>(hash->data()), hash->size());
        const auto add = [&](auto number) {
            whole.append(reinterpret_cast<const char*>(&number), sizeof number);
        };
        add(info.st_dev), add(info.st_ino), add(info.st_size), add(info.st_nlink);
        add(info.st_mode), add(info.st_uid), add(info.st_gid);
        add(info.st_mtim.tv_sec), add(info.st_mtim.tv_nsec);
        add(info.st_ctim.tv_sec), add(info.st_ctim.tv_nsec);
        whole += look.accounts.user_name(info.st_uid) + ':';
        whole += look.accounts.group_name(info.st_gid);
        return stamp_('t', whole);
    }

    sdk::Stamper stamp_;
    Hashes hashes_;
};

}  // namespace evenkeel::files

EVENKEEL_MODULE("org.evenkeel.files", EVENKEEL_VERSION, kManifest, evenkeel::files::Files)
