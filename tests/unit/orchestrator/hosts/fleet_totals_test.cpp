#include "orchestrator/hosts/fleet_totals.hpp"

#include <random>

#include "core/store/counters.hpp"
#include "orchestrator/hosts/presence.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::hosts {
namespace {

constexpr std::int64_t kStartMs = 1'000;

// Totals that follow a state, beside the same counted from its records.
class FleetTotalsTest : public test::StateTest {
  protected:
    void SetUp() override {
        StateTest::SetUp();
        presence_.observe_links(
            [this](const std::string& host, bool up, std::int64_t offline_at_ms) {
                totals_.set_link(host, up, offline_at_ms);
            });
        state_->listen([this](const state::Changes& changes, const state::View& now) {
            EXPECT_TRUE(totals_.follow(changes, now));
        });
    }

    void add(const std::string& id) {
        change([&](state::Edit& edit) {
            state::Host host;
            host.id = id;
            return edit.hosts().put(host);
        });
    }
    void edit_host(const std::string& id, const std::function<void(state::Host&)>& change_it) {
        change([&](state::Edit& edit) -> Result<void> {
            state::Host host = *EK_TRY(edit.hosts().find(id));
            change_it(host);
            return edit.hosts().put(host);
        });
    }
    void set_verdict(const std::string& host, const std::string& path, wire::Verdict verdict) {
        change([&](state::Edit& edit) -> Result<void> {
            const wire::Ref ref{"files", path};
            const auto before = EK_TRY(edit.resources().find(host, ref));
            state::Resource resource = before.value_or(state::Resource{});
            resource.ref = ref;
            resource.compliance.status = verdict;
            if (!before)
                return edit.resources().describe(host, nullptr, resource, json::Object{}, "");
            return edit.resources().put(host, &*before, resource);
        });
    }
    state::ComplianceCounts recount(std::int64_t now_ms) {
        state::ComplianceCounts sum;
        const auto view = read();
        EXPECT_TRUE(view.hosts().each([&](const state::Host& host) {
            if (host.retired()) return true;
            const auto counts = *view.resources().counts(host.id);
            const bool offline = !presence_.offline_since(host, now_ms).empty();
            sum += offline ? state::counts_offline(counts) : counts;
            return true;
        }));
        return sum;
    }

    Presence presence_{std::chrono::milliseconds(10), kStartMs};
    FleetTotals totals_;
};

TEST_F(FleetTotalsTest, AreWhatCountingFindsAfterAnyChanges) {
    std::mt19937 random(7);  // NOLINT: the same on each run
    const auto one_of = [&](int most) { return static_cast<int>(random() % most); };
    std::vector<std::string> ids;
    for (int i = 0; i < 6; ++i) add(ids.emplace_back("host_" + std::to_string(i)));
    std::int64_t now = kStartMs;
    for (int step = 0; step < 600; ++step) {
        const std::string& id = ids[one_of(6)];
        switch (one_of(4)) {
            case 0:
                set_verdict(id, "/" + std::to_string(one_of(3)),
                            static_cast<wire::Verdict>(one_of(4)));
                break;
            case 1:
                presence_.set_link(id, true);
                presence_.record_message(id, {.wall_ms = now, .monotonic_ms = now});
                break;
            case 2:
                if (presence_.has_link(id)) presence_.set_link(id, false);
                break;
            default:
                now += one_of(20);
        }
        if (one_of(40) == 0) {
            edit_host(id, [](state::Host& host) {
                host.enrolment =
                    host.retired() ? state::EnrolmentState::active : state::EnrolmentState::retired;
            });
        }
        ASSERT_EQ(totals_.resources(now), recount(now)) << "step " << step;
    }
}

TEST_F(FleetTotalsTest, AfterAStartSeenHostsHaveTheTimeOfThreeHeartbeatsToComeBack) {
    add("host_1");
    set_verdict("host_1", "/a", wire::Verdict::compliant);
    change([](state::Edit& edit) {
        return edit.hosts().put_last_seen("host_1", "2026-11-29T08:00:00Z");
    });
    FleetTotals started;
    ASSERT_TRUE(started.load(read(), kStartMs + 30));
    EXPECT_EQ(started.resources(kStartMs + 29).compliant, 1);
    EXPECT_EQ(started.resources(kStartMs + 30).compliant, 0);
    EXPECT_EQ(started.resources(kStartMs + 30).unknown, 1);
}

TEST_F(FleetTotalsTest, CountHostsByConnection) {
    add("host_1");
    add("host_2");
    edit_host("host_2", [](state::Host& host) { host.connection = state::Connection::online; });
    EXPECT_EQ(totals_.connections().at(state::Connection::never), 1U);
    EXPECT_EQ(totals_.connections().at(state::Connection::online), 1U);
    edit_host("host_2", [](state::Host& host) { host.enrolment = state::EnrolmentState::retired; });
    EXPECT_EQ(totals_.connections().at(state::Connection::online), 0U);
}

TEST_F(FleetTotalsTest, AHostThatCannotBeReadKeepsNoOtherBack) {
    add("host_1");
    add("host_2");
    set_verdict("host_2", "/a", wire::Verdict::drifted);
    state_.reset();
    {
        store::Env env = *store::Env::open(folder_ / "store", state::store_options());
        store::WriteTxn txn = *env.write();
        ASSERT_TRUE(txn.put(env.table("hosts"), "host_1", "no record"));
        ASSERT_TRUE(txn.commit());
    }
    open();
    state::Changes changes;
    changes.hosts = {"host_1", "host_2"};
    changes.counted_hosts = {"host_2"};
    FleetTotals totals;
    EXPECT_FALSE(totals.follow(changes, read()));
    EXPECT_EQ(totals.resources(kStartMs).drifted, 1);
    state_.reset();  // it is not as it shall be after a test
}

TEST_F(FleetTotalsTest, AskingReadsNoRows) {
    for (int i = 0; i < 50; ++i) add("host_" + std::to_string(i));
    const auto before = store::counters();
    totals_.resources(kStartMs);
    EXPECT_EQ((store::counters() - before).reads, 0U);
}

}  // namespace
}  // namespace evenkeel::hosts
