#include "tests/unit/orchestrator/plans/random_model.hpp"

#include <algorithm>

#include "orchestrator/plans/groups.hpp"
#include "orchestrator/plans/hash.hpp"
#include "orchestrator/plans/touched.hpp"
#include "tests/unit/orchestrator/plans/fleet.hpp"

// Whatever the model, its hosts and their changes: who is not touched has the same as before, and
// what is done is what was planned.
namespace evenkeel::plans {
namespace {

constexpr int kRounds = 150;

using Compiled = std::map<std::string, std::string>;  // by host

class RandomModelTest : public ::testing::Test {
  protected:
    RandomModelTest() {
        for (int i = 0; i < 8; ++i) {
            const std::string id = "h" + std::to_string(i);
            hosts_.emplace(id, random_.host(id));
        }
        std::vector<ObjectChange> changes;
        for (const char* name : {"prod", "prod/eu", "stage"}) {
            changes.push_back(put(ModelKind::environment, name, "{}"));
        }
        for (const char* name : {"one", "two", "three"}) {
            changes.push_back(
                put(ModelKind::application, name, json::write(random_.application_body())));
        }
        for (const char* name : {"p", "q", "r", "s"}) {
            changes.push_back(put(ModelKind::assignment, name,
                                  R"({"application": ")" + random_.application() + R"("})"));
        }
        model_ = editing_.edit(model_, changes, hosts_).model;
    }

    Compiled compile_all(const model::Model& model) const {
        Compiled compiled;
        for (const auto& [id, host] : hosts_) {
            compiled[id] = text_of(compile_host(model, hosts_, host));
        }
        return compiled;
    }

    // An edit that is right.
    model::Edited random_edit() {
        while (true) {
            std::vector<ObjectChange> changes;
            for (std::size_t i = 0; i < 1 + random_.below(3); ++i) {
                changes.push_back(random_.change());
            }
            model::Edited edited = editing_.edit(model_, changes, hosts_);
            if (edited.wrong.empty()) return edited;
        }
    }

    Random random_{29};
    Editing editing_;
    model::Model model_;
    Hosts hosts_;
};

TEST_F(RandomModelTest, AnEditTouchesAllHostsThatDiffer) {
    ModelIndex index(model_);
    std::size_t untouched = 0;
    std::size_t differing = 0;
    for (int round = 0; round < kRounds; ++round) {
        const Compiled before = compile_all(model_);
        model::Edited edited = random_edit();
        const ModelIndex next(index, edited.model, edited.writes);
        const TouchedHosts touched = plans::touched(index, next, edited.writes);
        const TouchedHosts anew =
            plans::touched(ModelIndex(model_), ModelIndex(edited.model), edited.writes);
        const HostLookUp look_up = touched.look_up();
        const Compiled after = compile_all(edited.model);
        for (const auto& [id, host] : hosts_) {
            const bool is_touched = touched.contains(host);
            EXPECT_EQ(is_touched, anew.contains(host));
            if (before.at(id) != after.at(id)) {
                ++differing;
                EXPECT_TRUE(is_touched) << before.at(id) << " -> " << after.at(id);
            }
            if (!is_touched) {
                ++untouched;
                continue;
            }
            const bool is_found =
                look_up.is_all ||
                std::find(look_up.hosts.begin(), look_up.hosts.end(), id) != look_up.hosts.end() ||
                std::any_of(look_up.environments.begin(), look_up.environments.end(),
                            [&](const std::string& root) {
                                return compile::is_within(host.environment, root);
                            });
            EXPECT_TRUE(is_found) << id;
        }
        model_ = std::move(edited.model);
        index = next;
    }
    // Neither everything nor nothing.
    EXPECT_GT(differing, 30U);
    EXPECT_GT(untouched, 100U);
}

// What changes of a host, and the names of it.
std::vector<std::string> change_host(Random& random, compile::Host& host) {
    const compile::Host before = host;
    const compile::Host other = random.host(host.id);
    std::vector<std::string> names;
    if (random.one_in(2)) host.labels = other.labels;
    if (random.one_in(2)) host.facts = other.facts;
    if (random.one_in(4)) host.environment = other.environment;
    for (const char* label : {"role", "zone"}) {
        if (before.labels[label] != host.labels[label]) {
            names.push_back(std::string("host.labels.") + label);
        }
    }
    if (before.facts != host.facts) names.emplace_back("host.facts.os");
    if (before.environment != host.environment) names.emplace_back("environment.name");
    if (random.one_in(8)) names = {"*"};
    return names;
}

TEST_F(RandomModelTest, AHostThatChangesTouchesAllThatDiffer) {
    std::size_t untouched = 0;
    std::size_t differing = 0;
    for (int round = 0; round < kRounds; ++round) {
        if (round % 4 == 0) model_ = random_edit().model;
        const ModelIndex index(model_);
        const Compiled before = compile_all(model_);
        compile::Host& host = hosts_.at(random_.host_id());
        const compile::Host old = host;
        const std::vector<std::string> names = change_host(random_, host);
        const Compiled after = compile_all(model_);
        // Whether or not it is known what it was.
        for (const compile::Host* known : {&old, static_cast<const compile::Host*>(nullptr)}) {
            const TouchedByHost touched = touched_by(index, {known, &host, names});
            for (const auto& [id, other] : hosts_) {
                const bool is_touched =
                    (touched.is_itself && id == host.id) ||
                    std::any_of(touched.rules.begin(), touched.rules.end(),
                                [&](const TouchedRule& each) { return each.touches(other); });
                if (before.at(id) != after.at(id)) {
                    ++differing;
                    EXPECT_TRUE(is_touched) << before.at(id) << " -> " << after.at(id);
                }
                if (!is_touched) ++untouched;
            }
        }
    }
    EXPECT_GT(differing, 30U);
    EXPECT_GT(untouched, 100U);
}

TEST_F(RandomModelTest, AHostThatComesOrGoesTouchesAllThatDiffer) {
    std::size_t differing = 0;
    for (int round = 0; round < kRounds; ++round) {
        if (round % 4 == 0) model_ = random_edit().model;
        const ModelIndex index(model_);
        const Compiled with = compile_all(model_);
        const auto node = hosts_.extract(random_.host_id());
        const compile::Host& host = node.mapped();
        const Compiled without = compile_all(model_);
        const TouchedByHost goes = touched_by(index, {&host, nullptr, {"*"}});
        const TouchedByHost gone = touched_by(index, {nullptr, nullptr, {"*"}});
        const TouchedByHost comes = touched_by(index, {nullptr, &host, {"*"}});
        EXPECT_TRUE(comes.is_itself);
        for (const auto& [id, other] : hosts_) {
            if (with.at(id) == without.at(id)) continue;
            ++differing;
            for (const TouchedByHost* touched : {&goes, &gone, &comes}) {
                EXPECT_TRUE(
                    std::any_of(touched->rules.begin(), touched->rules.end(),
                                [&](const TouchedRule& each) { return each.touches(other); }));
            }
        }
        compile::Host again = random_.host(host.id);
        hosts_.emplace(again.id, std::move(again));
    }
    EXPECT_GT(differing, 30U);
}

// Errors may be conflicts with what was put directly: then nothing is done.
TEST_F(RandomModelTest, WhatIsDoneIsWhatWasPlannedAndNothingIsLeft) {
    std::map<std::string, DescribedHost> described;
    std::size_t done = 0;
    for (int round = 0; round < kRounds; ++round) {
        model_ = random_edit().model;
        for (const auto& [id, host] : hosts_) {
            DescribedHost& has = described[id];
            const compile::Compiled wanted = compile_host(model_, hosts_, host);
            const HostDifference difference = has.difference(wanted);
            const std::string before = has.owned();
            has.apply(difference);
            if (!difference.errors.empty()) {
                EXPECT_EQ(has.owned(), before);
                continue;
            }
            done += difference.resources.size();
            EXPECT_EQ(has.owned(), text_of(wanted));
            EXPECT_TRUE(has.difference(wanted).empty());
        }
    }
    EXPECT_GT(done, 100U);
}

// Of all hosts from nothing: what comes first must not matter anywhere.
std::string shown_of(Random& random, const model::Model& model, const Hosts& hosts,
                     std::map<std::string, DescribedHost>& described) {
    std::vector<std::string> ids;
    for (const auto& [id, host] : hosts) ids.push_back(id);
    random.shuffle(ids);
    Groups groups;
    PlanHash hash([](std::string_view text) { return std::string(text); });
    for (const std::string& id : ids) {
        auto has = described[id].described();
        compile::Compiled wanted = compile_host(model, hosts, hosts.at(id));
        random.shuffle(has);
        random.shuffle(wanted.resources);
        const HostDifference difference =
            plans::difference(std::move(has), std::move(wanted), described[id].sources(false));
        hash.add(id, difference);
        groups.add({id, id}, difference, [&](const ResourceDifference& each) {
            return json::Array{json::Object{{"path", id}, {"before", each.ref.id}}};
        });
    }
    std::string text = hash.finish() + json::write(encode(groups.summary()));
    const GroupList list = groups.finish();
    for (const Group& group : list.groups) text += json::write(encode(group));
    for (const ErrorGroup& group : list.errors) text += json::write(encode(group));
    return text;
}

TEST_F(RandomModelTest, OrderNeverMatters) {
    std::map<std::string, DescribedHost> described;
    for (int round = 0; round < kRounds / 4; ++round) {
        model_ = random_edit().model;
        const std::string shown = shown_of(random_, model_, hosts_, described);
        EXPECT_EQ(shown, shown_of(random_, model_, hosts_, described));
        for (const auto& [id, host] : hosts_) {
            described[id].apply(described[id].difference(compile_host(model_, hosts_, host)));
        }
    }
}

}  // namespace
}  // namespace evenkeel::plans
