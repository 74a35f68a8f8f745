#include "plugins/services/systemd/manager.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>

#include "plugins/services/systemd/jobs.hpp"
#include "plugins/services/systemd/journal.hpp"
#include "plugins/services/systemd/names.hpp"
#include "plugins/services/systemd/start_limit.hpp"
#include "plugins/services/systemd/unit_files.hpp"

namespace evenkeel::services {

namespace {

// A connection may have 128 calls without a reply; each unit takes two.
constexpr std::size_t kPipelined = 48;
constexpr std::uint32_t kSoonMs = 1'000;
constexpr std::uint64_t kNsPerUs = 1'000;

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
        if (unit.load_state != "not-found" || unit.active_state == "active")
            if (id_of(unit.name)) found.insert(unit.name);
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
    const Properties now = properties({unit}).front();
    const Properties manager = manager_properties();
    LoadedFiles loaded{
        now.list("Names"), now.text("FragmentPath"), now.list("DropInPaths"),
        std::max(manager.number("UnitsLoadTimestamp"), manager.number("UnitsLoadStartTimestamp"))};
    const auto own = std::find(loaded.names.begin(), loaded.names.end(), now.text("Id"));
    if (own != loaded.names.end()) std::iter_swap(loaded.names.begin(), own);
    if (now.number("NeedDaemonReload") != 0 || differs_on_disk(loaded, manager.list("UnitPath")))
        reload();
}

Properties Manager::manager_properties() const {
    Pending pending;
    bus_.get_all(kManagerPath, kManagerInterface, pending);
    bus_.serve_until([&] { return pending.arrived(); });
    return Properties::of(pending.reply("look at systemd"));
}

std::vector<std::string> Manager::unit_path() const {
    return manager_properties().list("UnitPath");
}

std::vector<Properties> Manager::properties(const std::vector<std::string>& units) const {
    struct Both {
        Pending unit, result;
    };
    std::vector<Properties> all;
    for (std::size_t at = 0; at < units.size(); at += kPipelined) {
        const std::size_t end = std::min(at + kPipelined, units.size());
        std::deque<Both> replies;
        for (std::size_t i = at; i < end; ++i) {
            const std::string path = services::unit_path(units[i]);
            Both& both = replies.emplace_back();
            bus_.get_all(path, kUnitInterface, both.unit);
            bus_.get_property(path, kServiceInterface, "Result", both.result);
        }
        bus_.serve_until([&] {
            return std::all_of(replies.begin(), replies.end(), [](const Both& both) {
                return both.unit.arrived() && both.result.arrived();
            });
        });
        for (std::size_t i = at; i < end; ++i) {
            const Both& both = replies[i - at];
            all.push_back(Properties::of(both.unit.reply("look at " + units[i])));
            const char* text = nullptr;
            if (both.result.failed()) continue;  // no service
            require(sd_bus_message_read(both.result.reply(""), "v", "s", &text));
            all.back().texts["Result"] = text;
        }
    }
    return all;
}

void Manager::reset_failed(const std::string& unit) const {
    const Message request = bus_.manager_call("ResetFailedUnit");
    require(sd_bus_message_append(request.get(), "s", unit.c_str()));
    try {
        bus_.call(request, "reset the failure of " + unit);
    } catch (const sdk::Failure& failure) {
        // One that is not loaded has no failure.
        if (failure.status() != EK_E_NOT_FOUND) throw;
    }
}

StartLimit Manager::start_limit(const std::string& unit) const {
    return StartLimit::of(properties({unit}).front());
}

void Manager::require_start_allowed(const std::string& unit) const {
    const StartLimit limit = start_limit(unit);
    const auto earliest_us = limit.not_before_us();
    const std::uint64_t now_us = sdk::now_ns() / kNsPerUs;
    if (!earliest_us || now_us >= *earliest_us) return;
    sdk::Failure failure(EK_E_BUSY, unit + " failed and is started again by itself only later: " +
                                        "its start limit is " + limit.words());
    throw explained(std::move(failure), "an apply or the action start starts it at once", unit,
                    limit)
        .retry_after_ms(static_cast<std::uint32_t>((*earliest_us - now_us) / kUsPerMs + 1));
}

sdk::Failure Manager::explained(sdk::Failure failure, const std::string& hint,
                                const std::string& unit, const StartLimit& limit) const {
    const bool met = limit.is_set() && limit.was_hit;
    std::string words = hint;
    if (met) words += "; it met its start limit (" + limit.words() + ")";
    const std::string lines = last_lines(unit, limit.started_us);
    if (!lines.empty()) words += "; its journal ends with " + lines;
    failure.retry_after_ms(
        static_cast<std::uint32_t>((met ? limit.interval_us : limit.pause_us()) / kUsPerMs));
    return std::move(failure.hint(std::move(words)));
}

void Manager::run_job(const char* method, const char* verb, const std::string& unit) const {
    const std::uint64_t started_us = start_limit(unit).started_us;
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
    if (result != "done") job_failed(verb, unit, result, started_us);
}

void Manager::job_failed(const char* verb, const std::string& unit, const std::string& result,
                         std::uint64_t started_us) const {
    const Unit now = this->unit(unit);
    const std::string words = "cannot " + std::string(verb) + " " + unit + ": its job ended \"" +
                              result + "\" and it is " + now.active_state + " (" + now.sub_state +
                              ", " + now.result + ")";
    if (result == "canceled")
        throw sdk::Failure(EK_E_BUSY, words)
            .hint("somebody asked for something else meanwhile; try again")
            .retry_after_ms(kSoonMs);
    StartLimit limit = start_limit(unit);
    // systemd names the limit as the result only where the unit had not failed before.
    const bool starts = std::string_view(verb).ends_with("start");
    if (starts && result == "failed" && limit.started_us == started_us) limit.was_hit = true;
    throw explained(sdk::Failure(result == "timeout" ? EK_E_TIMEOUT : EK_E_CONFLICT, words),
                    result == "dependency"
                        ? "systemctl list-dependencies " + unit + " shows which failed"
                        : "journalctl -u " + unit + " says why",
                    unit, limit);
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
