// A whole plugin to copy: the collection `notes`, each note a file in the folder that the host
// gives this plugin. Replace the files by the thing that your collection is about. What each
// function owes its caller stands in evenkeel/plugin.h.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/cpp/fd.hpp>
#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "notes_embedded.hpp"

namespace {

namespace sdk = evenkeel::sdk;
namespace json = evenkeel::sdk::json;

constexpr std::size_t kTextMax = 65536;
constexpr std::size_t kIdMax = 64;

// Of the last system call.
sdk::Failure failure(const std::string& doing) {
    const int reason = errno;
    const bool denied = reason == EACCES || reason == EPERM;
    return sdk::Failure(denied ? EK_E_DENIED : EK_E_UNAVAILABLE,
                        "cannot " + doing + ": " + std::strerror(reason));
}

// The host checks ids against the schema's pattern. An id becomes the name of a file here, so look
// again: nothing that a caller sends may leave the folder.
bool is_id(std::string_view id) {
    return !id.empty() && id.size() <= kIdMax && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

class Notes {
  public:
    static constexpr std::string_view kName = "notes";
    static constexpr std::string_view kSchema = kSchemaText;
    // apply and remove report what they would do when call.dry_run() says so; Changes sees to it.
    static constexpr bool kPlans = true;

    Notes(const sdk::Host& host, const sdk::Call&, std::string_view) : folder_(host.data_dir()) {
        if (folder_.empty())
            throw sdk::Failure(EK_E_UNAVAILABLE, "this host gives a plugin no folder of its own");
    }

    void list(const sdk::Call& call, std::string_view filter) {
        if (!filter.empty()) {
            const json::Document wanted = json::parse_object(filter);
            const json::Value* ids = json::find(wanted, "ids");
            if (!ids) throw sdk::Failure(EK_E_INVALID, "an array of ids is wanted").at("/ids");
            tell(call, json::texts_of(*ids));
            return;
        }
        for (const auto& entry : std::filesystem::directory_iterator(folder_))
            tell(call, {entry.path().filename().string()});
    }

    void read(const sdk::Call& call, std::string_view ids) {
        if (!tell(call, json::texts_of(json::parse(ids))))
            throw sdk::Failure(EK_E_NOT_FOUND, "there is no such note");
    }

    // First find out what differs, then do it: the same lines plan and apply.
    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string path = path_of(id);
        const json::Document wanted = json::parse_object(desired);
        const auto text = json::text_of(wanted, "text");
        if (text && text->size() > kTextMax)
            throw sdk::Failure(EK_E_INVALID, "text is longer than 65536 bytes").at("/text");
        const std::optional<std::string> now = load(path);
        // What is not described stays as it is.
        const std::string then(text ? *text : now.value_or(""));

        sdk::Changes changes;
        if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
        if (text)
            changes.field("/text", now ? std::optional(sdk::quote(*now)) : std::nullopt,
                          sdk::quote(then));
        changes.carry_out(call, [&] { save(path, then); });
        if (!call.dry_run()) call.state(state_of(then));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        const std::string path = path_of(id);
        sdk::Changes changes;
        if (std::filesystem::exists(std::filesystem::symlink_status(path)))
            changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] {
            if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw failure("remove the note");
        });
    }

    // Whoever changes a note, the host hears of it at once.
    class Watch {
      public:
        Watch(Notes& owner, const sdk::Call&, const sdk::WatchHost& host)
            : host_(host), fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
            if (!fd_ || ::inotify_add_watch(fd_.get(), owner.folder_.c_str(),
                                            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
                                                IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR) < 0)
                throw failure("watch the folder");
            host_.fd(fd_.get(), POLLIN);
        }
        ~Watch() { host_.fd(fd_.get(), 0); }

        // The folder is watched whole, so that nothing has to be asked of the system here.
        void interest(std::string_view id, bool on) {
            if (on) interests_.emplace(id);
            else interests_.erase(std::string(id));
        }

        void ready(int, std::uint32_t) {
            alignas(inotify_event) char events[4096];
            for (ssize_t count; (count = ::read(fd_.get(), events, sizeof events)) > 0;) {
                for (ssize_t at = 0; at < count;) {
                    const auto* event = reinterpret_cast<const inotify_event*>(events + at);
                    at += static_cast<ssize_t>(sizeof *event + event->len);
                    tell(*event);
                }
            }
        }

      private:
        void tell(const inotify_event& event) {
            if ((event.mask & IN_Q_OVERFLOW) != 0) host_.missed();
            if ((event.mask & IN_IGNORED) != 0)
                throw sdk::Failure(EK_E_UNAVAILABLE, "the folder is gone");
            if (event.len > 0 && interests_.count(event.name) != 0) host_.changed(event.name);
        }

        sdk::WatchHost host_;
        sdk::Fd fd_;
        std::set<std::string> interests_;  // what the host wants to hear of
    };

  private:
    static std::string state_of(const std::string& text) {
        return sdk::Object().text("text", text).json();
    }

    std::string path_of(std::string_view id) const {
        if (!is_id(id)) throw sdk::Failure(EK_E_INVALID, "this is no id of a note");
        return folder_ + "/" + std::string(id);
    }

    // Sends those that are there, or why they cannot be read; false if there is none.
    bool tell(const sdk::Call& call, const std::vector<std::string>& ids) const {
        bool found = false;
        for (std::size_t at = 0; at < ids.size(); ++at) {
            call.check();
            if (!is_id(ids[at])) continue;  // what is no id is not there
            try {
                const auto text = load(path_of(ids[at]));
                if (!text) continue;
                // A state that the host knows already, by its stamp, is not sent again.
                const std::string state = state_of(*text);
                call.item(at, ids[at], state, stamp_('s', state));
            } catch (const sdk::Failure& why) {
                call.unreadable(ids[at], why);
            }
            found = true;
        }
        return found;
    }

    static std::optional<std::string> load(const std::string& path) {
        const sdk::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (!fd && errno == ENOENT) return std::nullopt;
        if (!fd) throw failure("open the note");
        std::string text;
        char bytes[4096];
        for (ssize_t count; (count = ::read(fd.get(), bytes, sizeof bytes)) != 0;) {
            if (count < 0) throw failure("read the note");
            text.append(bytes, static_cast<std::size_t>(count));
            if (text.size() > kTextMax) throw sdk::Failure(EK_E_UNAVAILABLE, "it is too long");
        }
        return text;
    }

    // Whole or not at all.
    void save(const std::string& path, std::string_view text) const {
        const std::string fresh = folder_ + "/.new";  // no id, so nobody sees it
        const sdk::Fd fd(
            ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!fd) throw failure("make the note");
        while (!text.empty()) {
            const ssize_t count = ::write(fd.get(), text.data(), text.size());
            if (count <= 0) throw failure("write the note");
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        if (::fsync(fd.get()) != 0 || std::rename(fresh.c_str(), path.c_str()) != 0)
            throw failure("keep the note");
        const sdk::Fd folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!folder || ::fsync(folder.get()) != 0) throw failure("keep the note");
    }

    std::string folder_;
    sdk::Stamper stamp_;
};

}  // namespace

EVENKEEL_MODULE("org.example.notes", "0.1.0", kManifest, Notes)
