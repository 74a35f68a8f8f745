// The collection `cron`: entries of cron, each in a file of /etc/cron.d.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <pwd.h>

#include "cron_embedded.hpp"
#include "crontab.hpp"
#include "schedule.hpp"
#include "watch.hpp"

namespace cron {

namespace json = sdk::json;

namespace {

std::string folder_from(std::string_view config) {
    const json::Document options = json::parse_object(config.empty() ? "{}" : config);
    std::string folder(json::text_of(options, "folder").value_or("/etc/cron.d"));
    if (folder.rfind('/', 0) != 0)
        throw sdk::Failure(EK_E_INVALID, "folder is no absolute path").at("/folder");
    return folder;
}

std::string state_of(const Found& found) {
    sdk::Object state;
    if (!found.entry.command.empty())
        state.text("schedule", found.entry.schedule)
            .text("user", found.entry.user)
            .text("command", found.entry.command);
    if (!found.problem.empty()) state.text("problem", found.problem);
    return state.number("mtime", found.mtime).json();
}

void require_user(const std::string& name) {
    std::vector<char> buffer(16 * 1024);
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (!found) throw sdk::Failure(EK_E_INVALID, "there is no user " + name).at("/user");
}

// What the description leaves out is as it is in `now`; without an entry it is the default.
Entry wanted_entry(std::string_view description, const Entry& now) {
    const json::Document desired = json::parse_object(description);
    Entry entry = now;
    if (const auto schedule = json::text_of(desired, "schedule")) entry.schedule = *schedule;
    entry.user = json::text_of(desired, "user").value_or("root");
    if (const auto command = json::text_of(desired, "command")) entry.command = *command;
    const std::string why = why_no_schedule(entry.schedule);
    if (!why.empty()) throw sdk::Failure(EK_E_INVALID, why).at("/schedule");
    if (entry.command.empty() ||
        entry.command.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
        throw sdk::Failure(EK_E_INVALID, "a command is one line").at("/command");
    require_user(entry.user);
    return entry;
}

}  // namespace

class Cron {
  public:
    static constexpr std::string_view kName = "cron";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr std::string_view kConfigSchema =
        R"({"type":"object","additionalProperties":false,"properties":{"folder":{)"
        R"("description":"Where the crontab files lie.","type":"string",)"
        R"("default":"/etc/cron.d"}}})";
    static constexpr bool kPlans = true;

    Cron(const sdk::Host&, const sdk::Call&, std::string_view config)
        : crontabs_(folder_from(config)) {}

    void list(const sdk::Call& call, std::string_view filter) {
        std::vector<std::string> names;
        if (filter.empty()) {
            names = crontabs_.names();
        } else {
            const json::Document document = json::parse_object(filter);
            const json::Value* ids = json::find(document, "ids");
            names = ids ? json::texts_of(*ids) : crontabs_.names();
        }
        send(call, names);
    }

    void read(const sdk::Call& call, std::string_view ids) {
        if (send(call, json::texts_of(json::parse(ids))) == 0)
            throw sdk::Failure(EK_E_NOT_FOUND, "there is no such entry");
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        const std::string name = require_name(id);
        const auto now = crontabs_.read(name);
        const Entry was = now ? now->entry : Entry();
        const Entry wanted = wanted_entry(description, was);
        sdk::Changes changes;
        if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
        const auto compare = [&](const char* path, const std::string& before,
                                 const std::string& after) {
            changes.field(path, before.empty() ? std::nullopt : std::optional(sdk::quote(before)),
                          sdk::quote(after));
        };
        compare("/schedule", was.schedule, wanted.schedule);
        compare("/user", was.user, wanted.user);
        compare("/command", was.command, wanted.command);
        if (now && !now->problem.empty())
            changes.field("/problem", sdk::quote(now->problem), std::nullopt);
        changes.carry_out(call, [&] { crontabs_.write(name, wanted); });
        if (call.dry_run()) return;
        if (const auto after = crontabs_.read(name)) call.state(state_of(*after));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        const std::string name = require_name(id);
        sdk::Changes changes;
        if (crontabs_.read(name))
            changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] { crontabs_.remove(name); });
    }

    class Watch : public FolderWatch {
      public:
        Watch(Cron& cron, const sdk::Call&, const sdk::WatchHost& host)
            : FolderWatch(cron.crontabs_.folder(), host) {}
    };

  private:
    static std::string require_name(std::string_view id) {
        if (!Crontabs::is_name(id)) throw sdk::Failure(EK_E_INVALID, "this is no name of an entry");
        return std::string(id);
    }

    // Sends those that are there or cannot be read, and returns how many.
    std::size_t send(const sdk::Call& call, const std::vector<std::string>& names) const {
        call.check();
        std::size_t count = 0;
        for (std::size_t at = 0; at < names.size(); ++at) {
            call.check();
            if (!Crontabs::is_name(names[at])) continue;
            try {
                const auto found = crontabs_.read(names[at]);
                if (!found) continue;
                const std::string state = state_of(*found);
                call.item(at, names[at], state, stamp_('s', state));
            } catch (const sdk::Failure& failure) {
                call.unreadable(names[at], failure);
            }
            ++count;
        }
        return count;
    }

    Crontabs crontabs_;
    sdk::Stamper stamp_;
};

}  // namespace cron

EVENKEEL_MODULE("org.evenkeel.cron", "0.1.0", kManifest, cron::Cron)
