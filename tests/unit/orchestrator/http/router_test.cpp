#include "orchestrator/http/router.hpp"

#include <gtest/gtest.h>

#include "core/base/log.hpp"
#include "orchestrator/http/target.hpp"

namespace evenkeel::http {

namespace {

Route route(std::string method, std::string path, std::string verb = "") {
    return Route{
        .method = std::move(method),
        .path = std::move(path),
        .verb = std::move(verb),
        .permission = "things:read",
        .tag = "things",
        .summary = "For the test",
        .answers = {{200, "ok"}},
        .handler = [](const Request& request, const std::shared_ptr<Responder>& to) {
            json::Object seen{{"verb", request.verb}, {"principal", request.principal.name}};
            for (const auto& [name, value] : request.path) seen.set(name, value);
            seen.set("body", request.json);
            to->send(Reply::json(200, seen));
        }};
}

std::vector<Route> table() {
    std::vector<Route> all = {
        route("GET", "/v1/hosts"),
        route("GET", "/v1/hosts/{h}"),
        route("PATCH", "/v1/hosts/{h}"),
        route("POST", "/v1/hosts/{h}", "apply"),
        route("POST", "/v1/hosts/{h}", "retire"),
        route("GET", "/v1/hosts/{h}/resources/{collection}/{id}"),
        route("PUT", "/v1/hosts/{h}/resources/{collection}/{id}"),
        route("POST", "/v1/hosts/{h}/resources/{collection}/{id}", "forget"),
        route("GET", "/livez"),
    };
    all[0].query = {{"limit", "How many"}, {"cursor", "Where to go on"}};
    all[2].body = Body{.schema = "Host", .types = {"application/merge-patch+json"}};
    all[3].body = Body{.schema = "Host"};
    all[6].body = Body{.schema = "Host", .required = false};
    all[6].answers = {{202, "the command", "Host"}};
    all[8].permission = kPublic;
    all[8].produces = {"text/plain"};
    return all;
}

std::optional<Problem> allow(Request& request, std::string_view) {
    if (request.token.empty()) return Problem{Code::unauthenticated, "no token"};
    if (request.token == "weak") return Problem{Code::forbidden, "not you"};
    request.principal.name = "admin";
    return std::nullopt;
}

Result<Router> build(std::vector<Route> routes) {
    return Router::build(std::move(routes),
                         {.authorize = allow,
                          .version = "1",
                          .schemas = json::Object{{"Host", json::Object{{"type", "object"}}}}});
}

class Routing : public testing::Test {
  protected:
    Routing() { log::set_level(log::Level::off); }

    Reply ask(const std::string& method, const std::string& target, const std::string& body = "",
              const std::string& type = "application/json", const std::string& token = "t") {
        Request request;
        request.method = method;
        request.token = token;
        request.body = body;
        request.headers["content-type"] = type;
        if (!accept_.empty()) request.headers["accept"] = accept_;
        EXPECT_FALSE(read_target(target, request)) << target;
        Reply got{0, "", "", {}};
        const auto responder = std::make_shared<Responder>(
            request, [&](Reply reply) { got = std::move(reply); }, nullptr);
        router_->dispatch(std::move(request), responder);
        return got;
    }
    std::string code(const Reply& reply) {
        return json::parse(reply.body).value_or(json::Value()).string_or("code");
    }
    json::Value seen(const Reply& reply) {
        EXPECT_EQ(reply.status, 200) << reply.body;
        return json::parse(reply.body).value_or(json::Value());
    }

    Result<Router> router_ = build(table());
    std::string accept_;
};

TEST_F(Routing, GivesThePathsValuesDecoded) {
    const json::Value got = seen(ask("GET", "/v1/hosts/web1/resources/files/%2Fetc%2Fmotd"));
    EXPECT_EQ(got.string_or("h"), "web1");
    EXPECT_EQ(got.string_or("collection"), "files");
    EXPECT_EQ(got.string_or("id"), "/etc/motd");
    EXPECT_EQ(got.string_or("principal"), "admin");
}

TEST_F(Routing, TakesTheVerbBehindTheLastLiteralColonOnPostOnly) {
    const std::string base = "/v1/hosts/web1/resources/packages/";
    EXPECT_EQ(seen(ask("POST", base + "libc6:amd64:forget")).string_or("id"), "libc6:amd64");
    EXPECT_EQ(seen(ask("POST", base + "a%3Aforget:forget")).string_or("id"), "a:forget");
    EXPECT_EQ(seen(ask("GET", base + "libc6:amd64")).string_or("id"), "libc6:amd64");
    EXPECT_EQ(ask("POST", base + "libc6%3Aforget").status, 405);
    EXPECT_EQ(seen(ask("POST", "/v1/hosts/web1:retire")).string_or("verb"), "retire");
}

// The loop goes on meanwhile.
TEST_F(Routing, ReadsLargeBodiesAside) {
    std::vector<std::function<void()>> work, done;
    Router::Options options{.authorize = allow,
                            .schemas = json::Object{{"Host", json::Object{{"type", "object"}}}}};
    options.aside = [&](auto first, auto then) -> Result<void> {
        if (work.size() == 2) return fail(Errc::busy, "too much is read at once");
        work.push_back(std::move(first));
        done.push_back(std::move(then));
        return {};
    };
    router_ = Router::build(table(), std::move(options));
    const std::string text(kLoopBodyBytesMax, 'x');
    Reply good, bad;
    EXPECT_EQ(ask("POST", "/v1/hosts/web1:apply", "{}").status, 200) << "a small one";
    const auto begin = [&](Reply& to, const std::string& body) {
        Request request;
        request.method = "POST";
        request.token = "t";
        request.body = body;
        request.headers["content-type"] = "application/json";
        EXPECT_FALSE(read_target("/v1/hosts/web1:apply", request));
        const auto responder = std::make_shared<Responder>(
            request, [&to](Reply reply) { to = std::move(reply); }, nullptr);
        router_->dispatch(std::move(request), responder);
    };
    begin(good, "{\"a\":\"" + text + "\"}");
    begin(bad, "{" + text);
    EXPECT_EQ(ask("POST", "/v1/hosts/web1:apply", "[\"" + text + "\"]").status, 503);
    ASSERT_EQ(work.size(), 2U);
    for (const auto& one : work) one();
    for (const auto& one : done) one();
    EXPECT_EQ(seen(good)["body"].string_or("a"), text);
    EXPECT_EQ(code(bad), "invalid-json");
}

TEST_F(Routing, UnknownPathsAndVerbsAre404) {
    for (const char* path : {"/", "/v1", "/v1/hosts/", "/v1//hosts", "/V1/hosts", "/v1/hosts/a/b",
                             "/v1/hosts/a/resources/files/", "/v1/hosts/a/../b"}) {
        EXPECT_EQ(code(ask("GET", path)), "not-found") << path;
    }
    EXPECT_EQ(code(ask("POST", "/v1/hosts/web1:burn")), "not-found");
    EXPECT_EQ(code(ask("POST", "/v1/hosts/:retire")), "not-found");
}

TEST_F(Routing, WrongMethodsAre405WithAllow) {
    const Reply reply = ask("DELETE", "/v1/hosts/web1");
    EXPECT_EQ(code(reply), "method-not-allowed");
    EXPECT_EQ(*reply.header("Allow"), "GET, HEAD, PATCH");
    EXPECT_EQ(*ask("get", "/v1/hosts").header("allow"), "GET, HEAD");
    EXPECT_EQ(*ask("OPTIONS", "/livez").header("Allow"), "GET, HEAD");
}

TEST_F(Routing, AsksForThePermissionBeforeAnythingElse) {
    EXPECT_EQ(code(ask("GET", "/v1/hosts?bogus=1", "", "", "")), "unauthenticated");
    EXPECT_EQ(code(ask("PATCH", "/v1/hosts/a", "[", "", "weak")), "forbidden");
    EXPECT_EQ(ask("GET", "/livez", "", "", "").status, 200);
}

// Every line of the table, so that a new one cannot slip by (orchestrator.md S11).
TEST_F(Routing, NoRouteIsOpenUnlessItSaysSo) {
    for (const Route& one : router_->routes()) {
        std::string path = one.path + (one.verb.empty() ? "" : ":" + one.verb);
        for (std::size_t at; (at = path.find('{')) != std::string::npos;) {
            path.replace(at, path.find('}') - at + 1, "x");
        }
        const int status = ask(one.method, path, "", "", "").status;
        EXPECT_EQ(status, one.permission == kPublic ? 200 : 401) << path;
    }
}

TEST_F(Routing, WithoutAuthorizeNobodyMay) {
    router_ = Router::build({route("GET", "/a")}, {});
    EXPECT_EQ(code(ask("GET", "/a")), "forbidden");
}

TEST_F(Routing, NamesUnknownQueryParameters) {
    EXPECT_EQ(ask("GET", "/v1/hosts?limit=1&cursor=a").status, 200);
    const Reply reply = ask("GET", "/v1/hosts?limti=1&limit=2");
    EXPECT_EQ(code(reply), "unknown-parameter");
    EXPECT_NE(reply.body.find("limti"), std::string::npos);
    EXPECT_EQ(code(ask("GET", "/livez?x")), "unknown-parameter");
}

TEST_F(Routing, ChecksWhatTheClientAccepts) {
    for (const char* good : {"*/*", "application/*", "text/html, application/json;q=0.5",
                             "APPLICATION/JSON", "text/html;q=0, */*;q=0.1"}) {
        accept_ = good;
        EXPECT_EQ(ask("GET", "/v1/hosts").status, 200) << good;
    }
    for (const char* bad : {"text/html", "application/json;q=0", "*/*, application/json; q=0.0",
                            "application/xml, image/*"}) {
        accept_ = bad;
        EXPECT_EQ(code(ask("GET", "/v1/hosts")), "not-acceptable") << bad;
    }
}

TEST_F(Routing, TakesOnlyTheMediaTypesOfTheRoute) {
    const std::string path = "/v1/hosts/web1";
    EXPECT_EQ(ask("PATCH", path, "{}", "application/merge-patch+json").status, 200);
    EXPECT_EQ(ask("PATCH", path, "{}", "Application/Merge-Patch+JSON; charset=utf-8").status, 200);
    const Reply reply = ask("PATCH", path, "{}");
    EXPECT_EQ(code(reply), "unsupported-media-type");
    EXPECT_EQ(*reply.header("Accept-Patch"), "application/merge-patch+json");
    EXPECT_EQ(code(ask("POST", path + ":apply", "{}", "text/plain")), "unsupported-media-type");
}

TEST_F(Routing, ParsesTheBodyOrSaysWhyNot) {
    const std::string path = "/v1/hosts/web1:apply";
    EXPECT_EQ(seen(ask("POST", path, R"({"a":[1]})"))["body"]["a"].as_array().size(), 1u);
    for (const char* bad : {"", "{", "{}x", R"({"a":1,"a":1})", "nul"}) {
        EXPECT_EQ(code(ask("POST", path, bad)), "invalid-json") << bad;
    }
    EXPECT_EQ(ask("PUT", "/v1/hosts/a/resources/files/b").status, 200);
}

TEST_F(Routing, ARouteWithoutBodyTakesAnEmptyObjectAtMost) {
    EXPECT_EQ(ask("POST", "/v1/hosts/web1:retire").status, 200);
    EXPECT_EQ(ask("POST", "/v1/hosts/web1:retire", "{}").status, 200);
    const Reply reply = ask("POST", "/v1/hosts/web1:retire", R"({"force":true})");
    EXPECT_EQ(code(reply), "unknown-field");
    EXPECT_NE(reply.body.find("/force"), std::string::npos);
    EXPECT_EQ(code(ask("GET", "/v1/hosts", "x")), "unknown-field");
}

TEST_F(Routing, RefusesABadTable) {
    const auto refused = [](auto change, std::string_view why) {
        std::vector<Route> routes = table();
        change(routes);
        const auto router = build(std::move(routes));
        ASSERT_FALSE(router) << why;
        EXPECT_NE(router.error().what.find(why), std::string::npos) << router.error().what;
    };
    refused([](auto& all) { all[1].permission = ""; }, "GET /v1/hosts/{h}: no permission");
    refused([](auto& all) { all[1].handler = nullptr; }, "no handler");
    refused([](auto& all) { all[1].summary = ""; }, "no summary");
    refused([](auto& all) { all[1].answers.clear(); }, "no answer");
    refused([](auto& all) { all[1].produces.clear(); }, "no media type");
    refused([](auto& all) { all[1].path = "v1"; }, "does not begin");
    refused([](auto& all) { all[1].path = "/v1/"; }, "is no segment");
    refused([](auto& all) { all[1].path = "/v1/a{h}"; }, "is no segment");
    refused([](auto& all) { all[1].path = "/v1/{h}/{h}"; }, "is there twice");
    refused([](auto& all) { all[1].verb = "look"; }, "only POST has verbs");
    refused([](auto& all) { all[6].body->schema = "Ghost"; }, "no schema named 'Ghost'");
    refused([](auto& all) { all[6].answers[0].schema = "Ghost"; }, "no schema named 'Ghost'");
    refused([](auto& all) { all[6].events = {{"moved", "Ghost"}}; }, "no schema named 'Ghost'");
    refused([](auto& all) { all.push_back(route("GET", "/v1/{x}")); }, "shadowed by");
    refused([](auto& all) { all[0].query.push_back({"token", ""}); }, "token");
}

TEST_F(Routing, DocumentsEveryRoute) {
    const json::Value document = seen(ask("GET", "/v1/openapi.json", "", "", ""));
    EXPECT_EQ(document, router_->openapi());
    EXPECT_EQ(document.string_or("openapi"), "3.1.0");
    std::size_t operations = 0;
    for (const auto& [path, item] : document["paths"].as_object()) {
        operations += item.as_object().size();
    }
    EXPECT_EQ(operations, table().size() + 1);
    const json::Value& put = document["paths"]["/v1/hosts/{h}/resources/{collection}/{id}"]["put"];
    EXPECT_EQ(put.string_or("operationId"), "putV1HostsHResourcesCollectionId");
    EXPECT_EQ(put["parameters"].as_array().size(), 4u);  // with Idempotency-Key
    EXPECT_EQ(put["responses"]["202"]["content"]["application/json"]["schema"].string_or("$ref"),
              "#/components/schemas/Host");
    EXPECT_FALSE(put.find("security"));
    EXPECT_TRUE(document["paths"]["/livez"]["get"].find("security"));
    EXPECT_TRUE(document["paths"].find("/v1/hosts/{h}:apply"));
    EXPECT_TRUE(document["components"]["schemas"].find("Problem"));
}

}  // namespace

}  // namespace evenkeel::http
