#include "core/agent/local/socket_server.hpp"

#include <chrono>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/agent/requests/local_protocol.hpp"
#include "core/base/fd.hpp"
#include "core/run/loop.hpp"
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
    EXPECT_TRUE(loop.run_until([&] { return requests == 1; }, 20s));
}

}  // namespace
}  // namespace evenkeel::agent
