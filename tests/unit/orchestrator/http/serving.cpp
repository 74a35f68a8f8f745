#include "tests/unit/orchestrator/http/serving.hpp"

#include <future>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "orchestrator/http/conditional.hpp"
#include "tests/support/wait.hpp"

namespace evenkeel::http {

struct Serving::Loop {
    boost::asio::io_context context;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        context.get_executor()};
};

namespace {

using Shared = std::shared_ptr<Responder>;

Route route(std::string method, std::string path, Handler handler) {
    return Route{.method = std::move(method),
                 .path = std::move(path),
                 .permission = std::string(kPublic),
                 .tag = "test",
                 .summary = "For the test",
                 .answers = {{200, "ok"}},
                 .handler = std::move(handler)};
}

// A token is its own principal; `admin` is an administrator's, `bad` does not count.
std::optional<Problem> authorize(Request& request, std::string_view) {
    if (request.token.empty() || request.token == "bad") {
        return Problem{Code::unauthenticated, "a token, please"};
    }
    request.principal = {.id = request.token, .name = request.token, .role = "", .is_admin = false};
    request.principal.is_admin = request.token == "admin";
    return std::nullopt;
}

void echo(const Request& request, const Shared& responder) {
    const std::string etag = etag_of(request.body.size());
    responder->send(Reply::json(200, request.json).with("ETag", etag));
}

}  // namespace

std::vector<Route> Serving::routes() {
    std::vector<Route> all;
    all.push_back(route("GET", "/hello", [](const Request&, const Shared& responder) {
        responder->send(Reply::json(200, json::Object{{"hello", "world"}}));
    }));
    all.push_back(route("PUT", "/echo", echo));
    all.back().body = Body{.schema = "Any"};
    all.push_back(route("GET", "/things/{id}", [](const Request& request, const Shared& responder) {
        responder->send(Reply::json(200, json::Object{{"id", request.at("id")}}));
    }));
    all.push_back(
        route("POST", "/things/{id}", [](const Request& request, const Shared& responder) {
            responder->send(Reply::json(200, json::Object{{"kicked", request.at("id")}}));
        }));
    all.back().verb = "kick";
    all.push_back(route("GET", "/held", [this](const Request&, const Shared& responder) {
        held_.push_back(responder);
    }));
    all.push_back(route("GET", "/large", [](const Request&, const Shared& responder) {
        responder->send(Reply::text(200, std::string(kLargeBytes, 'x')));
    }));
    all.push_back(route("POST", "/large", [](const Request&, const Shared& responder) {
        responder->send(Reply::text(200, std::string(kLargeBytes, 'x')));
    }));
    all.push_back(route("GET", "/dropped", [](const Request&, const Shared&) {}));
    all.push_back(route("GET", "/thrown", [](const Request&, const Shared&) {
        throw std::runtime_error("secret cause");
    }));
    all.push_back(route("GET", "/split", [](const Request&, const Shared& responder) {
        responder->send(Reply::empty(200).with("X-Echo", "a\r\nSet-Cookie: b"));
    }));
    all.push_back(route("GET", "/events", [this](const Request&, const Shared& responder) {
        auto stream = responder->open_stream();
        if (!stream) return;
        streams_.push_back(std::move(stream));
        streams_.back()->on_closed([this] { ++closed_streams_; });
    }));
    all.back().produces = {"text/event-stream"};
    const std::size_t open_to_all = all.size();
    for (std::size_t i = 0; i < open_to_all; ++i) {
        Route guarded = all[i];
        guarded.path.insert(0, "/my");
        guarded.permission = "use";
        all.push_back(std::move(guarded));
    }
    return all;
}

void Serving::start(ServerOptions options) {
    log::set_level(log::Level::off);
    if (options.listen == ServerOptions{}.listen) options.listen = "127.0.0.1:0";
    auto router = Router::build(
        routes(), {.authorize = authorize, .schemas = json::Object{{"Any", json::Object{}}}});
    ASSERT_TRUE(router) << router.error().what;
    router_ = std::make_shared<Router>(*std::move(router));
    loop_ = std::make_shared<Loop>();
    thread_ = std::thread([loop = loop_] { loop->context.run(); });
    on_loop([&] {
        auto server = Server::start(
            loop_->context, options,
            {.admit = [router = router_](Request& request,
                                         const Shared& to) { return router->admit(request, to); },
             .serve = [router = router_](
                          Request request,
                          const Shared& to) { router->serve(std::move(request), to); }});
        ASSERT_TRUE(server) << server.error().what;
        server_ = *std::move(server);
        const std::string& address = server_->address();
        port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    });
}

Serving::~Serving() {
    if (!loop_) return;
    on_loop([this] {
        server_.reset();
        streams_.clear();
        held_.clear();
    });
    loop_->work.reset();
    loop_->context.stop();
    thread_.join();
}

void Serving::on_loop(const std::function<void()>& f) {
    std::promise<void> done;
    boost::asio::post(loop_->context, [&] {
        f();
        done.set_value();
    });
    done.get_future().wait();
}

bool Serving::becomes_true(const std::function<bool()>& condition) {
    return test::wait_until(
        [&] {
            bool holds = false;
            on_loop([&] { holds = condition(); });
            return holds;
        },
        std::chrono::seconds(10));
}

void Serving::release() {
    ASSERT_TRUE(becomes_true([this] { return !held_.empty(); }));
    on_loop([this] {
        for (const Shared& responder : held_) responder->send(Reply::text(200, "released"));
        held_.clear();
    });
}

}  // namespace evenkeel::http
