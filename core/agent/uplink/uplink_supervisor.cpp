#include "core/agent/uplink/uplink_supervisor.hpp"

#include <utility>

#include "core/agent/store/journal.hpp"
#include "core/agent/uplink/enrol.hpp"
#include "core/agent/uplink/uplink.hpp"
#include "core/base/log.hpp"

namespace evenkeel::agent {
namespace {

// A machine that was rejected may be accepted later, so it asks again, but rarely.
constexpr std::chrono::minutes kAfterRejection{30};

}  // namespace

UplinkSupervisor::UplinkSupervisor(UplinkParts parts, run::Loop& loop, std::string state_dir)
    : parts_(parts), loop_(loop), files_(state_dir) {}

UplinkSupervisor::~UplinkSupervisor() {
    uplink_.reset();
    lane_.stop(std::chrono::seconds(5));
}

void UplinkSupervisor::begin(const std::optional<OrchestratorConfig>& orchestrator) {
    uplink_.reset();
    timer_.cancel();
    ++begun_;
    orchestrator_ = orchestrator;
    parts_.journal.keep(orchestrator.has_value());
    if (!orchestrator) return;
    const auto identity = files_.load();
    if (identity && *identity && (*identity)->unsaved) {
        log::warning(
            "an enrolment was interrupted before it was saved in the configuration: run "
            "`evenkeel-agent enrol` again",
            {{"orchestrator", (*identity)->unsaved->host}});
        orchestrator_ = (*identity)->unsaved;
    }
    if (!identity) {
        log::error("the identity cannot be read", {{"why", identity.error().what}});
        begin_soon();
    } else if (*identity) {
        dial(**identity);
    } else {
        enrolment_ = "pending";
        enrol_soon(std::chrono::milliseconds(0));
    }
}

void UplinkSupervisor::dial(const Identity& identity) {
    timer_.cancel();
    host_ = identity.host;
    enrolment_ = "enrolled";
    fingerprint_.clear();
    Uplink::Options options{orchestrator_->host,
                            orchestrator_->bus_port.value_or(identity.bus_port), identity, files_};
    uplink_ = std::make_unique<Uplink>(parts_, loop_, std::move(options));
    if (auto started = uplink_->start(); !started) {
        log::error("cannot dial the orchestrator", {{"why", started.error().what}});
        uplink_.reset();
        return begin_soon();
    }
    backoff_.reset();
}

void UplinkSupervisor::begin_soon() {
    timer_ = loop_.after(backoff_.next(), [this] { begin(std::optional(orchestrator_)); });
}

void UplinkSupervisor::enrol_soon(std::chrono::milliseconds wait) {
    timer_ = loop_.after(wait, [this] { enrol_now(); });
}

void UplinkSupervisor::enrol_now() {
    const auto work = [this, post = loop_.poster(), files = files_, orchestrator = *orchestrator_,
                       begun = begun_] {
        // Before the request is sent, because the answer may take until an administrator has
        // decided.
        const std::string fingerprint = key_fingerprint(files).value_or("");
        post([this, fingerprint] { announce_as(fingerprint); });
        auto token = orchestrator.token_file.empty()
                         ? Result<crypto::Secret>(crypto::Secret(std::string()))
                         : read_token(orchestrator.token_file);
        auto found = token ? enrol(files, orchestrator, *token)
                           : Result<std::optional<Identity>>(fail(token.error()));
        post([this, answer = std::move(found), begun] {
            if (begun == begun_ && orchestrator_ && !uplink_) on_answer(answer);
        });
    };
    if (!lane_.submit(work)) enrol_soon(backoff_.next());
}

void UplinkSupervisor::announce_as(const std::string& fingerprint) {
    if (!orchestrator_ || uplink_ || fingerprint == fingerprint_) return;
    fingerprint_ = fingerprint;
    log::info("waiting for the orchestrator to accept this machine", {{"key", fingerprint_}});
}

void UplinkSupervisor::on_answer(const Result<std::optional<Identity>>& answer) {
    if (answer && *answer) return dial(**answer);
    if (answer) {
        enrolment_ = "pending";
        backoff_.reset();
        return enrol_soon(std::chrono::milliseconds(100));
    }
    const bool rejected = orchestrator_->token_file.empty() && answer.error().code == Errc::denied;
    if (rejected) {
        enrolment_ = "rejected";
        log::error("the orchestrator does not take this machine",
                   {{"why", answer.error().what}, {"key", fingerprint_}});
        return enrol_soon(kAfterRejection + backoff_.next());
    }
    log::warning("not enrolled yet", {{"why", answer.error().what}});
    enrol_soon(backoff_.next() + std::chrono::seconds(1));
}

std::string UplinkSupervisor::enrolment() const {
    if (uplink_ && uplink_->is_quarantined()) return "held";
    if (uplink_ && uplink_->is_retired()) return "retired";
    return enrolment_;
}

json::Value UplinkSupervisor::status() const {
    return json::Object{
        {"host", host_.empty() ? json::Value() : json::Value(host_)},
        {"connected", uplink_ && uplink_->is_up()},
        {"enrolment", enrolment()},
        {"fingerprint", fingerprint_.empty() ? json::Value() : json::Value(fingerprint_)}};
}

}  // namespace evenkeel::agent
