#include "core/agent/connection.hpp"

#include <utility>

#include "core/agent/enrol.hpp"
#include "core/base/log.hpp"

namespace evenkeel::agent {

Connection::Connection(Agent& agent, run::Loop& loop, std::string state_dir)
    : agent_(agent), loop_(loop), files_(state_dir) {}

Connection::~Connection() {
    session_.reset();
    lane_.stop(std::chrono::seconds(5));
}

void Connection::begin(const std::optional<OrchestratorConfig>& orchestrator) {
    session_.reset();
    timer_.cancel();
    orchestrator_ = orchestrator;
    agent_.journal().keep(orchestrator.has_value());
    if (!orchestrator) return;
    const auto identity = files_.load();
    if (!identity) {
        log::error("the identity cannot be read", {{"why", identity.error().what}});
    } else if (*identity) {
        dial(**identity);
    } else if (orchestrator->token_file.empty()) {
        log::info("not enrolled, and no token file is configured");
    } else {
        enrol_soon(std::chrono::milliseconds(0));
    }
}

void Connection::dial(const Identity& identity) {
    host_ = identity.host;
    Session::Options options{orchestrator_->host,
                             orchestrator_->bus_port.value_or(identity.bus_port), identity, files_};
    session_ = std::make_unique<Session>(agent_, loop_, std::move(options));
    if (auto started = session_->start(); !started) {
        log::error("cannot dial the orchestrator", {{"why", started.error().what}});
        session_.reset();
    }
}

void Connection::enrol_soon(std::chrono::milliseconds wait) {
    timer_ = loop_.after(wait, [this] { enrol_now(); });
}

void Connection::enrol_now() {
    const auto work = [this, post = loop_.poster(), files = files_, orchestrator = *orchestrator_] {
        auto token = read_token(orchestrator.token_file);
        auto identity =
            token ? enrol(files, orchestrator, *token) : Result<Identity>(fail(token.error()));
        post([this, identity = std::move(identity)] {
            if (!orchestrator_ || session_) return;
            if (identity) return dial(*identity);
            log::warning("not enrolled yet", {{"why", identity.error().what}});
            enrol_soon(backoff_.next() + std::chrono::seconds(1));
        });
    };
    if (!lane_.submit(work)) enrol_soon(backoff_.next());
}

json::Value Connection::status() const {
    return json::Object{{"host", host_.empty() ? json::Value() : json::Value(host_)},
                        {"connected", session_ && session_->is_up()}};
}

}  // namespace evenkeel::agent
