#include <array>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "defects_embedded.hpp"
#include "tests/support/plugins/fields.hpp"

// Collections that each break one promise, for the property suite to find, and one that keeps them
// all. A resource is the file /srv/COLLECTION-ID with lines like "color red".
namespace evenkeel::test {

enum class Defect {
    none,
    writes,    // a plan leaves a trace on the machine
    lies,      // a plan leaves out one of the changes
    restless,  // an apply always finds something to do
    deaf,      // changes from outside are not reported
    grasping,  // what is not described is reset
    boastful,  // an apply reports changes of what exists, and makes none
};

std::string path_of(std::string_view collection, std::string_view id) {
    return "/srv/" + std::string(collection) + "-" + std::string(id);
}

// Keeps each resource in a file. All values are strings without blanks.
class FileStore {
  public:
    explicit FileStore(std::string_view collection) : collection_(collection) {}

    std::optional<Fields> find(std::string_view id) const {
        std::ifstream file(path_of(collection_, id));
        if (!file.is_open()) return std::nullopt;
        Fields fields;
        for (std::string name, value; file >> name >> value;) fields[name] = sdk::quote(value);
        return fields;
    }
    void put(std::string_view id, const Fields& fields) {
        std::ofstream file(path_of(collection_, id));
        for (const auto& [name, value] : fields)
            file << name << ' ' << value.substr(1, value.size() - 2) << '\n';
    }
    void erase(std::string_view id) { ::unlink(path_of(collection_, id).c_str()); }

  private:
    std::string collection_;
};

template <Defect defect>
class Defective : public Resources<FileStore> {
  public:
    static constexpr std::string_view kName = defect == Defect::none       ? "sound"
                                              : defect == Defect::writes   ? "writes"
                                              : defect == Defect::lies     ? "lies"
                                              : defect == Defect::restless ? "restless"
                                              : defect == Defect::deaf     ? "deaf"
                                              : defect == Defect::grasping ? "grasping"
                                                                           : "boastful";
    static constexpr std::string_view kSchema = kSchemaText;

    Defective(const sdk::Host&, const sdk::Call&, std::string_view) : Resources(FileStore(kName)) {}

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        const auto now = store_.find(id);
        const Fields after =
            merged(defect == Defect::grasping ? std::nullopt : now, fields_of(description));
        sdk::Changes changes;
        if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
        for (const char* const name : {"color", "text"}) {
            if (defect == Defect::lies && call.dry_run() && name == std::string("color")) continue;
            changes.field("/" + std::string(name), value_of(now, name), value_of(after, name));
        }
        if (defect == Defect::restless && now && !changes.has("/text"))
            changes.field("/text", std::nullopt, value_of(after, "text"));
        if (defect == Defect::writes && call.dry_run())
            ::close(::open("/srv/planned", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        changes.carry_out(call, [&] {
            if (defect != Defect::boastful || !now) store_.put(id, after);
        });
        if (!call.dry_run()) call.state(state_of(after));
    }

    class Watch {
      public:
        Watch(Defective&, const sdk::Call&, const sdk::WatchHost& host) : host_(host) {
            if (::inotify_add_watch(fd_, "/srv", IN_CLOSE_WRITE | IN_DELETE) < 0)
                throw sdk::Failure(EK_E_UNAVAILABLE, "no watch on /srv");
            host_.fd(fd_, POLLIN);
        }
        ~Watch() {
            host_.fd(fd_, 0);
            ::close(fd_);
        }
        void interest(std::string_view id, bool on) {
            if (on) {
                ids_.emplace(id);
            } else {
                ids_.erase(std::string(id));
            }
        }
        void ready(int, std::uint32_t) {
            alignas(inotify_event) std::array<char, 4096> buffer;
            const ssize_t length = ::read(fd_, buffer.data(), buffer.size());
            for (ssize_t at = 0; at < length && defect != Defect::deaf;) {
                inotify_event event{};
                std::memcpy(&event, buffer.data() + at, sizeof event);
                const std::string path = "/srv/" + std::string(buffer.data() + at + sizeof event);
                for (const std::string& id : ids_)
                    if (path == path_of(kName, id)) host_.changed(id);
                at += static_cast<ssize_t>(sizeof event + event.len);
            }
        }

      private:
        sdk::WatchHost host_;
        int fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        std::set<std::string> ids_;
    };

  private:
    static std::optional<std::string> value_of(const std::optional<Fields>& fields,
                                               const char* name) {
        const bool has = fields && fields->count(name) != 0;
        return has ? std::optional(fields->at(name)) : std::nullopt;
    }
};

using Sound = Defective<Defect::none>;
using Writes = Defective<Defect::writes>;
using Lies = Defective<Defect::lies>;
using Restless = Defective<Defect::restless>;
using Deaf = Defective<Defect::deaf>;
using Grasping = Defective<Defect::grasping>;
using Boastful = Defective<Defect::boastful>;

}  // namespace evenkeel::test

EVENKEEL_MODULE("org.evenkeel.test.defects", "1.2.3", kManifest, evenkeel::test::Sound,
                evenkeel::test::Writes, evenkeel::test::Lies, evenkeel::test::Restless,
                evenkeel::test::Deaf, evenkeel::test::Grasping, evenkeel::test::Boastful)
