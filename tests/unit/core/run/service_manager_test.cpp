#include "core/run/service_manager.hpp"

#include <array>
#include <cstdlib>
#include <cstring>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::run {
namespace {

using std::chrono::seconds;

// Stands in systemd's place: a socket that is told how the service does.
class Manager {
  public:
    Manager() {
        socket_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = folder_ / "notify";
        std::memcpy(address.sun_path, path.data(), path.size());
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~Manager() {
        for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
            ::unsetenv(name);
        }
    }
    // The next message, or nothing.
    std::string told() {
        std::array<char, 256> buffer{};
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : "";
    }

  private:
    test::TempFolder folder_;
    Fd socket_;
};

TEST(Service, TellsItsManagerHowItDoes) {
    Manager manager;
    notify_ready();
    EXPECT_EQ(manager.told(), "READY=1");
    notify_status("2 hosts\nREADY=0");
    EXPECT_EQ(manager.told(), "STATUS=2 hosts");
    notify_stopping();
    EXPECT_EQ(manager.told(), "STOPPING=1");
}

TEST(Service, FeedsTheWatchdogWhileTheLoopTurns) {
    Manager manager;
    ::setenv("WATCHDOG_USEC", "20000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    Loop loop;
    const Watchdog watchdog(loop);
    int fed = 0;
    EXPECT_TRUE(loop.run_until(
        [&] {
            if (manager.told() == "WATCHDOG=1") ++fed;
            return fed == 3;
        },
        test::kPatience));
}

TEST(Service, DoesNothingWithoutAManager) {
    ::unsetenv("NOTIFY_SOCKET");
    notify_ready();
    Loop loop;
    const Watchdog watchdog(loop);
    EXPECT_EQ(loop.run_ready(), 0U);
}

TEST(ReadyFd, GetsOneLineAndIsClosed) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const Fd reader(ends[0]);
    ASSERT_TRUE(write_ready(ends[1], R"({"ready":true})"));
    std::array<char, 64> buffer{};
    const ssize_t got = ::read(reader.get(), buffer.data(), buffer.size());
    EXPECT_EQ(std::string(buffer.data(), static_cast<std::size_t>(got)), "{\"ready\":true}\n");
    EXPECT_EQ(::read(reader.get(), buffer.data(), buffer.size()), 0);
}

TEST(ReadyFd, ThatIsNoneIsAnError) {
    EXPECT_FALSE(write_ready(-1, "{}"));
}

}  // namespace
}  // namespace evenkeel::run
