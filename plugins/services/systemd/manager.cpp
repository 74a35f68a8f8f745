#include "plugins/services/systemd/manager.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>

#include "plugins/services/systemd/jobs.hpp"
#include "plugins/services/systemd/names.hpp"

namespace evenkeel::services {

namespace {

// A connection may have 128 calls without a reply; each unit takes two.
constexpr std::size_t kPipelined = 48;
constexpr std::uint32_t kSoonMs = 1'000;

void append_names(const Message& message, const std::vector<std::string>& names) {
    require(sd_bus_message_open_container(message.get(), 'a', "s"));
    for (const std::string& name : names)
        require(sd_bus_message_append_basic(message.get(), 's', name.c_str()));
    require(sd_bus_message_close_container(message.get()));
}

// The next of the array that ListUnits and the like return; false at the end.
bool read_unit(sd_bus_message* reply, Unit& unit) {
    const char *name, *description, *load, *active, *sub, *following, *path, *job_type, *job_path;
    if (require(sd_bus_message_read(reply, "(ssssssouso)", &name, &description, &load, &active,
                                    &sub, &following, &path, &unit.job, &job_type, &job_path)) == 0)
        return false;
    unit.name = name;
    unit.description = description;
    unit.load_state = load;
    unit.active_state = active;
    unit.sub_state = sub;
    unit.path = path;
    unit.job_type = job_type;
    return true;
}

}  // namespace

std::vector<Unit> Manager::units(const std::vector<std::string>& names) const {
    if (names.empty()) return {};
    std::vector<Unit> units = list_by_names(names);
    for (std::size_t at = 0; at < units.size(); at += kPipelined) {
        const std::size_t end = std::min(at + kPipelined, units.size());
        add_details(units.data() + at, units.data() + end);
    }
    return units;
}

Unit Manager::unit(const std::string& name) const {
    return units({name}).front();
}

std::vector<Unit> Manager::list_by_names(const std::vector<std::string>& names) const {
    const Message request = bus_.manager_call("ListUnitsByNames");
    append_names(request, names);
    const Message reply = bus_.call(request, "look at services");
    require(sd_bus_message_enter_container(reply.get(), 'a', "(ssssssouso)"));
    std::vector<Unit> units;
    for (Unit unit; read_unit(reply.get(), unit);) units.push_back(std::move(unit));
    if (units.size() != names.size())
        throw sdk::Failure(EK_E_INTERNAL, "systemd reported other units than were queried");
    return units;
}

void Manager::add_details(Unit* first, Unit* last) const {
    struct Details {
        Pending file_state, result;
    };
    std::deque<Details> details;
    for (const Unit* unit = first; unit != last; ++unit) {
        Details& pending = details.emplace_back();
        const Message request = bus_.manager_call("GetUnitFileState");
        require(sd_bus_message_append(request.get(), "s", unit->name.c_str()));
        bus_.send(request, pending.file_state);
        bus_.get_property(unit->path, kServiceInterface, "Result", pending.result);
    }
    bus_.serve_until([&] {
        return std::all_of(details.begin(), details.end(), [](const Details& pending) {
            return pending.file_state.arrived() && pending.result.arrived();
        });
    });
    for (Unit* unit = first; unit != last; ++unit) {
        const Details& arrived = details[static_cast<std::size_t>(unit - first)];
        const char* text = nullptr;
        // A unit without a file has no such state, one that is not there no result.
        if (!arrived.file_state.failed()) {
            require(sd_bus_message_read(arrived.file_state.reply(""), "s", &text));
            unit->file_state = text;
        }
        if (!arrived.result.failed()) {
            require(sd_bus_message_read(arrived.result.reply(""), "v", "s", &text));
            unit->result = text;
        }
    }
}

std::vector<std::string> Manager::names() const {
    const auto list = [&](const char* method, const char* action) {
        const Message request = bus_.manager_call(method);
        append_names(request, {});
        append_names(request, {"*.service"});
        return bus_.call(request, action);
    };
    std::set<std::string> found;
    const Message loaded = list("ListUnitsByPatterns", "list services");
    require(sd_bus_message_enter_container(loaded.get(), 'a', "(ssssssouso)"));
    for (Unit unit; read_unit(loaded.get(), unit);)
        if (exists(unit) && id_of(unit.name)) found.insert(unit.name);
    const Message files = list("ListUnitFilesByPatterns", "list unit files");
    require(sd_bus_message_enter_container(files.get(), 'a', "(ss)"));
    const char *path, *state;
    while (require(sd_bus_message_read(files.get(), "(ss)", &path, &state)) > 0) {
        const std::string_view whole = path;
        const std::string_view name = whole.substr(whole.rfind('/') + 1);
        if (std::string_view(state) != "alias" && id_of(name)) found.emplace(name);
    }
    return {found.begin(), found.end()};
}

void Manager::change_files(const char* method, const std::string& unit, const std::string& action,
                           std::initializer_list<bool> flags) const {
    const Message request = bus_.manager_call(method);
    append_names(request, {unit});
    for (const bool flag : flags)
        require(sd_bus_message_append(request.get(), "b", static_cast<int>(flag)));
    bus_.call(request, action + " " + unit);
}

// The flags: for this boot only; replace what stands in the way.
void Manager::enable(const std::string& unit) const {
    change_files("EnableUnitFiles", unit, "enable", {false, false});
}

void Manager::disable(const std::string& unit) const {
    change_files("DisableUnitFiles", unit, "disable", {false});
}

void Manager::mask(const std::string& unit) const {
    change_files("MaskUnitFiles", unit, "mask", {false, false});
}

void Manager::unmask(const std::string& unit) const {
    change_files("UnmaskUnitFiles", unit, "unmask", {false});
    change_files("UnmaskUnitFiles", unit, "unmask", {true});
}

void Manager::reload() const {
    bus_.call(bus_.manager_call("Reload"), "make systemd read its units again");
}

void Manager::reload_if_stale(const std::string& unit) const {
    Pending pending;
    bus_.get_property(unit_path(unit), kUnitInterface, "NeedDaemonReload", pending);
    bus_.serve_until([&] { return pending.arrived(); });
    int stale = 0;
    require(sd_bus_message_read(pending.reply("look at " + unit), "v", "b", &stale));
    if (stale != 0) reload();
}

void Manager::run_job(const char* method, const char* verb, const std::string& unit) const {
    Jobs jobs(bus_);
    const Message request = bus_.manager_call(method);
    require(sd_bus_message_append(request.get(), "ss", unit.c_str(), "replace"));
    const std::string action = std::string(verb) + " " + unit;
    const Message reply = bus_.call(request, action);
    const char* path = nullptr;
    require(sd_bus_message_read(reply.get(), "o", &path));
    std::string result;
    try {
        result = jobs.result_of(path);
    } catch (const sdk::Failure& failure) {
        if (failure.status() != EK_E_TIMEOUT) throw;
        throw sdk::Failure(EK_E_TIMEOUT, "the job to " + action + " was under way at the deadline")
            .hint("systemd goes on with it; give the command more time, or see systemctl status");
    }
    if (result != "done") job_failed(verb, unit, result);
}

void Manager::job_failed(const char* verb, const std::string& unit,
                         const std::string& result) const {
    const Unit now = this->unit(unit);
    const std::string words = "cannot " + std::string(verb) + " " + unit + ": its job ended \"" +
                              result + "\" and it is " + now.active_state + " (" + now.sub_state +
                              ", " + now.result + ")";
    if (result == "canceled")
        throw sdk::Failure(EK_E_BUSY, words)
            .hint("somebody asked for something else meanwhile; try again")
            .retry_after_ms(kSoonMs);
    throw sdk::Failure(result == "timeout" ? EK_E_TIMEOUT : EK_E_CONFLICT, words)
        .hint(result == "dependency" ? "systemctl list-dependencies " + unit + " shows which failed"
                                     : "journalctl -u " + unit + " says why");
}

Unit Manager::settled_unit(const std::string& name) const {
    Jobs jobs(bus_);
    for (;;) {
        const int ended = jobs.ended(name);
        Unit now = unit(name);
        if (now.job == 0 || !is_running(now)) return now;
        try {
            jobs.wait_for_more(name, ended);
        } catch (const sdk::Failure& failure) {
            if (failure.status() != EK_E_TIMEOUT) throw;
            throw sdk::Failure(EK_E_BUSY, "a job of " + name + " was under way at the deadline")
                .hint("try again when it has ended")
                .retry_after_ms(kSoonMs);
        }
    }
}

}  // namespace evenkeel::services
