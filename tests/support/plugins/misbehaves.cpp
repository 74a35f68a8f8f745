#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "misbehaves_embedded.hpp"
#include "tests/support/plugins/fields.hpp"

// Does what no plugin may. In "load", "module", "open" or "read" what the environment's
// EK_TEST_DEFECT says: "crash", "exit", "_exit" or "hang" ("open hang"). In an apply what its text
// says; in its watch, by the ids in which there is interest: see Watch. With the resource "endless"
// its list has no end. The resource "counts" tells
// how many watches were opened, how often they were called, and how often something was read.
namespace evenkeel::test {
namespace {

void misbehave(std::string_view how) {
    if (how == "crash") ::raise(SIGSEGV);
    if (how == "exit") std::exit(0);
    if (how == "_exit") ::_exit(0);
    while (how == "hang") ::pause();
}

void misbehave_in(std::string_view where) {
    const char* const told = std::getenv("EK_TEST_DEFECT");
    const std::string_view defect = told == nullptr ? "" : told;
    if (defect.substr(0, where.size()) == where && defect.size() > where.size())
        misbehave(defect.substr(where.size() + 1));
}

const bool loaded = (misbehave_in("load"), true);

}  // namespace

class Misbehaves : public Resources<> {
  public:
    static constexpr std::string_view kName = "misbehaves";
    static constexpr std::string_view kSchema = kSchemaText;

    Misbehaves(const sdk::Host& host, const sdk::Call& call, std::string_view config)
        : Resources(host, call, config), host_(host) {
        misbehave_in("open");
    }
    void read(const sdk::Call& call, std::string_view ids) {
        misbehave_in("read");
        ++reads_;
        store_.put("counts",
                   {{"text", sdk::quote(std::to_string(opens_) + " " + std::to_string(calls_) +
                                        " " + std::to_string(reads_))}});
        Resources::read(call, ids);
    }
    void list(const sdk::Call& call, std::string_view) {
        for (const auto& [id, fields] : store_.all) call.item(id, state_of(fields));
        for (std::uint64_t number = 0; store_.find("endless"); ++number)
            call.item(std::to_string(number), R"({"text":"x"})");
    }
    // "slow" ends when it is cancelled, "shout" and "log" say too much.
    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string text = text_of(desired);
        if (!call.dry_run()) misbehave(text);
        while (text == "slow") {
            pollfd cancelled{call.cancel_fd(), POLLIN, 0};
            ::poll(&cancelled, 1, 1000);
            call.check();
        }
        if (text == "shout") std::puts("{noise");
        for (int line = 0; line < 200'000 && text == "log"; ++line)
            host_.log(EK_SEV_INFO, "line " + std::to_string(line));
        Resources::apply(call, id, desired);
    }

    // "fails": every watch_ready does. "undrained": a descriptor stays ready. "past": the timer is
    // set to the past. "stuck" and "broken": watch_ready hangs or crashes. "flood": a thread gives
    // a million hints. Others do no harm.
    class Watch {
      public:
        Watch(Misbehaves&, const sdk::Call&, const sdk::WatchHost& host) : host_(host) { ++opens_; }
        ~Watch() {
            host_.fd(event_, 0);
            ::close(event_);
            if (flood_.joinable()) flood_.join();
        }
        void interest(std::string_view id, bool on) {
            if (!on) return;
            defect_ = id;
            if (id == "past") host_.timer(1);
            if (id == "fails" || id == "undrained" || id == "stuck" || id == "broken")
                host_.fd(event_, POLLIN);
            if (id == "flood" && !flood_.joinable())
                flood_ = std::thread([host = host_] {
                    for (int hint = 0; hint < 1'000'000; ++hint)
                        host.changed(hint % 2 == 0 ? "flood" : std::to_string(hint));
                });
        }
        void ready(int, std::uint32_t) {
            ++calls_;
            if (defect_ == "fails") throw sdk::Failure(EK_E_INTERNAL, "it always fails");
            if (defect_ == "past") host_.timer(1);
            if (defect_ == "stuck") misbehave("hang");
            if (defect_ == "broken") misbehave("crash");
        }

      private:
        sdk::WatchHost host_;
        const int event_ = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
        std::string defect_;
        std::thread flood_;
    };

  private:
    static inline std::atomic<int> opens_{0}, calls_{0}, reads_{0};
    const sdk::Host host_;
};

}  // namespace evenkeel::test

const ek_module* ek_module_v1(void) {
    static constexpr ek_module module =
        evenkeel::sdk::detail::make_module<evenkeel::test::Misbehaves>(
            "org.evenkeel.test.misbehaves", "1.2.3", kManifest);
    evenkeel::test::misbehave_in("module");
    return &module;
}
