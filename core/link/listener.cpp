#include "core/link/listener.hpp"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <proton/ssl.hpp>

#include "core/base/log.hpp"
#include "core/link/acceptor.hpp"
#include "core/link/certificates.hpp"
#include "core/link/container_runner.hpp"
#include "core/link/remote.hpp"

namespace evenkeel::link {
namespace {

// The pause before the port is opened again after a container has ended unexpectedly.
constexpr std::chrono::seconds kRelistenDelay{1};

Result<proton::ssl_server_options> read_certificates(const Listener::Options& options) {
    EK_CHECK(
        check_certificates(options.client_ca_file, options.certificate_file, options.key_file));
    try {
        const proton::ssl_certificate own(options.certificate_file, options.key_file);
        if (options.client_ca_file.empty()) return proton::ssl_server_options(own);
        return proton::ssl_server_options(own, options.client_ca_file, options.client_ca_file,
                                          proton::ssl::VERIFY_PEER);
    } catch (const std::exception& error) {
        return fail(Errc::invalid, std::string("cannot use the certificates: ") + error.what());
    }
}

proton::connection_options connection_options(const Listener::Options& options,
                                              const proton::ssl_server_options& certificates) {
    const auto idle_ms = static_cast<std::uint64_t>(options.idle_timeout.count());
    return proton::connection_options()
        .ssl_server_options(certificates)
        .sasl_allowed_mechs(options.client_ca_file.empty() ? "ANONYMOUS" : "EXTERNAL")
        .container_id(kServerName)
        .max_frame_size(kFrameBytes)
        .idle_timeout(proton::duration(idle_ms));
}

}  // namespace

struct Listener::Impl {
    Impl(Options given, Policy decide, Events to, Executor run_on)
        : options(std::move(given)),
          policy(std::move(decide)),
          events(std::move(to)),
          executor(std::move(run_on)) {}

    void run(const proton::connection_options& server);
    void once(const proton::connection_options& server);
    void listening(const Result<std::uint16_t>& outcome);
    std::shared_ptr<Acceptor> current();

    const Options options;
    const Policy policy;
    const Events events;
    const Executor executor;
    std::atomic<std::uint16_t> port{0};

    // [loop]
    std::thread thread;
    std::optional<EventGate<Events>> out;
    std::unique_ptr<ContainerRunner> runner;

    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<std::uint16_t>> opened;  // how the first attempt went
    bool stopping = false;
    std::shared_ptr<Acceptor> acceptor;
};

void Listener::Impl::run(const proton::connection_options& server) {
    for (;;) {
        once(server);
        std::unique_lock lock(mutex);
        if (port == 0) return;  // the first attempt failed, and start() says so
        if (changed.wait_for(lock, kRelistenDelay, [this] { return stopping; })) return;
    }
}

// A container ends on stop(), or on an unexpected error: then the port is opened again.
void Listener::Impl::once(const proton::connection_options& server) {
    const auto mine = std::make_shared<Acceptor>(
        options, policy, *out,
        [this](const Result<std::uint16_t>& outcome) { listening(outcome); });
    {
        const std::lock_guard lock(mutex);
        acceptor = mine;
    }
    const std::uint16_t wanted = port != 0 ? port.load() : options.port;
    const auto ran = runner->run(
        kServerName, [&](proton::container& container) { mine->listen(container, server, wanted); },
        [&] { mine->ended(); });
    const std::lock_guard lock(mutex);
    acceptor.reset();
    if (stopping) return;
    const std::string why = ran ? "the port was closed" : ran.error().what;
    log::error("a bus listener ended by itself", {{"error", why}});
    if (!opened) opened = fail(Errc::unavailable, why);
    changed.notify_all();
}

void Listener::Impl::listening(const Result<std::uint16_t>& outcome) {
    const std::lock_guard lock(mutex);
    if (outcome) port = *outcome;
    if (!opened) opened = outcome;
    changed.notify_all();
}

std::shared_ptr<Acceptor> Listener::Impl::current() {
    const std::lock_guard lock(mutex);
    return acceptor;
}

Listener::Listener(Options options, Policy policy, Events events, Executor executor)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(policy), std::move(events),
                                   std::move(executor))) {}

Listener::~Listener() {
    stop();
}

Result<void> Listener::start() {
    if (impl_->thread.joinable()) return fail(Errc::conflict, "the listener is started");
    const auto certificates = EK_TRY(read_certificates(impl_->options));
    const auto server = connection_options(impl_->options, certificates);
    impl_->out.emplace(impl_->events, impl_->executor);
    impl_->runner = std::make_unique<ContainerRunner>();
    impl_->port = 0;
    impl_->opened.reset();
    impl_->stopping = false;
    impl_->thread = std::thread([impl = impl_.get(), server] { impl->run(server); });
    std::unique_lock lock(impl_->mutex);
    impl_->changed.wait(lock, [this] { return impl_->opened.has_value(); });
    if (*impl_->opened) return {};
    const Error error = impl_->opened->error();
    lock.unlock();
    stop();
    return fail(error);
}

void Listener::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->out->shut();
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->changed.notify_all();
    if (const auto acceptor = impl_->current()) acceptor->refuse_new();
    impl_->runner->stop();
    impl_->thread.join();
    impl_->port = 0;
}

std::uint16_t Listener::port() const {
    return impl_->port;
}

Result<void> Listener::send(std::uint64_t connection, const std::string& address,
                            std::uint64_t token, Message message) {
    const auto acceptor = impl_->current();
    if (!acceptor) return fail(Errc::not_found, "the connection is gone");
    return acceptor->send(connection, address, token, std::move(message));
}

void Listener::close(std::uint64_t connection, const std::string& condition,
                     const std::string& text) {
    if (const auto acceptor = impl_->current()) acceptor->close(connection, condition, text);
}

void Listener::await_request(std::uint64_t connection) {
    if (const auto acceptor = impl_->current()) acceptor->await_request(connection);
}

}  // namespace evenkeel::link
