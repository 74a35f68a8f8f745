#include "core/json/counters.hpp"
#include "core/store/counters.hpp"
#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

namespace evenkeel::plans {
namespace {

class PlanCostsTest : public PlannerTest {
  protected:
    // So many, all with a file that a setting is in.
    void make_fleet(int hosts) {
        ASSERT_TRUE(edit(put(ModelKind::application, "web",
                             R"({"parameters": {"properties": {"port": {"default": 80}}},
                                 "resources": [{"collection": "files", "id": "/etc/port",
                                                "description": {"content": "{{port}}"}}]})")));
        ASSERT_TRUE(edit(put(ModelKind::assignment, "web", R"({"application": "web"})")));
        add_hosts(0, hosts);
    }
    static std::string id_of(int number) {
        return "host_0192f0c1-0000-7000-8000-" + std::to_string(100'000'000'000 + number);
    }
    void add_hosts(int first, int end) {
        change([&](state::Edit& edit) -> Result<void> {
            for (int i = first; i < end; ++i) {
                state::Host host;
                host.id = id_of(i);
                host.name = "other" + std::to_string(i);
                EK_CHECK(edit.hosts().put_name(host.name, host.id));
                EK_CHECK(edit.hosts().put(host));
            }
            return {};
        });
        while (entries() > 0) release();
        // Listeners have been told of what was committed before this.
        change([](state::Edit&) -> Result<void> { return {}; });
    }

    struct Costs {
        std::uint64_t rows = 0, texts = 0;
        std::size_t hosts = 0;  // that are compiled
    };
    Costs of_plan(const std::string& setting) {
        EditRequest request = put(ModelKind::setting, setting, R"({"value": 8080})");
        request.is_dry_run = true;
        const auto rows = store::counters();
        const auto texts = json::counters();
        const auto answer = edit(std::move(request));
        EXPECT_TRUE(answer && answer->trial) << setting;
        return {(store::counters() - rows).reads, (json::counters() - texts).parses,
                answer && answer->trial ? answer->trial->touched.size() : 0};
    }
};

TEST_F(PlanCostsTest, OfOneHostsSettingAreTheSameInAnyFleet) {
    make_fleet(10);
    const std::string setting = "host:" + id_of(3) + " port";
    const Costs few = of_plan(setting);
    EXPECT_EQ(few.hosts, 1U);
    EXPECT_LT(few.rows, 40U);
    EXPECT_EQ(of_plan("global port").hosts, 11U);
    add_hosts(10, 1000);
    const Costs many = of_plan(setting);
    EXPECT_EQ(std::pair(many.rows, many.texts), std::pair(few.rows, few.texts));
    EXPECT_EQ(many.hosts, 1U);
    EXPECT_EQ(of_plan("global port").hosts, 1001U);
}

}  // namespace
}  // namespace evenkeel::plans
