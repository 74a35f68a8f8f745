#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "orchestrator/http/router.hpp"
#include "orchestrator/http/server.hpp"
#include "tests/unit/orchestrator/http/client.hpp"

namespace evenkeel::http {

// A server with a few routes on a loop of its own thread, and clients on the test's:
//   GET /hello            {"hello":"world"}
//   PUT /echo             the body, with its ETag
//   GET /things/{id}      {"id":...}; POST /things/{id}:kick {"kicked":...}
//   GET /held             answered by release()
//   GET and POST /large   more than the kernel takes at once of what nobody reads
//   GET /dropped /thrown /split   handlers that misbehave
//   GET /events           a stream, kept in streams()
// All of them also under /my for whoever sends a token, which is the principal.
class Serving : public testing::Test {
  protected:
    Serving() = default;
    ~Serving() override;

    // Starts the server; by default on a free port of loopback.
    void start(ServerOptions options = {});
    std::uint16_t port() const { return port_; }

    // Runs `f` on the loop and waits for its end.
    void on_loop(const std::function<void()>& f);
    // Waits until `condition`, asked on the loop, holds; false after 10 s.
    bool becomes_true(const std::function<bool()>& condition);
    // Answers every request to /held.
    void release();

    static constexpr std::size_t kLargeBytes = 16 << 20;

    // Only on the loop.
    std::unique_ptr<Server> server_;
    std::vector<std::shared_ptr<Stream>> streams_;
    std::vector<std::shared_ptr<Responder>> held_;
    int closed_streams_ = 0;

  private:
    std::vector<Route> routes();

    struct Loop;
    std::shared_ptr<Loop> loop_;
    std::shared_ptr<Router> router_;
    std::thread thread_;
    std::uint16_t port_ = 0;
};

}  // namespace evenkeel::http
