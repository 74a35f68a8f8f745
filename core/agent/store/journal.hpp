#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/agent/model/event_draft.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/agent/store/outbox.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::store {
class Writer;
}

namespace evenkeel::agent {

// The one way to the agent's store: a change and the events that report it are one transaction, and
// the events wait in the store until the orchestrator has them. So nothing is reported that did not
// happen, and nothing that happened goes unreported. A commit is given to the writer, which syncs
// all that wait at once; it costs the loop one text of JSON for each event. An error reaches `done`
// only: then neither the change nor its events are there, and the number of a new event is
// explained by an agent.shed. When the disk is full, events are refused before commands are; what
// explains or erases events is written from the store's reserve, and again every second until it
// succeeds. [loop]
class Journal {
  public:
    // Gets the numbers of the events that it is committed with (0 when there is no outbox).
    using Work = std::function<Result<void>(store::WriteTxn&, const std::vector<std::uint64_t>&)>;
    using Done = std::function<void(Result<void>)>;

    struct Events {
        // Committed, and published for the first time; `seq` 0 is a live one that is not stored.
        std::function<void(std::uint64_t seq, const std::string& time, const EventDraft& draft)>
            on_event;
        // There may be more to send.
        std::function<void()> on_more;
        // The orchestrator has the outcome of this command.
        std::function<void(const std::string& command)> on_outcome_taken;
    };

    // Without an orchestrator (`keeps` false) events are published here and not kept.
    Journal(AgentStore& store, store::Writer& writer, run::Loop& loop, Outbox::Limits limits,
            bool keeps);
    void load(const AgentStore::Loaded& loaded);
    void set_events(Events events) { events_ = std::move(events); }
    void keep(bool keeps) { keeps_ = keeps; }

    // Commits `work` (may be empty) and `drafts` together, then calls `done` (may be empty). On an
    // error nothing of both has happened, and what `drafts` had to tell is to be told again.
    void commit(std::vector<EventDraft> drafts, Work work, Done done,
                store::Importance importance = store::Importance::ordinary);
    // Publishes an event that is not stored.
    void publish_live(EventDraft draft);

    Outbox& outbox() { return outbox_; }
    AgentStore& store() { return store_; }

    // The orchestrator has yet to get a report of everything: it is new, or events were shed. The
    // number rises with each such reason; 0 when there is none.
    std::uint64_t full_report_due() const { return full_report_due_; }
    // Part of a commit that puts it on disk.
    void require_full_report() { full_report_due_ = ++full_reports_; }
    // The full report `due` was sent; another one may have become due since.
    void full_report_sent(std::uint64_t due);

    // The orchestrator has committed `seq`, or everything up to it.
    void accepted(std::uint64_t seq);
    void accepted_through(std::uint64_t seq);
    // Numbers up to `seq` are used up: the next event gets a higher one.
    void skip_to(std::uint64_t seq);
    // The orchestrator has rejected `seq` for good.
    void rejected(std::uint64_t seq);
    // Bytes and events, and whether the disk is full, for people.
    json::Value status() const;

  private:
    void take_out(const std::vector<std::uint64_t>& seqs);
    void shed(const std::vector<Outbox::Shed>& sheds, const std::string& reason);
    void write_sheds(const std::vector<Outbox::Shed>& sheds, const std::string& reason);
    void on_sheds(const std::vector<Outbox::Shed>& sheds, const std::string& reason,
                  const Result<void>& result);
    void erase_accepted();
    void retry_soon();
    void shed_soon();
    struct Batch;
    OutboxEvent number_event(EventDraft& draft, bool& fresh);
    void on_committed(const Batch& batch);
    void on_failed(const Batch& batch, const Error& error);
    OutboxEvent shed_row(const Outbox::Shed& shed, const std::string& reason) const;

    AgentStore& store_;
    store::Writer& writer_;
    run::Loop& loop_;
    Outbox outbox_;
    bool keeps_;
    std::uint64_t full_report_due_ = 0;
    std::uint64_t full_reports_ = 0;
    Events events_;
    std::map<std::uint64_t, std::string> outcomes_;  // seq -> command
    // What the orchestrator has and the store has too.
    struct Accepted {
        std::vector<std::uint64_t> seqs;
        std::vector<std::string> commands;
    };
    Accepted accepted_;
    std::string lost_reason_;
    run::Timer retry_;
    bool sheds_soon_ = false;
};

}  // namespace evenkeel::agent
