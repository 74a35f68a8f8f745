#include <map>
#include <set>

#include "orchestrator/state/wanted.hpp"
#include "tests/unit/orchestrator/plans/planner_fixture.hpp"
#include "tests/unit/orchestrator/plans/random_model.hpp"

// What is applied is what was planned, whatever the model and its changes; nothing else is.
namespace evenkeel::plans {
namespace {

constexpr int kHosts = 6;
constexpr int kEdits = 40;  // that are possible

// What one resource is described as, as text; "" while it is about to go.
using Described = std::map<std::string, std::string>;

class PlannedTest : public PlannerTest {
  protected:
    void SetUp() override {
        PlannerTest::SetUp();
        hosts_.push_back(host_);
        for (int i = 0; i < kHosts; ++i) add_random_host("h" + std::to_string(i));
        std::vector<ObjectChange> changes;
        for (const char* name : {"prod", "prod/eu", "stage"}) {
            changes.push_back(plans::put(ModelKind::environment, name, "{}"));
        }
        ASSERT_TRUE(edit({.changes = changes}));
    }

    // One that compiles.
    void make_random_model() {
        for (bool is_made = false; !is_made;) {
            std::vector<ObjectChange> changes;
            for (const char* name : {"one", "two", "three"}) {
                changes.push_back(plans::put(ModelKind::application, name,
                                             json::write(random_.application_body())));
            }
            for (const char* name : {"p", "q", "r", "s"}) {
                changes.push_back(
                    plans::put(ModelKind::assignment, name,
                               R"({"application": ")" + random_.application() + R"("})"));
            }
            const auto made = edit({.changes = changes});
            is_made = made && made->wrong.empty() && made->refusal == Refusal::none;
        }
        release_all();
    }

    void add_random_host(const std::string& name) {
        const compile::Host random = random_.host(name);
        const std::string id = "host_0192f0c1-0000-7000-8000-00000000001" + name.substr(1);
        state::Host host;
        host.id = id;
        host.name = name;
        host.stream = kStream;
        host.environment = random.environment;
        host.labels = random.labels;
        host.facts = random.facts;
        hosts_.push_back(id);
        change([&](state::Edit& now) -> Result<void> {
            EK_CHECK(now.hosts().put_name(name, id));
            EK_CHECK(now.hosts().put_event_mark(id, {kStream, 0, now.stream()}));
            return now.hosts().put(host);
        });
    }

    std::vector<ObjectChange> random_changes() {
        std::vector<ObjectChange> changes;
        for (std::size_t i = 0; i < 1 + random_.below(3); ++i) changes.push_back(random_.change());
        return changes;
    }
    // Those of the changes that make something: what is deleted cannot be deleted again.
    static std::vector<ObjectChange> again(const std::vector<ObjectChange>& changes) {
        std::vector<ObjectChange> kept;
        for (const ObjectChange& one : changes) {
            if (!one.deletes()) kept.push_back(one);
        }
        return kept;
    }

    // What the hosts are described as, and what became of all that was to be done there.
    Described described() {
        Described all;
        const auto view = read();
        for (const std::string& host : hosts_) {
            EXPECT_TRUE(view.resources().each(host, [&](const state::Resource& each) {
                const auto body = *view.bodies().get(each.body);
                json::Object relations;
                wire::put_relations(relations, each.relations);
                const auto description =
                    protector_.open({host, each.ref.collection, each.ref.id}, body.description);
                all[host + " " + wire::text_of(each.ref)] =
                    each.removing ? ""
                                  : json::write_canonical(*description) +
                                        std::string(to_string(each.policy)) +
                                        json::write(json::Value(std::move(relations)));
                return true;
            }));
        }
        return all;
    }
    static Summary summary_of(const Described& before, const Described& after) {
        Summary summary;
        std::set<std::string> hosts;
        const auto count = [&](std::uint64_t& number, const std::string& resource) {
            ++number;
            hosts.insert(resource.substr(0, resource.find(' ')));
        };
        for (const auto& [resource, text] : after) {
            const auto was = before.find(resource);
            const bool is_new = was == before.end() || was->second.empty();
            if (is_new && !text.empty()) count(summary.added, resource);
            if (is_new || text == was->second) continue;
            count(text.empty() ? summary.removed : summary.changed, resource);
        }
        for (const auto& [resource, text] : before) {
            if (!text.empty() && !after.contains(resource)) count(summary.forgotten, resource);
        }
        summary.hosts = hosts.size();
        return summary;
    }

    // Until the hosts have all that they shall have.
    void release_all() {
        do {
            release();
            for (const std::string& host : hosts_) {
                host_ = host;
                settle();
            }
        } while (entries() > 0);
    }

    Random random_{47};
    std::vector<std::string> hosts_;
};

TEST_F(PlannedTest, WhatIsAppliedIsWhatWasPlannedAndThePlanOfItAgainIsEmpty) {
    make_random_model();
    Summary total;
    for (int done = 0; done < kEdits;) {
        const auto changes = random_changes();
        const auto planned = edit({.changes = changes, .is_dry_run = true});
        ASSERT_TRUE(planned) << planned.error().what;
        if (!planned->wrong.empty() || planned->refusal != Refusal::none) continue;
        const Described before = described();
        EditRequest request{.changes = changes};
        request.planned = EditRequest::Planned{.hash = planned->trial->hash};
        const auto applied = edit(std::move(request));
        ASSERT_TRUE(applied) << applied.error().what;
        ASSERT_EQ(applied->refusal, Refusal::none);
        release_all();
        EXPECT_EQ(encode(summary_of(before, described())), encode(planned->trial->summary));
        const auto second = edit({.changes = again(changes), .is_dry_run = true});
        ASSERT_TRUE(second);
        EXPECT_TRUE(second->wrong.empty()) << second->wrong[0].detail;
        EXPECT_EQ(encode(second->trial->summary), encode(Summary{}));
        total.added += planned->trial->summary.added;
        total.changed += planned->trial->summary.changed;
        total.forgotten += planned->trial->summary.forgotten;
        total.removed += planned->trial->summary.removed;
        ++done;
    }
    EXPECT_GT(total.added, 20U);
    EXPECT_GT(total.changed, 5U);
    EXPECT_GT(total.forgotten + total.removed, 5U);
}

TEST_F(PlannedTest, APlanThatDoesSomethingElseByNowIsRefusedAndNothingIsChanged) {
    ASSERT_TRUE(
        edit({.changes = {plans::put(ModelKind::application, "one", R"({
            "parameters": {"properties": {"a": {"default": 0}}},
            "resources": [{"collection": "files", "id": "/a", "description": {"content": "{{a}}"}}]
        })"),
                          plans::put(ModelKind::assignment, "p", R"({"application": "one"})")}}));
    release_all();
    const std::vector<ObjectChange> changes{
        plans::put(ModelKind::setting, "global a", R"({"value": 1})")};
    const auto planned = edit({.changes = changes, .is_dry_run = true});
    ASSERT_EQ(planned->trial->summary.changed, std::uint64_t{kHosts + 1});
    // Of one host of many.
    ASSERT_TRUE(edit({.changes = {plans::put(ModelKind::setting, "host:" + hosts_[3] + " a",
                                             R"({"value": 2})")}}));
    release_all();
    EditRequest request{.changes = changes};
    request.planned = EditRequest::Planned{.hash = planned->trial->hash};
    const auto refused = edit(request);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->refusal, Refusal::stale_plan);
    EXPECT_EQ(refused->trial->summary.changed, std::uint64_t{kHosts});
    EXPECT_FALSE(*read().model_objects().find(ModelKind::setting, "global a"));
}

}  // namespace
}  // namespace evenkeel::plans
