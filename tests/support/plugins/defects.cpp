#include <array>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "defects_embedded.hpp"

// Collections that each break one promise, for the property suite to find out, and one that keeps
// them all. A resource is the file /srv/COLLECTION-ID with lines like "color red".
namespace evenkeel::test {

namespace json = sdk::json;

using Fields = std::map<std::string, std::string>;

enum class Defect {
    none,
    writes,    // a plan leaves a trace on the machine
    lies,      // a plan leaves out one of the changes
    restless,  // an apply always finds something to do
    deaf,      // changes from outside are not told
    grasping,  // what is not described is reset
    boastful,  // an apply says that it has changed what exists, and has not
};

std::string path_of(std::string_view collection, std::string_view id) {
    return "/srv/" + std::string(collection) + "-" + std::string(id);
}

std::string state_of(const Fields& fields) {
    sdk::Object state;
    for (const auto& [name, value] : fields) state.text(name, value);
    return state.json();
}

template <Defect defect>
class Defective {
  public:
    static constexpr std::string_view kName = defect == Defect::none       ? "sound"
                                              : defect == Defect::writes   ? "writes"
                                              : defect == Defect::lies     ? "lies"
                                              : defect == Defect::restless ? "restless"
                                              : defect == Defect::deaf     ? "deaf"
                                              : defect == Defect::grasping ? "grasping"
                                                                           : "boastful";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;

    Defective(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void read(const sdk::Call& call, std::string_view ids) {
        bool found = false;
        for (const std::string& id : json::texts_of(json::parse(ids))) {
            Fields fields;
            if (!load(id, fields)) continue;
            call.item(id, state_of(fields));
            found = true;
        }
        if (!found) throw sdk::Failure(EK_E_NOT_FOUND, "none of these exists");
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        Fields now;
        const bool there = load(id, now);
        Fields wanted = defect == Defect::grasping ? Fields{} : now;
        const json::Document document = json::parse_object(desired);
        for (const auto& member : document.GetObject())
            wanted[std::string(json::text(member.name))] = json::text(member.value);

        sdk::Changes changes;
        if (!there) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
        for (const char* const name : {"color", "text"}) {
            if (defect == Defect::lies && call.dry_run() && name == std::string("color")) continue;
            changes.field("/" + std::string(name), quoted(now, name), quoted(wanted, name));
        }
        if (defect == Defect::restless && there && !changes.has("/text"))
            changes.field("/text", std::nullopt, quoted(wanted, "text"));
        if (defect == Defect::writes && call.dry_run())
            ::close(::open("/srv/planned", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        changes.carry_out(call, [&] {
            if (defect != Defect::boastful || !there) save(id, wanted);
        });
        if (!call.dry_run()) call.state(state_of(wanted));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        sdk::Changes changes;
        Fields now;
        if (load(id, now)) changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] { ::unlink(path_of(kName, id).c_str()); });
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
    static std::optional<std::string> quoted(const Fields& fields, const std::string& name) {
        const auto found = fields.find(name);
        if (found == fields.end()) return std::nullopt;
        return sdk::quote(found->second);
    }

    static bool load(std::string_view id, Fields& into) {
        std::ifstream file(path_of(kName, id));
        for (std::string name, value; file >> name >> value;) into[name] = value;
        return file.is_open();
    }

    static void save(std::string_view id, const Fields& fields) {
        std::ofstream file(path_of(kName, id));
        for (const auto& [name, value] : fields) file << name << ' ' << value << '\n';
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
