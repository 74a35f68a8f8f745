#include "core/link/dialer.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <proton/error_condition.hpp>
#include <proton/receiver_options.hpp>
#include <proton/sender_options.hpp>

#include "core/link/address.hpp"
#include "core/link/container_runner.hpp"
#include "core/link/event_gate.hpp"
#include "core/link/outbound.hpp"
#include "core/link/traffic.hpp"
#include "core/run/backoff.hpp"

namespace evenkeel::link {
namespace {

using Out = EventGate<Dialer::Events>;

// A link that ends sooner counts as one failure, so that a peer that fails at once again and again
// is not dialled at the pace of one that works.
constexpr std::chrono::seconds kLasting{5};

Traffic::Sink sink_to(const Out& out) {
    return {[out](const std::string& address, Message message, Delivery delivery) {
                out.post([address, message = std::move(message),
                          delivery = std::move(delivery)](const Dialer::Events& events) {
                    if (events.on_message) events.on_message(address, message, delivery);
                });
            },
            [out](const std::string& address, std::uint64_t token, Disposition disposition) {
                out.post([address, token, disposition](const Dialer::Events& events) {
                    if (events.on_settled) events.on_settled(address, token, disposition);
                });
            }};
}

// One attempt and, if it succeeds, its connection. Links are used only once all of them are open,
// so that no event comes before on_up.
class Attempt final : public Outbound {
  public:
    Attempt(const Dialer::Options& options, const proton::ssl_client_options& certificates,
            const Out& out)
        : Outbound(options, certificates, options.connect_timeout),
          options_(options),
          out_(out),
          traffic_(std::make_shared<Traffic>(
              Traffic::Limits{options.message_bytes_max, options.credit, options.unsettled_max,
                              options.unsettled_bytes_max},
              sink_to(out))) {}

    const std::shared_ptr<Traffic>& traffic() const { return traffic_; }
    bool was_up() const { return up_; }
    // [any]
    void end(const Error& why) {
        traffic_->mailbox().post([this, why] { abort(why); });
    }
    // Whether it was up for long enough to count as no failure.
    bool lasted() const { return up_ && std::chrono::steady_clock::now() - up_since_ > kLasting; }

    void transport_closed() override {
        traffic_->close();
        receivers_.clear();
        senders_.clear();
        Outbound::transport_closed();
    }

  private:
    void ready(proton::session session) override {
        traffic_->mailbox().open(raw(session.connection()));
        for (const auto& source : options_.sources) {
            proton::receiver receiver = session.open_receiver(
                source, proton::receiver_options().auto_accept(false).credit_window(0));
            traffic_->limit(receiver);
        }
        for (const auto& target : options_.targets) session.open_sender(target);
        report_up_if_complete();
    }

    void receiver_opened(proton::receiver& receiver) override {
        receivers_.push_back(receiver);
        report_up_if_complete();
    }
    void sender_opened(proton::sender& sender) override {
        senders_.push_back(sender);
        report_up_if_complete();
    }

    void report_up_if_complete() {
        if (up_ || receivers_.size() < options_.sources.size() ||
            senders_.size() < options_.targets.size()) {
            return;
        }
        up_ = true;
        up_since_ = std::chrono::steady_clock::now();
        for (const auto& sender : senders_) traffic_->attach(target_of(sender), sender);
        out_.post([](const Dialer::Events& events) {
            if (events.on_up) events.on_up();
        });
        for (const auto& receiver : receivers_) traffic_->attach(source_of(receiver), receiver);
    }

    void receiver_closed(proton::receiver& receiver) override {
        lost(source_of(receiver), receiver.error());
    }
    void sender_closed(proton::sender& sender) override { lost(target_of(sender), sender.error()); }
    // The connection is useless without one of its links: dial again.
    void lost(const std::string& address, const proton::error_condition& condition) {
        abort({Errc::unavailable, "the peer closed the link " + address + ": " + condition.what()});
    }
    bool message_received(proton::delivery& delivery, proton::message& message) override {
        return traffic_->received(source_of(delivery.receiver()), delivery, message);
    }
    void tracker_answered(proton::tracker& tracker, Disposition disposition) override {
        traffic_->answered(tracker, disposition);
    }
    void woken() override { traffic_->mailbox().drain(); }
    bool settled() const override { return up_; }

    const Dialer::Options& options_;
    const Out out_;
    const std::shared_ptr<Traffic> traffic_;
    std::vector<proton::receiver> receivers_;
    std::vector<proton::sender> senders_;
    bool up_ = false;
    std::chrono::steady_clock::time_point up_since_;
};

}  // namespace

struct Dialer::Impl {
    Impl(Options given, Events to, Executor run_on)
        : options(std::move(given)), events(std::move(to)), executor(std::move(run_on)) {}

    void run(const proton::ssl_client_options& certificates);
    void attempt(const proton::ssl_client_options& certificates);

    const Options options;
    const Events events;
    const Executor executor;

    // [loop]
    std::thread thread;
    std::optional<Out> out;
    std::unique_ptr<ContainerRunner> runner;

    std::mutex mutex;
    std::condition_variable wake;
    bool stopping = false;
    Attempt* current = nullptr;        // the attempt under way
    std::shared_ptr<Traffic> traffic;  // of the last attempt
    bool confirmed = false;            // the same
    run::Backoff backoff{options.backoff_base, options.backoff_cap};
};

void Dialer::Impl::run(const proton::ssl_client_options& certificates) {
    for (;;) {
        attempt(certificates);
        std::unique_lock lock(mutex);
        if (wake.wait_for(lock, backoff.next(), [this] { return stopping; })) return;
    }
}

void Dialer::Impl::attempt(const proton::ssl_client_options& certificates) {
    Attempt own(options, certificates, *out);
    {
        const std::lock_guard lock(mutex);
        current = &own;
        traffic = own.traffic();
        confirmed = false;
    }
    const auto ran = runner->run(
        options.container_id, [&](proton::container& container) { own.dial(container); },
        [&] { own.transport_closed(); });
    {
        const std::lock_guard lock(mutex);
        current = nullptr;
        if (confirmed) backoff.reset(own.lasted() ? 0 : 1);
    }
    const Ending ending = ran ? own.ending() : Ending{ran.error(), ""};
    out->post([ending, was_up = own.was_up()](const Events& to) {
        const auto& event = was_up ? to.on_down : to.on_failed;
        if (event) event(ending);
    });
}

Dialer::Dialer(Options options, Events events, Executor executor)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(events), std::move(executor))) {}

Dialer::~Dialer() {
    stop();
}

Result<void> Dialer::start() {
    if (impl_->thread.joinable()) return fail(Errc::conflict, "the dialler is started");
    const auto certificates = EK_TRY(read_certificates(impl_->options));
    impl_->out.emplace(impl_->events, impl_->executor);
    impl_->runner = std::make_unique<ContainerRunner>();
    impl_->backoff.reset();
    impl_->stopping = false;
    impl_->thread = std::thread([impl = impl_.get(), certificates] { impl->run(certificates); });
    return {};
}

void Dialer::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->out->shut();
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->wake.notify_all();
    impl_->runner->stop();
    impl_->thread.join();
    const std::lock_guard lock(impl_->mutex);
    impl_->traffic.reset();
}

void Dialer::confirm(std::chrono::milliseconds backoff_base) {
    const std::lock_guard lock(impl_->mutex);
    impl_->confirmed = true;
    if (backoff_base.count() > 0) impl_->backoff.set_base(backoff_base);
}

void Dialer::end_link(const Error& why) {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->current != nullptr) impl_->current->end(why);
}

Result<void> Dialer::send(const std::string& target, std::uint64_t token, Message message) {
    const auto& targets = impl_->options.targets;
    if (std::find(targets.begin(), targets.end(), target) == targets.end()) {
        return fail(Errc::not_found, target + " is not among the targets");
    }
    std::shared_ptr<Traffic> traffic;
    {
        const std::lock_guard lock(impl_->mutex);
        traffic = impl_->traffic;
    }
    if (!traffic) return fail(Errc::unavailable, "the link is down");
    auto sent = traffic->send(target, token, std::move(message));
    // A target without a link means that the attempt is still under way.
    if (!sent && sent.error().code == Errc::not_found) sent.error().code = Errc::unavailable;
    return sent;
}

}  // namespace evenkeel::link
