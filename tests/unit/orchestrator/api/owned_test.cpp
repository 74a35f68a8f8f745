#include "orchestrator/api/owned.hpp"

#include <utility>

#include "core/base/time.hpp"
#include "orchestrator/api/access.hpp"
#include "orchestrator/api/change_routes.hpp"
#include "orchestrator/api/component_schemas.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/event_feed.hpp"
#include "orchestrator/api/fleet_apply.hpp"
#include "orchestrator/api/list_feed.hpp"
#include "orchestrator/api/metrics.hpp"
#include "orchestrator/api/page_queue.hpp"
#include "orchestrator/api/plan_progress.hpp"
#include "orchestrator/hosts/fleet_totals.hpp"
#include "orchestrator/http/target.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/plans/reader.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::api {
namespace {

const std::vector<state::Owner> kWeb = {
    {.assignment = "web", .application = "nginx", .version = 3}};
const char* const kWords = "files /a is owned by the assignment web (application nginx, version 3)";
const char* const kA = "/v1/hosts/web1/resources/files/%2Fa";

// The parts that the routes of resources use. No host is connected.
struct Parts {
    Parts(run::Loop& loop, state::State& state, const secrets::Protector& protector,
          const state::SchemaCache& schemas)
        : presence(std::chrono::seconds(10), now_monotonic_ms()),
          waiters(loop, state),
          access(loop, state),
          feed(loop, state),
          lists(loop, state, presence.silence_max()),
          pages(loop, state),
          fleet_applies(loop, state),
          planner(loop, state, protector, schemas),
          reader(state, [this] { return planner.index(); }),
          progress(loop, state, [](const std::string&) { return false; }),
          bus({.loop = loop,
               .state = state,
               .protector = protector,
               .schemas = schemas,
               .presence = presence,
               .allow_list = allow_list,
               .heartbeat = std::chrono::seconds(10)},
              {}, {}),
          context{.loop = loop,
                  .state = state,
                  .protector = protector,
                  .schemas = schemas,
                  .presence = presence,
                  .totals = totals,
                  .bus = bus,
                  .waiters = waiters,
                  .access = access,
                  .feed = feed,
                  .lists = lists,
                  .pages = pages,
                  .fleet_applies = fleet_applies,
                  .planner = planner,
                  .reader = reader,
                  .progress = progress,
                  .changes = changes,
                  .metrics = metrics,
                  .enrolment_port = {},
                  .rest_server = {}} {}

    hosts::AllowList allow_list;
    hosts::Presence presence;
    hosts::FleetTotals totals;
    Waiters waiters;
    Access access;
    EventFeed feed;
    ListFeed lists;
    PageQueue pages;
    FleetApplies fleet_applies;
    plans::Planner planner;
    plans::Reader reader;
    PlanProgress progress;
    ChangeRoutes changes;
    Metrics metrics;
    bus::Bus bus;
    Context context;
};

struct Answered {
    int status = 0;
    json::Value body;
    std::string code() const { return body.string_or("code"); }
};

class OwnedTest : public test::StateTest {
  protected:
    void SetUp() override {
        StateTest::SetUp();
        change([&](state::Edit& edit) -> Result<void> {
            state::Host host = EK_TRY(edit.hosts().find(host_)).value();
            host.stream.clear();  // never connected: it may be described everything
            return edit.hosts().put(host);
        });
        parts_.emplace(loop_, *state_, protector_, schemas_);
        auto built = http::Router::build(
            all_routes(parts_->context),
            {.authorize = [](http::Request& request,
                             std::string_view) -> std::optional<http::Problem> {
                 request.principal = {.id = "t", .name = "admin", .role = "admin"};
                 return std::nullopt;
             },
             .schemas = *component_schemas()});
        ASSERT_TRUE(built) << built.error().what;
        router_.emplace(*std::move(built));
        compile("/a", "compiled");
    }

    void compile(const std::string& id, const std::string& content) {
        commands::DescriptionRequest request;
        request.ref = {"files", id};
        request.description = json::Object{{"content", content}};
        request.owners = kWeb;
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(commands::describe(
                edit, protector_,
                {.host = host_, .request_id = "", .authority = commands::Authority::compiled},
                {request}));
            return {};
        });
    }

    Answered ask(const std::string& method, const std::string& target,
                 const json::Value& body = {}) {
        http::Request request;
        request.method = method;
        request.headers["content-type"] = "application/json";
        if (!body.is_null()) request.body = json::write(body);
        EXPECT_FALSE(http::read_target(target, request)) << target;
        std::optional<http::Reply> got;
        router_->dispatch(
            request, std::make_shared<http::Responder>(
                         request, [&](http::Reply reply) { got = std::move(reply); }, nullptr));
        loop_.run_until([&] { return got.has_value(); }, test::kPatience);
        if (!got) return {};
        return {got->status, got->body.empty() ? json::Value() : *json::parse(got->body)};
    }
    static json::Value saying(const std::string& content) {
        return json::Object{{"description", json::Object{{"content", content}}}};
    }
    static json::Value file(std::initializer_list<const char*> ids) {
        json::Array all;
        for (const char* id : ids) {
            all.push_back(json::Object{{"collection", "files"},
                                       {"id", id},
                                       {"description", json::Object{{"content", "direct"}}}});
        }
        return json::Object{{"resources", std::move(all)}};
    }
    std::string content(const std::string& id) {
        return description(resource(id)->body, id).string_or("content");
    }

    std::optional<Parts> parts_;
    std::optional<http::Router> router_;
};

TEST_F(OwnedTest, AResourceShowsItsOwners) {
    const Answered shown = ask("GET", kA);
    EXPECT_EQ(shown.body["owners"], state::encode(kWeb));
    EXPECT_EQ(shown.body["overrides"], false);
    ask("PUT", "/v1/hosts/web1/resources/files/%2Fb", saying("direct"));
    EXPECT_EQ(ask("GET", "/v1/hosts/web1/resources/files/%2Fb").body["owners"], json::Array());
}

TEST_F(OwnedTest, WhatIsOwnedIsNotChangedDirectly) {
    const std::string revision = std::to_string(resource("/a")->generation.revision);
    const json::Value back =
        json::Object{{"revision", static_cast<std::int64_t>(resource("/a")->generation.revision)}};
    const std::string one = kA;
    for (const auto& [method, target, body] :
         std::vector<std::tuple<std::string, std::string, json::Value>>{
             {"PUT", one, saying("direct")},
             {"PUT", one + "?dry_run=all", saying("direct")},
             {"PUT", one + "?override=false", saying("direct")},
             {"DELETE", one, {}},
             {"DELETE", one + "?dry_run=all", {}},
             {"POST", one + ":forget", {}},
             {"POST", one + ":forget?dry_run=all", {}},
             {"POST", one + ":rollback", back}}) {
        const Answered refused = ask(method, target, body);
        EXPECT_EQ(refused.status, 409) << method << " " << target;
        EXPECT_EQ(refused.code(), "owned") << method << " " << target;
        EXPECT_EQ(refused.body.string_or("detail"), kWords) << method << " " << target;
        EXPECT_EQ(refused.body["owners"], state::encode(kWeb)) << method << " " << target;
    }
    EXPECT_EQ(content("/a"), "compiled");
    EXPECT_EQ(ask("PUT", one + "?override=yes", saying("x")).code(), "invalid-parameter");
    EXPECT_EQ(ask("POST", one + ":forget?override=true").code(), "unknown-parameter");
}

TEST_F(OwnedTest, AFileIsRefusedWithEachOwnedResource) {
    compile("/b", "compiled");
    for (const char* query : {"", "?dry_run=all"}) {
        const Answered refused =
            ask("POST", std::string("/v1/hosts/web1:apply") + query, file({"/a", "/c", "/b"}));
        EXPECT_EQ(refused.status, 409);
        EXPECT_EQ(refused.code(), "owned");
        EXPECT_EQ(refused.body.string_or("detail"), "2 resources are owned");
        const json::Array& errors = refused.body["errors"].as_array();
        ASSERT_EQ(errors.size(), 2U);
        EXPECT_EQ(
            errors[0],
            (json::Object{{"pointer", "/resources/0"}, {"code", "owned"}, {"detail", kWords}}));
        EXPECT_EQ(errors[1].string_or("pointer"), "/resources/2");
        EXPECT_FALSE(refused.body.find("owners"));
    }
    EXPECT_FALSE(resource("/c")) << "all or nothing";
}

TEST_F(OwnedTest, OfManyHostsTheOneWhoseResourceIsOwnedIsRefused) {
    const std::string first = std::exchange(host_, "host_0192f0c1-0000-7000-8000-000000000002");
    add_host("web2");
    change([&](state::Edit& edit) -> Result<void> {
        state::Host host = EK_TRY(edit.hosts().find(host_)).value();
        host.stream.clear();
        return edit.hosts().put(host);
    });
    for (const char* query : {"?dry_run=all", ""}) {
        json::Value body = file({"/a"});
        body.as_object().set("target", json::Object{{"hosts", json::Array{"web1", "web2"}}});
        const Answered done = ask("POST", std::string("/v1/resources:apply") + query, body);
        EXPECT_EQ(done.body["refused_count"], 1) << json::write(done.body);
        EXPECT_EQ(done.body["refused"],
                  (json::Array{json::Object{{"host", first},
                                            {"code", "owned"},
                                            {"detail", "/resources/0: " + std::string(kWords)}}}));
    }
    EXPECT_TRUE(resource("/a")) << "web2 has it";
}

TEST_F(OwnedTest, AnOverrideWinsUntilItIsForgotten) {
    const std::string over = std::string(kA) + "?override=true";
    EXPECT_EQ(ask("PUT", over, saying("direct")).status, 202);
    EXPECT_EQ(content("/a"), "direct");
    json::Value shown = ask("GET", kA).body;
    EXPECT_EQ(shown["overrides"], true);
    EXPECT_EQ(shown["owners"], state::encode(kWeb));
    EXPECT_EQ(ask("PUT", kA, saying("again")).code(), "owned");
    EXPECT_EQ(ask("PUT", over, saying("again")).status, 202);

    const Answered planned = ask("POST", std::string(kA) + ":forget?dry_run=all");
    EXPECT_EQ(planned.status, 200);
    EXPECT_TRUE(resource("/a")->overrides);
    const Answered ended = ask("POST", std::string(kA) + ":forget");
    EXPECT_EQ(ended.status, 202);
    EXPECT_EQ(ended.body.string_or("state"), "succeeded");
    shown = ask("GET", kA).body;
    EXPECT_EQ(shown["overrides"], false);
    EXPECT_EQ(content("/a"), "again") << "until it is compiled";
}

TEST_F(OwnedTest, ADeleteThatOverridesKeepsItAway) {
    const Answered done = ask("DELETE", std::string(kA) + "?override=true");
    EXPECT_EQ(done.status, 202);
    EXPECT_EQ(done.body.string_or("verb"), "apply");
    const json::Value shown = ask("GET", kA).body;
    EXPECT_EQ(shown["description"], (json::Object{{"ensure", "absent"}}));
    EXPECT_EQ(shown["overrides"], true);
}

TEST_F(OwnedTest, ListsAreFilteredByOwnerAndOverride) {
    compile("/b", "compiled");
    ask("PUT", "/v1/hosts/web1/resources/files/%2Fc", saying("direct"));
    ask("PUT", std::string(kA) + "?override=true", saying("direct"));
    const auto found = [&](const std::string& filter) {
        std::string ids;
        const Answered page = ask("GET", "/v1/hosts/web1/resources?filter=" + filter);
        if (!page.body["items"].is_array()) return json::write(page.body);
        for (const json::Value& item : page.body["items"].as_array()) ids += item.string_or("id");
        return ids;
    };
    EXPECT_EQ(found("overrides%20%3D%20true"), "/a");
    EXPECT_EQ(found("overrides%20%3D%20false"), "/b/c");
    EXPECT_EQ(found("owners.assignment%20%3A%20web"), "/a/b");
    EXPECT_EQ(found("owners.application%20%3A%20nginx%20AND%20overrides%20%3D%20false"), "/b");
    EXPECT_EQ(found("owners.assignment%20%3A%20other"), "");
    EXPECT_EQ(found("NOT%20owners.assignment%20%3A%20%2A"), "/c");
}

}  // namespace
}  // namespace evenkeel::api
