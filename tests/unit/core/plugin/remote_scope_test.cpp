#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/plugin/remote/control_group.hpp"
#include "tests/unit/core/temp_folder.hpp"

// The real systemd is met in the end-to-end tests; here is one that is busy.
namespace evenkeel::plugin {
namespace {

using namespace std::chrono_literals;

// Takes what is asked of systemd, and does not do it.
class BusySystemd {
  public:
    BusySystemd() {
        const std::string path = folder_.path() + "/bus";
        sockaddr_un address{AF_UNIX, {}};
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        listening_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)),
                  0);
        EXPECT_EQ(::listen(listening_.get(), 10), 0);
        ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + path).c_str(), 1);
        accepting_ = std::thread([this] { accept(); });
    }
    ~BusySystemd() {
        ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
        ::shutdown(listening_.get(), SHUT_RDWR);
        accepting_.join();
        for (std::thread& each : serving_) each.join();
    }
    BusySystemd(const BusySystemd&) = delete;
    BusySystemd& operator=(const BusySystemd&) = delete;

    // The scope that it was asked to do this with, once it was.
    std::string asked_to(const std::string& method) {
        std::unique_lock lock(mutex_);
        const auto found = [&] {
            for (const auto& [name, scope] : asked_)
                if (name == method) return scope;
            return std::string();
        };
        more_.wait_for(lock, 60s, [&] { return !found().empty(); });
        return found();
    }

  private:
    void accept() {
        for (;;) {
            const int fd = ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) return;
            serving_.emplace_back([this, fd] { serve(fd); });
        }
    }
    void serve(int fd) {
        sd_bus* bus = nullptr;
        sd_id128_t id{};
        sd_id128_randomize(&id);
        EXPECT_GE(sd_bus_new(&bus), 0);
        EXPECT_GE(sd_bus_set_fd(bus, fd, fd), 0);
        EXPECT_GE(sd_bus_set_server(bus, 1, id), 0);
        EXPECT_GE(sd_bus_add_filter(bus, nullptr, on_message, this), 0);
        EXPECT_GE(sd_bus_start(bus), 0);
        for (int code = 0; code >= 0;) {
            code = sd_bus_process(bus, nullptr);
            if (code == 0) code = sd_bus_wait(bus, UINT64_MAX);
        }
        sd_bus_close_unref(bus);
    }
    static int on_message(sd_bus_message* message, void* context, sd_bus_error*) {
        auto& self = *static_cast<BusySystemd*>(context);
        const char* member = sd_bus_message_get_member(message);
        const std::string method = member != nullptr ? member : "";
        const char* scope = nullptr;
        if (method == "Hello") return sd_bus_reply_method_return(message, "s", ":1.1");
        if (method != "StartTransientUnit" && method != "StopUnit")
            return sd_bus_reply_method_return(message, "");
        sd_bus_message_read(message, "s", &scope);
        const std::lock_guard lock(self.mutex_);
        self.asked_.emplace_back(method, scope != nullptr ? scope : "");
        self.more_.notify_all();
        return 1;
    }

    const evenkeel::test::TempFolder folder_;
    Fd listening_;
    std::thread accepting_;
    std::list<std::thread> serving_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable more_;
    std::vector<std::pair<std::string, std::string>> asked_;
};

TEST(RemoteScope, IsNotWaitedForLongerThanItsCallLastsAndIsStoppedIfItComesLate) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root asks for a control group";
    BusySystemd systemd;
    const Fd cancel(::eventfd(0, EFD_CLOEXEC));
    std::string started;
    std::thread cancels([&] {
        started = systemd.asked_to("StartTransientUnit");
        const std::uint64_t one = 1;
        EXPECT_EQ(::write(cancel.get(), &one, sizeof(one)), ssize_t{sizeof(one)});
    });
    auto group =
        ControlGroup::make("cron", ::getpid(), "evenkeel-agent.service", {0, cancel.get()});
    cancels.join();
    ASSERT_TRUE(group) << group.error().what;
    EXPECT_FALSE((*group)->is_made());
    ASSERT_EQ((*group)->notes().size(), 1u);
    EXPECT_NE((*group)->notes().front().find("the call was over"), std::string::npos)
        << (*group)->notes().front();
    ASSERT_NE(started, "");
    group->reset();
    EXPECT_EQ(systemd.asked_to("StopUnit"), started);
}

}  // namespace
}  // namespace evenkeel::plugin
