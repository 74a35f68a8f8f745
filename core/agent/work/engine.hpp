#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/work/job.hpp"
#include "core/agent/work/job_queue.hpp"
#include "core/agent/work/repair_scheduler.hpp"

namespace evenkeel::agent {

// Runs what changes the machine: takes a job in its turn, commits the descriptions, lets the lanes
// carry it out, and commits the outcome with the events that tell of it. [loop]
class Engine {
  public:
    struct Parts {
        Catalog& catalog;
        CollectionRegistry& registry;
        Journal& journal;
        ComplianceTracker& assess;
        Checker& checker;
        RepairScheduler& repairs;
        run::Loop& loop;
        std::shared_ptr<const AgentStore> store;
    };
    explicit Engine(Parts parts);

    // Runs the job when its turn comes. Requires that its inbox record is committed, or that it
    // needs none.
    void submit(std::unique_ptr<Job> job);
    // Brings one resource back to its description.
    void repair(const wire::Ref& ref);
    // Queues the actions that are owed for resources in line: what a process before left.
    void run_pending_notifications();
    // Ends a job that has not begun; asks one that runs to stop. False when there is none.
    bool cancel(const std::string& id);

    // What a plan of `wanted` would change; `done` gets one entry each.
    void plan(const OpenName<wire::Verb>& verb, std::vector<wire::ResourceRequest> request,
              bool local, std::chrono::milliseconds timeout,
              std::function<void(std::vector<wire::ResourceResult>)> done);

    std::size_t unfinished() const { return jobs_.size(); }

  private:
    struct Planning;
    // What is committed when a job ends.
    struct End {
        std::vector<EventDraft> drafts;
        std::vector<Observation> observations;
        std::vector<wire::Ref> drops;
        std::vector<Tombstone> tombstones;
        std::vector<PendingNotifications> pending_notifications;
    };

    void pump();
    void begin(Job& job);
    void prepare_all(Job& job) const;
    void carry_on(const std::string& id);
    void launch(Job& job, Step& step);
    PluginCall plugin_call_for(Job& job, const Step& step);
    void foresee(Job& job, Step& step);
    void on_foreseen(const std::string& id, Result<std::optional<ApplyResult>> apply_result);
    void claim(Step& step);
    void settle_pending(const Job& job, Step& step) const;
    void on_results(const std::string& id, Result<std::vector<ApplyResult>> apply_results);
    void ignore_active_writers(const wire::Ref& ref, ApplyResult& apply_result) const;
    void take_result(Job& job, Step& step, const ApplyResult& apply_result);
    void store_beginning(Job& job);
    void undo_beginning(Job& job, const Error& error);
    void finish(Job& job);
    void finish_step(const Job& job, Step& step, End& end);
    void commit_end(const std::string& id, std::shared_ptr<const Outcome> outcome,
                    std::shared_ptr<const End> end);
    EventDraft change_of_owner(const Job& job, const CatalogEntry& before, const Step& step) const;
    void release(const Job& job);

    void begin_repair(Job& job);
    void foresee_repair(const std::string& id, const wire::Ref& ref);
    void carry_out_repair(const std::string& id, const wire::Ref& ref, bool foreseen);
    void end_repair(const std::string& id, const wire::Ref& ref, bool foreseen,
                    const Result<ApplyResult>& apply_result);
    void leave_repair(const std::string& id, const wire::Ref& ref);
    void notify(const wire::Ref& source);
    void submit_notice(const std::string& collection, const wire::Notification& notice);
    void begin_notice(Job& job);
    void end_notice(const std::vector<wire::Ref>& sources, const wire::Notification& notice,
                    const std::optional<Error>& error);
    void full_report_sent(const std::vector<wire::Ref>& sources, const wire::Notification& notice,
                          std::vector<EventDraft> drafts);
    void commit_pending(std::vector<EventDraft> drafts,
                        const std::vector<PendingNotifications>& pending_notifications);

    void plan_next(const std::shared_ptr<Planning>& planning);
    void take_plan(Job& job, Step& step, Result<ApplyResult> apply_result) const;

    Parts parts_;
    JobQueue queue_;
    std::map<std::string, std::unique_ptr<Job>> jobs_;
    std::map<std::string, run::Timer> retries_;
    // Notices that gather or wait for their turn, each for the sources of one collection.
    std::map<std::pair<std::string, wire::Notification>, run::Timer> waiting_;
};

}  // namespace evenkeel::agent
