#include <utility>

#include "orchestrator/commands/describe.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::commands {
namespace {

using state::CommandState;
using Owners = std::vector<state::Owner>;

const Owners kWeb = {{.assignment = "web", .application = "nginx", .version = 3}};
const Owners kTwo = {{.assignment = "base", .application = "os", .version = 1},
                     {.assignment = "web",
                      .application = "nginx",
                      .version = 4,
                      .on_leave = state::OnLeave::remove}};

class OwnersTest : public test::StateTest {
  protected:
    DescriptionRequest request(const std::string& id, const std::string& content) {
        DescriptionRequest request;
        request.ref = {"files", id};
        request.description = json::Object{{"content", content}};
        request.schema = schema_;
        return request;
    }
    Requester by(Authority authority) {
        return {.host = host_,
                .request_id = "r",
                .authority = authority,
                .on_owned = [this](const state::Resource& owned, const std::string& at) {
                    told_.emplace_back(owned.ref.id, at);
                }};
    }
    Result<state::Command> try_put(Authority authority, std::vector<DescriptionRequest> requests) {
        return try_make(
            [&](state::Edit& edit) { return describe(edit, protector_, by(authority), requests); });
    }
    state::Command put(Authority authority, DescriptionRequest request) {
        auto made = try_put(authority, {std::move(request)});
        EXPECT_TRUE(made) << made.error().what;
        return made.value_or(state::Command());
    }
    state::Command compile(const std::string& id, const std::string& content,
                           const Owners& owners = kWeb) {
        DescriptionRequest compiled = request(id, content);
        compiled.owners = owners;
        return put(Authority::compiled, std::move(compiled));
    }
    Result<state::Command> try_remove(Authority authority, const std::string& id) {
        return try_make([&](state::Edit& edit) {
            return remove(edit, protector_, by(authority), {"files", id});
        });
    }
    Result<state::Command> try_forget(Authority authority, const std::string& id) {
        return try_make([&](state::Edit& edit) {
            return forget(edit, by(authority), {"files", id});
        });
    }
    Result<void> try_own(const std::string& id, const Owners& owners) {
        return try_change([&](state::Edit& edit) {
            return own(edit, host_, {"files", id}, owners);
        });
    }
    std::string content(const std::string& id) {
        return description(resource(id)->body, id).string_or("content");
    }
    std::size_t queued() { return read().commands().queued(host_, 0, 100)->size(); }

    std::vector<std::pair<std::string, std::string>> told_;

  private:
    Result<state::Command> try_make(
        const std::function<Result<state::Command>(state::Edit&)>& make) {
        state::Command made;
        const auto done = try_change([&](state::Edit& edit) -> Result<void> {
            told_.clear();
            made = EK_TRY(make(edit));
            return {};
        });
        if (!done) return fail(done.error());
        return made;
    }
};

TEST_F(OwnersTest, WhatWasCompiledHasOwnersAndWhatWasPutDirectlyNone) {
    compile("/a", "1", kTwo);
    EXPECT_EQ(resource("/a")->owners, kTwo);
    DescriptionRequest direct = request("/b", "1");
    direct.owners = kWeb;
    put(Authority::direct, direct);
    EXPECT_TRUE(resource("/b")->owners.empty());
    put(Authority::overriding, request("/c", "1"));
    EXPECT_FALSE(resource("/c")->overrides) << "there is nothing to outweigh";
    compile("/b", "2");
    EXPECT_EQ(resource("/b")->owners, kWeb) << "adopted";
    EXPECT_EQ(content("/b"), "2");
}

TEST_F(OwnersTest, DirectRequestsOnOwnedOnesAreRefusedAndToldOfEach) {
    compile("/a", "1");
    compile("/b", "1");
    std::vector<DescriptionRequest> requests;
    for (const char* id : {"/c", "/a", "/b"}) {
        requests.push_back(request(id, "2"));
        requests.back().at = "/resources" + std::string(id);
    }
    const auto refused = try_put(Authority::direct, requests);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_EQ(refused.error().what,
              "files /a is owned by the assignment web (application nginx, version 3)");
    EXPECT_EQ(told_, (std::vector<std::pair<std::string, std::string>>{{"/a", "/resources/a"},
                                                                       {"/b", "/resources/b"}}));
    EXPECT_FALSE(resource("/c"));
    EXPECT_EQ(content("/a"), "1");
    for (const auto& done :
         {try_remove(Authority::direct, "/a"), try_forget(Authority::direct, "/a")}) {
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, Errc::conflict);
        EXPECT_EQ(told_.size(), 1U);
    }
    EXPECT_TRUE(resource("/a"));
    const auto view = read();
    told_.clear();
    EXPECT_FALSE(refuse_present(view, by(Authority::direct), requests));
    EXPECT_EQ(told_.size(), 2U) << "a dry run says the same";
}

TEST_F(OwnersTest, AnOverrideWinsWholeAndIsOutOfReachForTheCompiler) {
    compile("/a", "1");
    put(Authority::overriding, request("/a", "mine"));
    EXPECT_EQ(content("/a"), "mine");
    EXPECT_EQ(resource("/a")->owners, kWeb);
    EXPECT_TRUE(resource("/a")->overrides);
    EXPECT_FALSE(try_put(Authority::direct, {request("/a", "again")})) << "it has to say so again";
    const auto compiled = try_put(Authority::compiled, {request("/a", "2")});
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error().code, Errc::conflict);
    EXPECT_TRUE(told_.empty() || told_.front().first == "/a");
    EXPECT_FALSE(try_remove(Authority::compiled, "/a"));
    EXPECT_FALSE(try_forget(Authority::compiled, "/a"));
    EXPECT_EQ(content("/a"), "mine");
}

TEST_F(OwnersTest, AnOverrideThatSaysTheSameIsToldWithoutANewGeneration) {
    compile("/a", "1");
    const state::Resource before = *resource("/a");
    put(Authority::overriding, request("/a", "1"));
    EXPECT_EQ(resource("/a")->generation, before.generation);
    EXPECT_TRUE(resource("/a")->overrides);
    EXPECT_GT(resource("/a")->revision, before.revision);
    EXPECT_EQ(last_event("description.changed").string_or("reason"), "owners");
}

TEST_F(OwnersTest, ForgettingAnOverrideEndsItAndKeepsTheDescriptionUntilItIsCompiledAgain) {
    compile("/a", "1");
    DescriptionRequest dependent = request("/b", "1");
    dependent.owners = kWeb;
    dependent.relations.required = {{"files", "/a"}};
    put(Authority::compiled, dependent);
    put(Authority::overriding, request("/a", "mine"));
    const std::size_t waiting = queued();
    const auto ended = try_forget(Authority::direct, "/a");
    ASSERT_TRUE(ended) << ended.error().what;
    EXPECT_EQ(ended->verb, wire::Verb::forget);
    EXPECT_EQ(command(ended->id).state, CommandState::succeeded);
    EXPECT_EQ(command(ended->id).resources.at(0).outcome, wire::Outcome::done);
    EXPECT_EQ(queued(), waiting) << "nothing is sent, nothing is superseded";
    EXPECT_EQ(content("/a"), "mine");
    EXPECT_FALSE(resource("/a")->overrides);
    EXPECT_EQ(resource("/a")->owners, kWeb);
    compile("/a", "2");
    EXPECT_EQ(content("/a"), "2");
    EXPECT_FALSE(try_forget(Authority::direct, "/a")) << "now it is owned only";
}

TEST_F(OwnersTest, ADeleteThatOverridesDescribesItAsAbsent) {
    compile("/a", "1");
    const auto made = try_remove(Authority::overriding, "/a");
    ASSERT_TRUE(made) << made.error().what;
    EXPECT_EQ(made->verb, wire::Verb::apply);
    EXPECT_EQ(description(resource("/a")->body, "/a"), (json::Object{{"ensure", "absent"}}));
    EXPECT_FALSE(resource("/a")->removing);
    EXPECT_TRUE(resource("/a")->overrides);
    EXPECT_EQ(resource("/a")->owners, kWeb);
}

TEST_F(OwnersTest, OwnersChangeWithoutACommand) {
    compile("/a", "1");
    const state::Resource before = *resource("/a");
    const std::size_t events = event_types().size();
    ASSERT_TRUE(try_own("/a", kTwo));
    EXPECT_EQ(resource("/a")->owners, kTwo);
    EXPECT_EQ(resource("/a")->generation, before.generation);
    EXPECT_EQ(resource("/a")->body, before.body);
    EXPECT_GT(resource("/a")->revision, before.revision) << "the ETag";
    EXPECT_EQ(last_event("description.changed").string_or("reason"), "owners");
    EXPECT_EQ(event_types().size(), events + 1);
    ASSERT_TRUE(try_own("/a", kTwo));
    EXPECT_EQ(event_types().size(), events + 1) << "nothing new";

    put(Authority::overriding, request("/a", "mine"));
    ASSERT_TRUE(try_own("/a", kWeb));
    EXPECT_TRUE(resource("/a")->overrides);
    ASSERT_TRUE(try_own("/a", {}));
    EXPECT_FALSE(resource("/a")->overrides) << "nobody is left to outweigh";
    put(Authority::direct, request("/a", "2"));

    EXPECT_EQ(try_own("/none", kWeb).error().code, Errc::not_found);
    ASSERT_TRUE(try_remove(Authority::direct, "/a"));
    EXPECT_EQ(try_own("/a", kWeb).error().code, Errc::conflict);
}

TEST_F(OwnersTest, WhatIsRemovedForItsLastOwnerBelongsToNobody) {
    compile("/a", "1");
    ASSERT_TRUE(try_remove(Authority::compiled, "/a"));
    EXPECT_TRUE(resource("/a")->removing);
    EXPECT_TRUE(resource("/a")->owners.empty());
    ASSERT_TRUE(try_remove(Authority::compiled, "/a")) << "once more";
    put(Authority::direct, request("/a", "mine"));
    for (const auto& done :
         {try_remove(Authority::compiled, "/a"), try_forget(Authority::compiled, "/a")}) {
        ASSERT_FALSE(done) << "described directly meanwhile";
        EXPECT_EQ(done.error().code, Errc::conflict);
    }
    compile("/b", "1");
    ASSERT_TRUE(try_forget(Authority::compiled, "/b"));
    EXPECT_FALSE(resource("/b"));
}

}  // namespace
}  // namespace evenkeel::commands
