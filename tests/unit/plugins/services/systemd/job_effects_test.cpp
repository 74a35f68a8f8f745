#include "plugins/services/systemd/job_effects.hpp"

#include <map>

#include <gtest/gtest.h>

#include "plugins/services/systemd/properties.hpp"

namespace evenkeel::services {
namespace {

using Names = std::set<std::string>;
using Lists = std::map<std::string, std::vector<std::string>>;

class Machine {
  public:
    Properties& add(const std::string& id, const std::string& state, const Lists& lists) {
        Properties& unit = units_[id];
        unit.texts = {{"Id", id}, {"ActiveState", state}, {"LoadState", "loaded"}};
        unit.lists = lists;
        return unit;
    }
    UnitLookup look_up() {
        return [this](const std::vector<std::string>& names) {
            std::vector<Properties> found;
            for (const std::string& name : names) {
                if (!units_.contains(name))
                    add(name, "inactive", {}).texts["LoadState"] = "not-found";
                found.push_back(units_[name]);
            }
            return found;
        };
    }

  private:
    std::map<std::string, Properties> units_;
};

TEST(JobEffects, AStartPullsInWhatIsNotUpAndCanStart) {
    Machine machine;
    machine.add("a", "inactive", {{"Requires", {"b", "up"}}, {"Wants", {"gone", "unmet"}}});
    machine.add("b", "failed", {{"BindsTo", {"c"}}, {"Wants", {"a"}}});
    machine.add("c", "inactive", {});
    machine.add("up", "active", {{"Wants", {"below"}}});
    machine.add("below", "inactive", {});
    machine.add("unmet", "inactive", {}).numbers = {{"ConditionTimestampMonotonic", 1}};
    const JobEffects effects = effects_of_start("a", machine.look_up());
    EXPECT_EQ(effects.starts, (Names{"b", "c"}));
    EXPECT_EQ(effects.stops, Names{});
}

TEST(JobEffects, AStartStopsWhatConflictsAndWhatDependsOnThat) {
    Machine machine;
    machine.add("a", "inactive", {{"Requires", {"b"}}, {"Conflicts", {"down"}}});
    machine.add("b", "inactive", {{"ConflictedBy", {"rival"}}});
    machine.add("down", "inactive", {{"RequiredBy", {"other"}}});
    machine.add("other", "active", {});
    machine.add("rival", "active", {{"BoundBy", {"friend"}}});
    machine.add("friend", "active", {});
    const JobEffects effects = effects_of_start("a", machine.look_up());
    EXPECT_EQ(effects.starts, Names{"b"});
    EXPECT_EQ(effects.stops, (Names{"rival", "friend"}));
}

TEST(JobEffects, AStopStopsWhatDependsOnIt) {
    Machine machine;
    machine.add("a", "active", {{"RequiredBy", {"b", "down"}}, {"ConsistsOf", {"c"}}});
    machine.add("b", "active", {{"BoundBy", {"d"}}});
    machine.add("c", "active", {});
    machine.add("d", "activating", {});
    machine.add("down", "inactive", {{"RequiredBy", {"e"}}});
    machine.add("e", "active", {});
    EXPECT_EQ(effects_of_stop("a", machine.look_up()).stops, (Names{"b", "c", "d"}));
}

}  // namespace
}  // namespace evenkeel::services
