#include "plugins/services/systemd/job_effects.hpp"

#include <cstddef>
#include <utility>

#include "plugins/services/systemd/properties.hpp"

namespace evenkeel::services {

namespace {

// Nobody reads longer lists.
constexpr std::size_t kUnitsMax = 1'000;

constexpr const char* kPulledIn[] = {"Requires", "BindsTo", "Wants", "Upholds"};
constexpr const char* kExcluded[] = {"Conflicts", "ConflictedBy"};
constexpr const char* kDependents[] = {"RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf",
                                       "PropagatesStopTo"};

bool is_up(const Properties& unit) {
    const std::string& state = unit.text("ActiveState");
    return state == "active" || state == "reloading" || state == "activating" ||
           state == "refreshing";
}

bool can_start(const Properties& unit) {
    const bool unmet =
        unit.number("ConditionTimestampMonotonic") != 0 && unit.number("ConditionResult") == 0;
    return unit.text("LoadState") == "loaded" && !unmet;
}

// Units still to be visited, each once.
class Frontier {
  public:
    template <typename Keys>
    void add(const Properties& unit, const Keys& keys) {
        for (const char* key : keys)
            for (const std::string& name : unit.list(key)) add(name);
    }
    void add(const std::string& name) {
        if (seen_.size() < kUnitsMax && seen_.insert(name).second) next_.push_back(name);
    }
    bool empty() const { return next_.empty(); }
    std::vector<std::string> take() { return std::exchange(next_, {}); }

  private:
    std::set<std::string> seen_;
    std::vector<std::string> next_;
};

// `stopping` and, of all up units among them, what depends on them.
std::set<std::string> stopped_with(Frontier stopping, const UnitLookup& look_up) {
    std::set<std::string> stops;
    while (!stopping.empty())
        for (const Properties& unit : look_up(stopping.take())) {
            if (!is_up(unit)) continue;
            stops.insert(unit.text("Id"));
            stopping.add(unit, kDependents);
        }
    return stops;
}

}  // namespace

JobEffects effects_of_start(const std::string& unit, const UnitLookup& look_up) {
    JobEffects effects;
    Frontier starting, conflicting;
    starting.add(unit);
    while (!starting.empty())
        for (const Properties& each : look_up(starting.take())) {
            const std::string& id = each.text("Id");
            if (id != unit && (is_up(each) || !can_start(each))) continue;
            effects.starts.insert(id);
            starting.add(each, kPulledIn);
            conflicting.add(each, kExcluded);
        }
    effects.stops = stopped_with(std::move(conflicting), look_up);
    for (const std::string& id : effects.starts) effects.stops.erase(id);
    effects.starts.erase(unit);
    return effects;
}

JobEffects effects_of_stop(const std::string& unit, const UnitLookup& look_up) {
    JobEffects effects;
    Frontier stopping;
    stopping.add(unit);
    effects.stops = stopped_with(std::move(stopping), look_up);
    effects.stops.erase(unit);
    return effects;
}

}  // namespace evenkeel::services
