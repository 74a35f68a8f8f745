#include "core/agent/local/socket_server.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/agent/local/client.hpp"
#include "core/agent/requests/local_protocol.hpp"
#include "core/base/fd.hpp"
#include "core/run/loop.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent {
namespace {

using namespace std::chrono_literals;

// From now on this process can open nothing, until the end of this object.
class NoDescriptors {
  public:
    NoDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        rlimit none = before_;
        const Fd next(dup(0));
        none.rlim_cur = static_cast<rlim_t>(next.get());
        setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

  private:
    rlimit before_{};
};

constexpr std::size_t kPieces = 2'000;
constexpr std::size_t kPieceBytes = 16 << 10;

// A server that answers every request with a stream of kPieces items, or whole, as an older agent
// does; and a client of it that blocks, on a thread of its own.
class Streams : public testing::Test {
  protected:
    void SetUp() override {
        auto opened = SocketServer::open(loop, path, [this](const wire::Request&, LocalAnswer to) {
            if (whole) return to.reply({std::nullopt, json::Object{{"resources", json::Array{7}}}});
            to.stream([this, held = held, at = std::size_t{0}]() mutable { return piece(at++); });
        });
        ASSERT_TRUE(opened) << opened.error().what;
        server = *std::move(opened);
    }

    std::string piece(std::size_t at) {
        ++pieces_made;
        if (at < items)
            return json::write(json::Object{
                       {"type", kLocalItem}, {"id", at}, {"fill", std::string(kPieceBytes, 'x')}}) +
                   "\n";
        if (at > items) return "";
        return wire::encode(wire::Reply{std::nullopt, json::Object{{"counts", items}}}) + "\n";
    }

    static wire::Request request() {
        wire::Request asked;
        asked.verb = wire::RequestVerb::check;
        asked.timeout = 20s;
        asked.arguments = json::Object{{"stream", true}};
        return asked;
    }

    // Connected, and has sent its request.
    Fd connected() {
        Fd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        path.copy(to.sun_path, sizeof to.sun_path - 1);
        EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
        const std::string line = wire::encode(request()) + "\n";
        EXPECT_EQ(write(client.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
        return client;
    }

    // What the client gets, asking twice over one connection.
    std::vector<json::Value> answers() {
        std::vector<json::Value> got;
        std::atomic<bool> over = false;
        std::thread client([&] {
            auto connection = Client::connect(path);
            for (int i = 0; i < 2 && connection; ++i) {
                const auto reply = connection->ask(request());
                if (reply && !reply->error) got.push_back(reply->result);
            }
            over = true;
        });
        EXPECT_TRUE(loop.run_until([&] { return over.load(); }, evenkeel::test::kPatience));
        client.join();
        return got;
    }

    const test::TempFolder folder;
    const std::string path = folder / "agent.sock";
    run::Loop loop;
    std::size_t items = kPieces;
    bool whole = false;
    std::size_t pieces_made = 0;
    std::shared_ptr<int> held = std::make_shared<int>();  // one more owner for each stream
    std::unique_ptr<SocketServer> server;
};

TEST_F(Streams, ArriveInOrderAndAreJoinedToWhatAWholeAnswerWouldBe) {
    items = 100;
    const std::vector<json::Value> got = answers();
    ASSERT_EQ(got.size(), 2U);
    for (const json::Value& each : got) {
        EXPECT_EQ(each.as_object().begin()->first, "resources");
        EXPECT_EQ(each["counts"], json::Value(100));
        const json::Array& resources = each["resources"].as_array();
        ASSERT_EQ(resources.size(), 100U);
        for (std::size_t i = 0; i < resources.size(); ++i) {
            EXPECT_EQ(resources[i]["id"], json::Value(i));
            EXPECT_FALSE(resources[i].find("type"));
        }
    }
    EXPECT_EQ(held.use_count(), 1) << "a stream that has ended is kept";
}

TEST_F(Streams, WithoutAnItemAreJoinedToo) {
    items = 0;
    const std::vector<json::Value> got = answers();
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[0]["resources"], json::Value(json::Array{}));
}

TEST_F(Streams, OfAnOlderAgentThatKnowsNoneComeWhole) {
    whole = true;
    const std::vector<json::Value> got = answers();
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[0], json::Value(json::Object{{"resources", json::Array{7}}}));
}

TEST_F(Streams, AreMadeNoFasterThanTheyAreRead) {
    const Fd client = connected();
    ASSERT_TRUE(loop.run_until([&] { return pieces_made > 0; }, evenkeel::test::kPatience));
    // The socket takes some; then nothing is left to do, however long the loop turns.
    std::size_t unread = 0;
    while (unread != pieces_made) {
        unread = pieces_made;
        loop.run_ready();
    }
    EXPECT_LT(unread, kPieces / 4);
    // Others are served meanwhile.
    whole = true;
    EXPECT_EQ(answers().size(), 2U);
    EXPECT_EQ(pieces_made, unread);
    // When it reads on, the rest comes.
    std::string got(kPieceBytes, '\0');
    EXPECT_TRUE(loop.run_until(
        [&] {
            while (recv(client.get(), got.data(), got.size(), MSG_DONTWAIT) > 0) {
            }
            return pieces_made == kPieces + 2;
        },
        evenkeel::test::kPatience));
    EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Streams, EndWithTheirClient) {
    {
        const Fd client = connected();
        ASSERT_TRUE(
            loop.run_until([&] { return held.use_count() == 2; }, evenkeel::test::kPatience));
    }
    EXPECT_TRUE(loop.run_until([&] { return held.use_count() == 1; }, evenkeel::test::kPatience));
    EXPECT_LT(pieces_made, kPieces / 4);
    whole = true;
    EXPECT_EQ(answers().size(), 2U);
}

TEST_F(Streams, EndWithTheServer) {
    const Fd client = connected();
    ASSERT_TRUE(loop.run_until([&] { return held.use_count() == 2; }, evenkeel::test::kPatience));
    server.reset();
    EXPECT_EQ(held.use_count(), 1);
    loop.run_ready();
}

TEST(SocketServer, WaitsWhenTheDescriptorsHaveRunOutAndServesAfterwards) {
    const test::TempFolder folder;
    const std::string path = folder / "agent.sock";
    run::Loop loop;
    int requests = 0;
    const auto server =
        SocketServer::open(loop, path, [&](const wire::Request&, const auto&) { ++requests; });
    ASSERT_TRUE(server) << server.error().what;
    const Fd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    loop.run_ready();
    {
        const NoDescriptors now;
        ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
        int turns = 0;
        loop.run_until([&] { return ++turns > 1'000; }, 350ms);
        EXPECT_LT(turns, 100) << "it tries again and again";
    }
    const std::string line = R"({"type":"request","verb":"status"})"
                             "\n";
    ASSERT_EQ(write(client.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
    EXPECT_TRUE(loop.run_until([&] { return requests == 1; }, evenkeel::test::kPatience));
}

}  // namespace
}  // namespace evenkeel::agent
