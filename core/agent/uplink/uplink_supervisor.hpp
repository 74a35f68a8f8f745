#pragma once

#include <cstdint>
#include <memory>

#include "core/agent/config/config.hpp"
#include "core/agent/uplink/identity.hpp"
#include "core/agent/uplink/uplink_parts.hpp"
#include "core/run/backoff.hpp"
#include "core/run/lane.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

class Uplink;

// Enrols this machine if that is needed, then runs an Uplink. Enrols with the configured token file
// or, without one, by announcing the machine and waiting to be accepted, again and again until it
// succeeds. An identity that `evenkeel-agent enrol` has saved is used. [loop]
class UplinkSupervisor {
  public:
    UplinkSupervisor(UplinkParts parts, run::Loop& loop, std::string state_dir);
    // Ends the uplink; waits for an enrolment under way.
    ~UplinkSupervisor();

    // Begins with this configuration; one without orchestrator ends the uplink.
    void begin(const std::optional<OrchestratorConfig>& orchestrator);
    // Connects anew, if it is connected or tries to.
    void begin_again() {
        if (uplink_) begin(std::optional(orchestrator_));
    }
    Uplink* uplink() { return uplink_.get(); }
    // {"host","connected","enrolment","fingerprint"} for people; `enrolment` is none, pending,
    // rejected, enrolled, held or retired, the fingerprint that of the key while it is not
    // enrolled.
    json::Value status() const;

  private:
    std::string enrolment() const;
    void dial(const Identity& identity);
    // After what may pass: begins again later.
    void begin_soon();
    void enrol_soon(std::chrono::milliseconds wait);
    void enrol_now();
    void announce_as(const std::string& fingerprint);
    void on_answer(const Result<std::optional<Identity>>& answer);

    UplinkParts parts_;
    run::Loop& loop_;
    IdentityFiles files_;
    std::optional<OrchestratorConfig> orchestrator_;
    std::string host_;
    std::string enrolment_ = "none";
    std::string fingerprint_;
    std::unique_ptr<Uplink> uplink_;
    run::Backoff backoff_{std::chrono::seconds(1), std::chrono::minutes(1)};
    std::uint64_t begun_ = 0;  // answers to what was asked before a new beginning are dropped
    run::Timer timer_;
    run::Lane lane_{{.name = "enrol", .queue_depth_max = 1}};
};

}  // namespace evenkeel::agent
