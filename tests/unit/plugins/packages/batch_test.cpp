#include "plugins/packages/batch.hpp"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::packages {
namespace {

using test::CallFrame;

// A package manager that has every package but `unknown` in version 1. It refuses all of what it is
// asked at once when one of it is `refused`, and `breaking` ones do not come about. Somebody takes
// `losing` ones off their hold meanwhile.
class FakeBackend : public Backend {
  public:
    std::set<std::string> present, held, automatic, losing, unknown, refused, breaking;
    std::map<std::string, std::string> required;
    std::string did;  // each run

    std::string_view name() const override { return "fake"; }
    void require_canonical(std::string_view) override {}
    std::optional<Package> find(std::string_view id) override {
        const std::string name(id);
        if (present.count(name) == 0) return std::nullopt;
        return Package{name, "1", "installed", held.count(name) != 0};
    }
    std::vector<Package> all() override { return {}; }
    std::vector<Available> available(const sdk::Call&,
                                     const std::vector<std::string>& ids) override {
        std::vector<Available> all;
        for (const std::string& id : ids)
            all.push_back(
                {unknown.count(id) != 0 ? std::nullopt : std::optional<std::string>("1"), false});
        return all;
    }
    void simulate(const sdk::Call&, const std::vector<Step>& steps) override {
        std::set<std::string> coming = present;
        for (const Step& step : steps) coming.insert(step.id);
        for (const Step& step : steps) {
            if (refused.count(step.id) != 0) throw sdk::Failure(EK_E_CONFLICT, "not " + step.id);
            if (required.count(step.id) != 0 && coming.count(required[step.id]) == 0)
                throw sdk::Failure(EK_E_CONFLICT, step.id + " needs " + required[step.id]);
        }
    }
    std::vector<StepError> apply(const sdk::Call&, const std::vector<Step>& steps) override {
        bool breaks = false;
        for (const Step& step : steps) {
            did += (step.version ? "+" : "-") + step.id;
            if (losing.count(step.id) != 0) held.erase(step.id);
            breaks = breaks || breaking.count(step.id) != 0;
        }
        did += ";";
        std::vector<StepError> errors(steps.size());
        for (std::size_t at = 0; at < steps.size(); ++at) {
            if (breaks) errors[at] = sdk::Failure(EK_E_INTERNAL, "broken by " + did);
            if (!breaks && steps[at].version) present.insert(steps[at].id);
            if (!breaks && !steps[at].version) present.erase(steps[at].id);
        }
        return errors;
    }
    bool is_held(std::string_view id) override { return held.count(std::string(id)) != 0; }
    std::optional<bool> is_automatic(const sdk::Call&, std::string_view id) override {
        return automatic.count(std::string(id)) != 0;
    }
    void set_manual(const sdk::Call&, const std::vector<std::string>& ids) override {
        for (const std::string& id : ids) {
            did += "manual " + id + " ";
            if (breaking.count(id) != 0) throw sdk::Failure(EK_E_INTERNAL, "not " + id);
            automatic.erase(id);
        }
        did += ";";
    }
    void set_hold(const sdk::Call&, const std::vector<std::string>& ids, bool hold) override {
        for (const std::string& id : ids) {
            did += (hold ? "hold " : "unhold ") + id + " ";
            hold ? void(held.insert(id)) : void(held.erase(id));
        }
        did += ";";
    }
    std::unique_ptr<Watcher> watch(const sdk::WatchHost&) override { return nullptr; }
};

class PackagesBatch : public testing::Test {
  protected:
    // Each entry's failure, "" where it came about.
    std::vector<std::string> run(const std::vector<sdk::Entry>& entries) {
        std::vector<PackagePlan> batch = plan_batch(call_.call(), backend_, entries);
        apply_batch(call_.call(), backend_, batch);
        std::vector<std::string> failures;
        for (const PackagePlan& each : batch)
            failures.push_back(each.failure ? each.failure->what() : "");
        return failures;
    }

    CallFrame call_;
    FakeBackend backend_;
};

using Failures = std::vector<std::string>;

TEST_F(PackagesBatch, IsOneRun) {
    backend_.present = {"c", "d"};
    EXPECT_EQ(run({{"a", "{}"}, {"b", R"({"hold":true})"}, {"c", std::nullopt}, {"d", "{}"}}),
              (Failures{"", "", "", ""}));
    EXPECT_EQ(backend_.did, "+a+b-c;hold b ;");
}

TEST_F(PackagesBatch, GoesOnWithoutWhatCannotBe) {
    backend_.unknown = {"nowhere"};
    backend_.refused = {"b"};
    EXPECT_EQ(run({{"a", "{}"}, {"nowhere", "{}"}, {"b", "{}"}, {"c", "{}"}}),
              (Failures{"", "no source of this machine has a package nowhere", "not b", ""}));
    EXPECT_EQ(backend_.did, "+a+c;");
}

TEST_F(PackagesBatch, KeepsTogetherWhatNeedsEachOther) {
    backend_.required = {{"app", "library"}};
    backend_.refused = {"bad"};
    EXPECT_EQ(run({{"app", "{}"}, {"library", "{}"}, {"bad", "{}"}}),
              (Failures{"", "", "not bad"}));
    EXPECT_EQ(backend_.did, "+app+library;");
}

TEST_F(PackagesBatch, ShowsWhichOneHasKeptTheOthersFromIt) {
    backend_.breaking = {"bad"};
    EXPECT_EQ(run({{"a", "{}"}, {"bad", R"({"hold":true})"}, {"c", "{}"}}),
              (Failures{"", "broken by +a+bad+c;+a;+bad;", ""}));
    EXPECT_EQ(backend_.did, "+a+bad+c;+a;+bad;+c;");
    EXPECT_TRUE(backend_.held.empty()) << "what is not there is not held";
}

TEST_F(PackagesBatch, HoldsWhatIsDescribedSoThoughItWasUndoneMeanwhile) {
    backend_.present = backend_.held = {"a", "b", "c"};
    backend_.losing = {"a", "c"};
    run({{"a", R"({"hold":true,"version":"2"})"},
         {"b", R"({"hold":true,"version":"2"})"},
         {"c", R"({"version":"2"})"}});
    EXPECT_EQ(backend_.did, "+a+b+c;hold a ;");
    EXPECT_EQ(backend_.held, (std::set<std::string>{"a", "b"})) << "c is for others to say";
}

TEST_F(PackagesBatch, MarksAtOnceWhatWasThereOnlyForOthers) {
    backend_.present = backend_.automatic = {"a", "b", "other"};
    const std::vector<sdk::Entry> entries = {{"a", "{}"}, {"b", "{}"}, {"c", "{}"}};
    const CallFrame dry(EK_CALL_DRY_RUN);
    std::vector<PackagePlan> planned = plan_batch(dry.call(), backend_, entries);
    planned[0].changes.report(call_.call(), EK_OUT_PLANNED);
    EXPECT_EQ(call_.differences, "/automatic true>false;");
    EXPECT_EQ(run(entries), (Failures{"", "", ""}));
    EXPECT_EQ(backend_.did, "+c;manual a manual b ;");
    EXPECT_EQ(backend_.automatic, std::set<std::string>{"other"}) << "nobody describes it";
    backend_.did.clear();
    EXPECT_EQ(run(entries), (Failures{"", "", ""}));
    EXPECT_EQ(backend_.did, "") << "a second apply is empty";
}

TEST_F(PackagesBatch, MarksOneByOneWhereThatFails) {
    backend_.present = backend_.automatic = {"a", "bad"};
    backend_.breaking = {"bad"};
    EXPECT_EQ(run({{"bad", "{}"}, {"a", "{}"}}), (Failures{"not bad", ""}));
    EXPECT_EQ(backend_.automatic, std::set<std::string>{"bad"});
}

TEST_F(PackagesBatch, KnowsTheHoldOfWhatIsNotThere) {
    struct Case {
        std::optional<std::string> description;
        const char* did;
        const char* changes;  // of the hold
        bool held;
    };
    const Case cases[] = {
        {"{}", "+a;", "", true},
        {R"({"hold":true})", "+a;", "", true},
        {R"({"hold":false})", "+a;unhold a ;", "/hold true>false;", false},
        {std::nullopt, "", "", true},
    };
    for (const Case& each : cases) {
        backend_ = FakeBackend();
        backend_.held = {"a"};
        const std::vector<sdk::Entry> entries = {{"a", each.description}};
        CallFrame call;
        plan_batch(call.call(), backend_, entries)[0].changes.report(call.call(), EK_OUT_PLANNED);
        const auto at = call.differences.find("/hold");
        EXPECT_EQ(at == std::string::npos ? "" : call.differences.substr(at), each.changes);
        EXPECT_EQ(run(entries), Failures{""});
        EXPECT_EQ(backend_.did, each.did);
        EXPECT_EQ(backend_.held.count("a") != 0, each.held);
        EXPECT_EQ(run(entries), Failures{""});
        EXPECT_EQ(backend_.did, each.did) << "a second apply is empty";
    }
}

TEST_F(PackagesBatch, OfNothingToDoRunsNothing) {
    backend_.present = {"a"};
    EXPECT_EQ(run({{"a", "{}"}, {"gone", std::nullopt}}), (Failures{"", ""}));
    EXPECT_EQ(backend_.did, "");
}

}  // namespace
}  // namespace evenkeel::packages
