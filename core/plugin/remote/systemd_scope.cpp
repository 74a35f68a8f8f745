#include "core/plugin/remote/systemd_scope.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>

#include <systemd/sd-bus.h>
#include <systemd/sd-login.h>

namespace evenkeel::plugin {
namespace {

constexpr const char* kSystemd = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr std::uint64_t kPatienceUs = 2'000'000;
constexpr std::uint64_t kStopUs = 5'000'000;

using Bus = std::unique_ptr<sd_bus, decltype(&sd_bus_close_unref)>;
using Message = std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)>;

Error systemd_error(int code) {
    return system_error(-code, "systemd makes no control group");
}

Result<Bus> open_bus() {
    sd_bus* opened = nullptr;
    const int code = sd_bus_open_system(&opened);
    Bus bus(opened, sd_bus_close_unref);
    if (code < 0) return fail(system_error(-code, "cannot reach systemd"));
    sd_bus_set_method_call_timeout(bus.get(), kPatienceUs);
    return bus;
}

// The job that starts a scope: how it ended, or what systemd said when it was asked for.
struct Job {
    const std::string& scope;
    std::string result, refusal;
};

int on_removed(sd_bus_message* message, void* context, sd_bus_error*) {
    auto& job = *static_cast<Job*>(context);
    std::uint32_t id = 0;
    const char *path = nullptr, *unit = nullptr, *result = nullptr;
    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 && job.scope == unit)
        job.result = result;
    return 0;
}

// Of each of the three questions: what is answered means nothing, unless it is an error.
int on_answer(sd_bus_message* message, void* context, sd_bus_error*) {
    auto& job = *static_cast<Job*>(context);
    const sd_bus_error* error = sd_bus_message_get_error(message);
    if (error != nullptr && job.refusal.empty())
        job.refusal = error->message != nullptr ? error->message : error->name;
    return 0;
}

int put_properties(sd_bus_message* to, const std::string& description, pid_t pid,
                   const std::string& service, const ScopeBounds& bounds) {
    const auto text = [&](const char* name, const char* value) {
        return sd_bus_message_append(to, "(sv)", name, "s", value);
    };
    const auto number = [&](const char* name, std::uint64_t value) {
        return sd_bus_message_append(to, "(sv)", name, "t", value);
    };
    for (const int code :
         {sd_bus_message_open_container(to, 'a', "(sv)"), text("Description", description.c_str()),
          sd_bus_message_append(to, "(sv)", "PIDs", "au", 1, static_cast<std::uint32_t>(pid)),
          // Not "After": a service that starts its plugins is not ready yet.
          sd_bus_message_append(to, "(sv)", "BindsTo", "as", 1, service.c_str()),
          text("CollectMode", "inactive-or-failed"),
          sd_bus_message_append(to, "(sv)", "KillSignal", "i", SIGKILL),
          number("TimeoutStopUSec", kStopUs), number("TasksMax", bounds.tasks_most),
          number("MemoryMax", bounds.memory_most), number("MemorySwapMax", 0),
          number("CPUQuotaPerSecUSec", bounds.processors_most_us),
          number("CPUWeight", bounds.weight), sd_bus_message_close_container(to)})
        if (code < 0) return code;
    return 0;
}

Result<Message> start_request(sd_bus* bus, const std::string& scope, const std::string& description,
                              pid_t pid, const std::string& service, const ScopeBounds& bounds) {
    sd_bus_message* made = nullptr;
    int code =
        sd_bus_message_new_method_call(bus, &made, kSystemd, kPath, kManager, "StartTransientUnit");
    Message message(made, sd_bus_message_unref);
    if (code >= 0) code = sd_bus_message_append(made, "ss", scope.c_str(), "fail");
    if (code >= 0) code = put_properties(made, description, pid, service, bounds);
    if (code >= 0) code = sd_bus_message_append(made, "a(sa(sv))", 0);
    if (code < 0) return fail(systemd_error(code));
    return message;
}

// Only then the process is in it.
Result<void> wait_for_job(sd_bus* bus, const Job& job, const Until& until) {
    const Until patience = until.but_at_most(std::chrono::microseconds(kPatienceUs));
    while (job.result.empty() && job.refusal.empty()) {
        const int code = sd_bus_process(bus, nullptr);
        if (code < 0) return fail(systemd_error(code));
        if (code > 0) continue;
        if (until.is_over())
            return fail(Errc::cancelled, "the call was over before systemd made a control group");
        if (patience.is_over())
            return fail(Errc::timeout, "systemd makes no control group in time");
        const int events = sd_bus_get_events(bus);
        if (events < 0) return fail(systemd_error(events));
        wait_for(sd_bus_get_fd(bus), static_cast<short>(events), patience);
    }
    if (job.result == "done") return {};
    return fail(Errc::unavailable,
                "systemd makes no control group: " +
                    (job.result.empty() ? job.refusal : "the job is " + job.result));
}

}  // namespace

std::string own_service() {
    char* unit = nullptr;
    if (sd_pid_get_unit(0, &unit) < 0) return "";
    const std::unique_ptr<char, decltype(&std::free)> owned(unit, std::free);
    const std::string name = unit;
    return name.ends_with(".service") ? name : "";
}

Result<void> start_scope(const std::string& scope, const std::string& description, pid_t pid,
                         const std::string& service, const ScopeBounds& bounds,
                         const Until& until) {
    Job job{scope, "", ""};  // outlives the bus, which calls back with it
    const Bus bus = EK_TRY(open_bus());
    int code = sd_bus_match_signal_async(bus.get(), nullptr, kSystemd, kPath, kManager,
                                         "JobRemoved", on_removed, on_answer, &job);
    if (code >= 0)
        code = sd_bus_call_method_async(bus.get(), nullptr, kSystemd, kPath, kManager, "Subscribe",
                                        on_answer, &job, nullptr);
    if (code < 0) return fail(systemd_error(code));
    const Message message =
        EK_TRY(start_request(bus.get(), scope, description, pid, service, bounds));
    code = sd_bus_call_async(bus.get(), nullptr, message.get(), on_answer, &job, kPatienceUs);
    if (code < 0) return fail(systemd_error(code));
    return wait_for_job(bus.get(), job, until);
}

void stop_scope(const std::string& scope) {
    const auto bus = open_bus();
    if (bus)
        sd_bus_call_method(bus->get(), kSystemd, kPath, kManager, "StopUnit", nullptr, nullptr,
                           "ss", scope.c_str(), "replace");
}

}  // namespace evenkeel::plugin
