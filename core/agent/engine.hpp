#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/agent/book.hpp"
#include "core/agent/checker.hpp"
#include "core/agent/job.hpp"
#include "core/agent/job_queue.hpp"
#include "core/agent/judge.hpp"
#include "core/agent/repairs.hpp"
#include "core/agent/units.hpp"

namespace evenkeel::agent {

// Runs what changes the machine: takes a job in its turn, commits the descriptions, lets the lanes
// carry it out, and commits the outcome with the events that tell of it. [loop]
class Engine {
  public:
    struct Parts {
        Book& book;
        Units& units;
        Journal& journal;
        Judge& judge;
        Checker& checker;
        Repairs& repairs;
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
    void pay_debts();
    // Ends a job that has not begun; asks one that runs to stop. False when there is none.
    bool cancel(const std::string& id);

    // What a plan of `wanted` would change; `done` gets one entry each.
    void plan(const std::string& verb, std::vector<wire::Wanted> wanted, bool local,
              std::chrono::milliseconds timeout, std::function<void(std::vector<wire::Done>)> done);

    std::size_t unfinished() const { return jobs_.size(); }

  private:
    struct Planning;
    // What is committed when a job ends.
    struct End {
        std::vector<Note> notes;
        std::vector<Observation> observations;
        std::vector<wire::Ref> drops;
        std::vector<Removal> removals;
        std::vector<Debt> debts;
    };

    void pump();
    void begin(Job& job);
    void prepare_all(Job& job) const;
    void carry_on(const std::string& id);
    void launch(Job& job, Step& step);
    Errand errand_for(Job& job, const Step& step);
    void foresee(Job& job, Step& step);
    void on_foreseen(const std::string& id, Result<std::optional<Deed>> deed);
    void claim(Step& step);
    void settle_debt(const Job& job, Step& step) const;
    void on_deeds(const std::string& id, Result<std::vector<Deed>> deeds);
    void forgive_writers(const wire::Ref& ref, Deed& deed) const;
    void take_deed(Job& job, Step& step, const Deed& deed);
    void store_beginning(Job& job);
    void undo_beginning(Job& job, const Error& error);
    void finish(Job& job);
    void finish_step(const Job& job, Step& step, End& end);
    void commit_end(const std::string& id, std::shared_ptr<const Outcome> outcome,
                    std::shared_ptr<const End> end);
    Note change_of_owner(const Job& job, const Record& before, const Step& step) const;
    void release(const Job& job);

    void begin_repair(Job& job);
    void foresee_repair(const std::string& id, const wire::Ref& ref);
    void carry_out_repair(const std::string& id, const wire::Ref& ref, bool foreseen);
    void end_repair(const std::string& id, const wire::Ref& ref, bool foreseen,
                    const Result<Deed>& deed);
    void leave_repair(const std::string& id, const wire::Ref& ref);
    void notify(const wire::Ref& source);
    void submit_notice(const std::string& collection, const wire::Notice& notice);
    void begin_notice(Job& job);
    void end_notice(const std::vector<wire::Ref>& sources, const wire::Notice& notice,
                    const std::optional<Error>& error);
    void pay(const std::vector<wire::Ref>& sources, const wire::Notice& notice,
             std::vector<Note> notes);
    void commit_debts(std::vector<Note> notes, const std::vector<Debt>& debts);

    void plan_next(const std::shared_ptr<Planning>& planning);
    void take_plan(Job& job, Step& step, Result<Deed> deed) const;

    Parts parts_;
    JobQueue queue_;
    std::map<std::string, std::unique_ptr<Job>> jobs_;
    std::map<std::string, run::Timer> retries_;
    // Notices that gather or wait for their turn, each for the sources of one collection.
    std::map<std::pair<std::string, wire::Notice>, run::Timer> waiting_;
};

}  // namespace evenkeel::agent
