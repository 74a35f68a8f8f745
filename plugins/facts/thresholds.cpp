#include "plugins/facts/thresholds.hpp"

#include <optional>
#include <string>

#include <evenkeel/json.hpp>

namespace evenkeel::facts {

namespace {

namespace json = sdk::json;

enum class Kept { at_least, at_most };

struct Limit {
    const char* field;  // of the description
    const char* fact;   // of the state, or of each of its disks
    Kept kept;
};
constexpr Limit kLimits[] = {
    {"memory_available_percent_min", "memory_available_percent", Kept::at_least},
    {"swap_used_percent_max", "swap_used_percent", Kept::at_most},
    {"memory_pressure_percent_max", "memory_pressure_percent", Kept::at_most},
    {"load_per_cpu_max", "load_per_cpu", Kept::at_most},
    {"uptime_days_max", "uptime_days", Kept::at_most},
};
constexpr Limit kDiskLimits[] = {
    {"disk_free_percent_min", "free_percent", Kept::at_least},
    {"inodes_free_percent_min", "inodes_free_percent", Kept::at_least},
};

std::string escaped(std::string_view name) {
    std::string pointer;
    for (const char c : name) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return pointer;
}

// What cannot be measured does not keep its limit.
void check(const sdk::Call& call, const std::string& path, const json::Value& limit,
           const json::Value* fact, Kept kept) {
    if (fact && fact->IsNumber() && limit.IsNumber()) {
        const double is = fact->GetDouble(), shall = limit.GetDouble();
        if (kept == Kept::at_least ? is >= shall : is <= shall) return;
    }
    const auto before = fact ? std::optional(json::write(*fact)) : std::nullopt;
    call.change({path, before, json::write(limit)});
}

}  // namespace

void compare(const sdk::Call& call, std::string_view desired, std::string_view actual) {
    const auto limits = json::parse_object(desired);
    const auto facts = json::parse_object(actual);
    for (const Limit& limit : kLimits)
        if (const auto* value = json::find(limits, limit.field))
            check(call, std::string("/") + limit.field, *value, json::find(facts, limit.fact),
                  limit.kept);
    const auto* disks = json::find(facts, "disks");
    for (const Limit& limit : kDiskLimits) {
        const auto* by_mount = json::find(limits, limit.field);
        if (!by_mount || !by_mount->IsObject()) continue;
        for (const auto& one : by_mount->GetObject()) {
            const std::string_view mount = json::text(one.name);
            const auto* disk = disks && disks->IsObject() ? json::find(*disks, mount) : nullptr;
            const auto* fact = disk && disk->IsObject() ? json::find(*disk, limit.fact) : nullptr;
            check(call, std::string("/") + limit.field + "/" + escaped(mount), one.value, fact,
                  limit.kept);
        }
    }
    for (const char* name : {"reboot_required", "clock_synchronised"}) {
        const auto* wanted = json::find(limits, name);
        const auto* fact = json::find(facts, name);
        if (wanted && !(fact && *fact == *wanted))
            call.change({std::string("/") + name,
                         fact ? std::optional(json::write(*fact)) : std::nullopt,
                         json::write(*wanted)});
    }
}

}  // namespace evenkeel::facts
