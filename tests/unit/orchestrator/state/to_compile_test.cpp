#include "orchestrator/state/to_compile.hpp"

#include <algorithm>
#include <functional>

#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/model_objects.hpp"
#include "orchestrator/state/plan_hosts.hpp"
#include "orchestrator/state/wanted.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

using Names = std::set<std::string>;

class ToCompileTest : public test::StateTest {
  protected:
    void SetUp() override {
        StateTest::SetUp();
        change_host([](Host& host) {
            host.labels = json::Object{{"role", "web"}, {"rack", "7"}};
            host.facts = json::Object{{"cpus", 2}, {"os", json::Object{{"id", "debian"}}}};
        });
        forget();
        state_->listen([this](const Changes& changes) { heard_.push_back(changes); });
    }
    void change_host(const std::function<void(Host&)>& how) {
        change([&](Edit& edit) -> Result<void> {
            Host host = *EK_TRY(edit.hosts().find(host_));
            how(host);
            return edit.hosts().put(host);
        });
    }
    Names changed() {
        const auto found = *read().to_compile().find(host_);
        return found ? found->changed : Names();
    }
    void forget() {
        change([&](Edit& edit) -> Result<void> {
            const auto seen = EK_TRY(edit.to_compile().find(host_));
            if (seen) EK_CHECK(edit.to_compile().erase_if_unchanged(host_, *seen));
            return {};
        });
    }
    std::vector<std::string> ids_in(const std::string& environment) {
        std::vector<std::string> ids;
        EXPECT_TRUE(read().hosts().each_id_in(environment, [&](std::string_view id) {
            ids.emplace_back(id);
            return true;
        }));
        return ids;
    }
    std::vector<Changes> heard_;
};

TEST_F(ToCompileTest, ANewHostIsCompiledWhole) {
    host_ = "host_0192f0c1-0000-7000-8000-000000000002";
    add_host("db1");
    EXPECT_EQ(changed(), Names{"*"});
    EXPECT_EQ(heard_.back().to_compile, std::vector<std::string>{host_});
}

TEST_F(ToCompileTest, WhatChangesIsNamedAndUnitedWithWhatIsThere) {
    change_host([](Host& host) {
        host.labels.as_object().set("rack", "8");
        host.labels.as_object().set("zone", "a");
        host.facts.as_object().set("os", json::Object{{"id", "fedora"}});
    });
    EXPECT_EQ(changed(), (Names{"host.facts.os", "host.labels.rack", "host.labels.zone"}));
    change_host([](Host& host) {
        host.name = "web9";
        host.environment = "prod/eu";
        host.labels.as_object().erase("role");
    });
    EXPECT_EQ(changed(), (Names{"environment.name", "host.facts.os", "host.labels.rack",
                                "host.labels.role", "host.labels.zone", "host.name"}));
}

TEST_F(ToCompileTest, ASchemaThatComesIsToldOnceToTheHostsThatMayWaitForIt) {
    const std::string awaited(64, 'a');
    const auto report = [this](const std::string& sha256) {
        change([&](Edit& edit) -> Result<void> {
            EK_CHECK(edit.collections().replace(host_, {{.name = "files",
                                                         .plugin = "files 0",
                                                         .schema_sha256 = sha256,
                                                         .schema_version = 1}}));
            return {};
        });
        forget();
    };
    const auto wait = [this] {
        change([&](Edit& edit) { return edit.to_compile().put(host_, {kModelChanged}); });
    };
    const std::string waiting = host_;
    report(awaited);
    wait();
    host_ = "host_0192f0c1-0000-7000-8000-000000000002";
    add_host("waits-for-another");
    report(std::string(64, 'b'));
    wait();
    host_ = "host_0192f0c1-0000-7000-8000-000000000003";
    add_host("does-not-wait");
    report(awaited);
    heard_.clear();
    const auto come = [&] {
        change([&](Edit& edit) { return edit.collections().put_schema(awaited, "{}"); });
    };
    come();
    ASSERT_EQ(heard_.size(), 1U);
    EXPECT_EQ(heard_.back().to_compile, std::vector<std::string>{waiting});
    come();
    EXPECT_EQ(heard_.size(), 1U);
}

TEST_F(ToCompileTest, WhatCompilingDoesNotSeeIsNotNoted) {
    change_host([](Host& host) {
        host.connection = Connection::online;
        host.version = "9";
        host.boot_id = "b";
    });
    EXPECT_FALSE(*read().to_compile().find(host_));
    EXPECT_TRUE(heard_.back().to_compile.empty());
}

TEST_F(ToCompileTest, AHostThatIsRetiredOrComesBackIsCompiledWhole) {
    change_host([](Host& host) { host.name = "web2"; });
    change_host([](Host& host) { host.enrolment = EnrolmentState::retired; });
    EXPECT_EQ(changed(), Names{"*"});
    forget();
    change_host([](Host& host) { host.name = "web3"; });
    EXPECT_EQ(changed(), Names()) << "nobody compiles a retired host";
    change_host([](Host& host) { host.enrolment = EnrolmentState::active; });
    EXPECT_EQ(changed(), Names{"*"});
}

TEST_F(ToCompileTest, WhatChangesAgainMeanwhileIsNotForgotten) {
    change_host([](Host& host) { host.name = "web2"; });
    const HostToCompile seen = **read().to_compile().find(host_);
    change_host([](Host& host) { host.name = "web3"; });
    const auto erase = [&](const HostToCompile& one) {
        bool erased = false;
        change([&](Edit& edit) -> Result<void> {
            erased = EK_TRY(edit.to_compile().erase_if_unchanged(host_, one));
            return {};
        });
        return erased;
    };
    EXPECT_FALSE(erase(seen)) << "the names are the same, and yet it changed";
    EXPECT_EQ(changed(), Names{"host.name"});
    heard_.clear();
    EXPECT_TRUE(erase(**read().to_compile().find(host_)));
    EXPECT_EQ(changed(), Names());
    EXPECT_TRUE(heard_.empty());
}

TEST_F(ToCompileTest, WhatSomebodyHasEditedStaysSoWhenTheHostChangesWhole) {
    const auto put = [&](const Names& names) {
        change([&](Edit& edit) { return edit.to_compile().put(host_, names); });
    };
    put({kModelChanged, kModelEdited});
    put({std::string(kEverything)});
    EXPECT_EQ(changed(), (Names{"*", "edited"}));
    put({"host.name"});
    EXPECT_EQ(changed(), (Names{"*", "edited"}));
    forget();
    put({std::string(kEverything)});
    put({kModelChanged, kModelEdited});
    EXPECT_EQ(changed(), (Names{"*", "edited"}));
}

TEST_F(ToCompileTest, WhatIsHeldIsNotSentByAnEditBefore) {
    change([&](Edit& edit) -> Result<void> {
        EK_CHECK(edit.wanted().put(host_, {.status = WantedStatus::held, .errors = {}}));
        EK_CHECK(edit.to_compile().put(host_, {kModelChanged, kModelEdited}));
        return PlanHostEdits(edit).begin("plan_1", {host_}, {});
    });
    const auto seen = **read().to_compile().find(host_);
    change([&](Edit& edit) { return edit.wanted().hold(host_); });
    EXPECT_EQ(changed(), Names{"model"});
    EXPECT_NE((*read().to_compile().find(host_))->number, seen.number)
        << "a release of before would count";
    EXPECT_EQ(PlanHosts(read()).tally("plan_1")->failed, 1U);

    forget();
    change([&](Edit& edit) { return edit.wanted().put(host_, {.errors = {}}); });
    change([&](Edit& edit) { return edit.wanted().hold(host_); });
    EXPECT_EQ(changed(), Names{"model"});
    EXPECT_EQ(last_event("host.compiled")["wanted"].string_or("status"), "held");
}

TEST_F(ToCompileTest, CollectionsAreNotedWhenTheyDiffer) {
    const auto report = [&](std::vector<Collection> all) {
        change([&](Edit& edit) { return edit.collections().replace(host_, all); });
    };
    Collection files{.name = "files", .plugin = "files", .schema_sha256 = "a"};
    Collection packages{.name = "packages", .plugin = "apt", .schema_sha256 = "b"};
    report({packages, files});
    EXPECT_EQ(changed(), Names{"collections"});
    forget();
    heard_.clear();
    report({files, packages});
    EXPECT_EQ(changed(), Names()) << "the order says nothing";
    EXPECT_TRUE(heard_.empty()) << "nothing was written";
    files.schema_sha256 = "c";
    report({files, packages});
    EXPECT_EQ(changed(), Names{"collections"});
    EXPECT_EQ((*read().collections().find(host_, "files"))->schema_sha256, "c");
}

TEST_F(ToCompileTest, WhatTheLastEditTakesAwayIsKept) {
    const auto going = [this] { return (*read().to_compile().find(host_))->going; };
    const std::set<std::string> first{going_code({"files", "/a"}), going_code({"files", "/b"})};
    const std::set<std::string> second{going_code({"users", "b"})};
    EXPECT_EQ(first.size(), 2U);
    change([&](Edit& edit) { return edit.to_compile().put(host_, {kModelEdited}); });
    EXPECT_TRUE(going().empty());
    change([&](Edit& edit) { return edit.to_compile().put(host_, {kModelEdited}, first); });
    EXPECT_EQ(going(), first);
    change([&](Edit& edit) { return edit.to_compile().put(host_, {kModelChanged}); });
    EXPECT_EQ(going(), first) << "nobody has edited";
    change([&](Edit& edit) { return edit.to_compile().put(host_, {kModelEdited}, second); });
    EXPECT_EQ(going(), second) << "an edit shows all that goes then";
}

TEST_F(ToCompileTest, AllOfThemAreFound) {
    change_host([](Host& host) { host.name = "web2"; });
    std::vector<std::string> found;
    EXPECT_TRUE(read().to_compile().each([&](std::string_view host, const HostToCompile& one) {
        EXPECT_EQ(one.changed, Names{"host.name"});
        found.emplace_back(host);
        return true;
    }));
    EXPECT_EQ(found, std::vector<std::string>{host_});
}

TEST_F(ToCompileTest, TheActiveHostsOfAnEnvironmentAndOfThoseBelowItAreFound) {
    const std::string first = host_;
    change_host([](Host& host) { host.environment = "prod/eu"; });
    std::vector<std::string> ids{first};
    for (const char* environment : {"prod", "prod-2", "prod/eu/west"}) {
        host_.back() = static_cast<char>(host_.back() + 1);
        add_host(host_);
        change_host([&](Host& host) { host.environment = environment; });
        ids.push_back(host_);
    }
    EXPECT_EQ(ids_in("prod"), (std::vector<std::string>{ids[1], ids[0], ids[3]}));
    EXPECT_EQ(ids_in("prod/eu"), (std::vector<std::string>{ids[0], ids[3]}));
    EXPECT_EQ(ids_in("").size(), 4U);
    EXPECT_TRUE(*read().hosts().has_hosts_in("prod"));
    EXPECT_FALSE(*read().hosts().has_hosts_in("default"));
    EXPECT_FALSE(*read().hosts().has_hosts_in("pro"));
    host_ = ids[1];
    change_host([](Host& host) { host.enrolment = EnrolmentState::retired; });
    EXPECT_FALSE(*read().hosts().has_hosts_in("prod"));
    EXPECT_EQ(ids_in("prod"), (std::vector<std::string>{ids[0], ids[3]}));
    std::vector<std::string> names;
    EXPECT_TRUE(read().hosts().each_in("prod", [&](const Host& host) {
        names.push_back(host.name);
        return false;
    }));
    EXPECT_EQ(names, std::vector<std::string>{"web1"});
}

TEST_F(ToCompileTest, ObjectsOfTheModelAreToldByKindAndName) {
    const ModelObject object{.revision = 1, .body = json::Object{}};
    change([&](Edit& edit) {
        return edit.model_objects().put(ModelKind::setting, "global port", object);
    });
    change([&](Edit& edit) -> Result<void> {
        EK_CHECK(edit.model_objects().put(ModelKind::environment, "prod/eu", object));
        return edit.model_objects().erase(ModelKind::setting, "global port", object.revision);
    });
    const auto& told = heard_.back().model_objects;
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0].kind, ModelKind::environment);
    EXPECT_EQ(told[0].name, "prod/eu");
    EXPECT_EQ(told[1].kind, ModelKind::setting);
    EXPECT_EQ(told[1].name, "global port");
}

TEST_F(ToCompileTest, WhatAHostShallHaveIsKeptAndTold) {
    EXPECT_FALSE(*read().wanted().find(host_));
    const Wanted wanted{.status = WantedStatus::error,
                        .errors = {{"web", "/resources/0/id", "unknown-name", "there is no port"}},
                        .revision = 7};
    change([&](Edit& edit) { return edit.wanted().announce(host_, wanted); });
    EXPECT_EQ(**read().wanted().find(host_), wanted);
    EXPECT_EQ(last_event("host.compiled")["wanted"].string_or("status"), "error");
    change([&](Edit& edit) -> Result<void> {
        return edit.hosts().announce(*EK_TRY(edit.hosts().find(host_)));
    });
    const json::Value shown = last_event("host.changed")["wanted"];
    EXPECT_EQ(shown["errors"].as_array().at(0).string_or("code"), "unknown-name");
    change([&](Edit& edit) { return edit.wanted().erase(host_); });
    EXPECT_FALSE(*read().wanted().find(host_));
}

}  // namespace
}  // namespace evenkeel::state
