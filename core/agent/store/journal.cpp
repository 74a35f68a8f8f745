#include "core/agent/store/journal.hpp"

#include <memory>
#include <utility>

#include "core/agent/model/truncate.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/store/writer.hpp"

namespace evenkeel::agent {
namespace {

constexpr const char* kDiskFull = "the disk is full";
// With less in the outbox, shedding would lose much and give little room.
constexpr std::size_t kWorthShedding = 256 << 10;

}  // namespace

Journal::Journal(AgentStore& store, store::Writer& writer, run::Loop& loop, Outbox::Limits limits,
                 bool keeps)
    : store_(store), writer_(writer), loop_(loop), outbox_(limits), keeps_(keeps) {}

void Journal::load(const AgentStore::Loaded& loaded) {
    for (std::size_t i = 0; i < loaded.outbox.size(); ++i) {
        const OutboxEvent& outbox_event = loaded.outbox[i];
        Outbox::Entry entry;
        entry.seq = outbox_event.seq;
        entry.kind = outbox_event.kind;
        for (const wire::Ref& ref : outbox_event.about)
            entry.about.push_back(Outbox::about_of(ref));
        entry.bytes = loaded.outbox_bytes[i];
        entry.shed_from = outbox_event.shed_from;
        entry.shed_count = outbox_event.shed_count;
        outbox_.load(std::move(entry));
        if (!outbox_event.command.empty())
            outcomes_.emplace(outbox_event.seq, outbox_event.command);
    }
    if (loaded.full_report_due) require_full_report();
    outbox_.set_last(std::max(outbox_.last(), loaded.outbox_last));
}

// What goes into one transaction; the writer and the loop share it.
struct Journal::Batch {
    std::vector<EventDraft> drafts;
    std::vector<OutboxEvent> events;  // of the drafts
    std::vector<bool> fresh;          // whether it has a number of its own, not that of a repeat
    std::vector<std::uint64_t> seqs;
    bool needs_full_report = false;
    Work work;
    Done done;
};

OutboxEvent Journal::number_event(EventDraft& draft, bool& fresh) {
    OutboxEvent event{0, draft.kind, now_rfc3339(), draft.about, draft.command, 0, 0, ""};
    event.data = write_truncated(draft.data);
    fresh = false;
    if (!keeps_) return event;
    // How its resources are has yet to be told.
    if (!draft.command.empty() && draft.data.bool_or("truncated")) require_full_report();
    std::vector<std::size_t> about;
    for (const wire::Ref& ref : draft.about) about.push_back(Outbox::about_of(ref));
    const auto place = outbox_.place(draft.kind, std::move(about), AgentStore::bytes_of(event));
    event.seq = place.seq;
    fresh = !place.replaces;
    return event;
}

void Journal::commit(std::vector<EventDraft> drafts, Work work, Done done,
                     store::Importance importance) {
    const auto batch = std::make_shared<Batch>();
    const std::uint64_t reports_before = full_reports_;
    batch->work = std::move(work);
    batch->done = std::move(done);
    for (EventDraft& draft : drafts) {
        bool fresh = false;
        batch->events.push_back(number_event(draft, fresh));
        batch->fresh.push_back(fresh);
        batch->seqs.push_back(batch->events.back().seq);
    }
    batch->drafts = std::move(drafts);
    batch->needs_full_report = full_reports_ != reports_before;
    const auto write = [&store = store_, batch](store::WriteTxn& txn) -> Result<void> {
        for (const OutboxEvent& event : batch->events) {
            if (event.seq != 0) EK_CHECK(store.put(txn, event));
        }
        if (batch->needs_full_report) EK_CHECK(store.put_full_report_due(txn, true));
        return batch->work ? batch->work(txn, batch->seqs) : Result<void>();
    };
    const auto after = [this, batch](const Result<void>& result) {
        if (result) {
            on_committed(*batch);
        } else {
            on_failed(*batch, result.error());
        }
        if (batch->done) batch->done(result);
    };
    if (auto queued = writer_.submit(write, after, importance); !queued) {
        loop_.post([after, error = queued.error()] { after(fail(error)); });
    }
}

void Journal::on_committed(const Batch& batch) {
    for (std::size_t i = 0; i < batch.events.size(); ++i) {
        const OutboxEvent& event = batch.events[i];
        if (event.seq != 0) {
            outbox_.written(event.seq);
            if (!event.command.empty()) outcomes_.emplace(event.seq, event.command);
        }
        if (events_.on_event) events_.on_event(event.seq, event.time, batch.drafts[i]);
    }
    if (batch.events.empty()) return;
    // Only now: what is being written cannot be shed.
    if (keeps_) shed(outbox_.shed_over_limit(), "the outbox is full");
    if (events_.on_more) events_.on_more();
}

void Journal::on_failed(const Batch& batch, const Error& error) {
    log::error("cannot write to the agent's store", {{"error", error.what}});
    for (const OutboxEvent& event : batch.events) {
        if (event.seq == 0) continue;
        if (batch.fresh[static_cast<std::size_t>(&event - batch.events.data())]) {
            outbox_.lost(event.seq);
            lost_reason_ = error.code == Errc::limit ? kDiskFull : error.what;
            retry_soon();
        } else {
            outbox_.written(event.seq);
        }
    }
    if (error.code == Errc::limit) shed_soon();
}

// Once for all that fail together, so that what they give up is one range.
void Journal::shed_soon() {
    if (std::exchange(sheds_soon_, true)) return;
    loop_.post([this] {
        sheds_soon_ = false;
        // What is on its way makes room by itself soon.
        const bool is_worth_it = outbox_.bytes() >= kWorthShedding && outbox_.in_flight() == 0;
        if (is_worth_it) shed(outbox_.shed_half(), kDiskFull);
    });
}

OutboxEvent Journal::shed_row(const Outbox::Shed& shed, const std::string& reason) const {
    OutboxEvent outbox_event{
        shed.to, wire::EventKind::agent_shed, now_rfc3339(), {}, "", shed.from, shed.count, ""};
    outbox_event.data = json::write(json::Object{
        {"from", shed.from}, {"to", shed.to}, {"count", shed.count}, {"reason", reason}});
    return outbox_event;
}

void Journal::shed(const std::vector<Outbox::Shed>& sheds, const std::string& reason) {
    if (!sheds.empty()) require_full_report();
    write_sheds(sheds, reason);
}

// What was never stored needs no full report: whoever had it to tell tries again.
void Journal::write_sheds(const std::vector<Outbox::Shed>& sheds, const std::string& reason) {
    if (sheds.empty()) return;
    std::vector<OutboxEvent> rows;
    for (const Outbox::Shed& shed : sheds) rows.push_back(shed_row(shed, reason));
    const auto write = [&store = store_, rows = std::move(rows),
                        is_due = full_report_due_ != 0](store::WriteTxn& txn) -> Result<void> {
        for (const OutboxEvent& row : rows) {
            EK_CHECK(store.drop_events(txn, row.shed_from, row.seq));
            EK_CHECK(store.put(txn, row));
        }
        return store.put_full_report_due(txn, is_due);
    };
    const auto after = [this, sheds, reason](const Result<void>& result) {
        on_sheds(sheds, reason, result);
    };
    const auto queued = writer_.submit(write, after, store::Importance::freeing);
    if (!queued) on_sheds(sheds, reason, queued);
}

// No later event can be sent before the number is explained on disk, so this is retried for ever.
void Journal::on_sheds(const std::vector<Outbox::Shed>& sheds, const std::string& reason,
                       const Result<void>& result) {
    if (!result) {
        log::error("what was shed cannot be written down yet", {{"error", result.error().what}});
        lost_reason_ = reason;
        for (const Outbox::Shed& shed : sheds) outbox_.lost(shed.to);
        return retry_soon();
    }
    std::uint64_t count = 0;
    for (const Outbox::Shed& shed : sheds) {
        outbox_.written(shed.to);
        count += shed.count;
    }
    log::warning("events are shed", {{"from", std::to_string(sheds.front().from)},
                                     {"to", std::to_string(sheds.back().to)},
                                     {"count", std::to_string(count)},
                                     {"reason", reason}});
    if (events_.on_more) events_.on_more();
}

void Journal::retry_soon() {
    if (retry_.pending()) return;
    retry_ = loop_.after(std::chrono::seconds(1), [this] {
        write_sheds(outbox_.take_due(), lost_reason_);
        erase_accepted();
    });
}

void Journal::publish_live(EventDraft draft) {
    if (events_.on_event) events_.on_event(0, now_rfc3339(), draft);
}

void Journal::accepted(std::uint64_t seq) {
    if (outbox_.accepted(seq)) take_out({seq});
}

void Journal::accepted_through(std::uint64_t seq) {
    if (auto gone = outbox_.accepted_through(seq); !gone.empty()) take_out(gone);
}

void Journal::full_report_sent(std::uint64_t due) {
    if (due != full_report_due_) return;
    full_report_due_ = 0;
    const auto erase = [&store = store_](store::WriteTxn& txn, const auto&) {
        return store.put_full_report_due(txn, false);
    };
    commit({}, erase, {});
}

void Journal::skip_to(std::uint64_t seq) {
    accepted_through(seq);
    outbox_.set_last(seq);
}

void Journal::rejected(std::uint64_t seq) {
    log::error("the orchestrator has rejected an event", {{"seq", std::to_string(seq)}});
    accepted(seq);
}

void Journal::take_out(const std::vector<std::uint64_t>& seqs) {
    std::vector<std::string> commands;
    for (const std::uint64_t seq : seqs) {
        if (const auto found = outcomes_.find(seq); found != outcomes_.end()) {
            commands.push_back(std::move(found->second));
            outcomes_.erase(found);
        }
    }
    accepted_.seqs.insert(accepted_.seqs.end(), seqs.begin(), seqs.end());
    accepted_.commands.insert(accepted_.commands.end(), commands.begin(), commands.end());
    erase_accepted();
    if (!events_.on_outcome_taken) return;
    for (const std::string& command : commands) events_.on_outcome_taken(command);
}

// Nobody waits for it, so it rides on another commit, unless the disk has no room: what is written
// later, shedding too, comes behind it all the same. What stays behind when the process ends is
// sent again after a restart and dropped as a duplicate.
void Journal::erase_accepted() {
    if (accepted_.seqs.empty()) return;
    const auto taken = std::make_shared<Accepted>(std::exchange(accepted_, {}));
    const auto erase = [&store = store_, taken](store::WriteTxn& txn) -> Result<void> {
        for (const std::uint64_t seq : taken->seqs) EK_CHECK(store.drop_events(txn, seq, seq));
        for (const std::string& command : taken->commands) {
            EK_CHECK(store.drop_inbox(txn, command));
        }
        return {};
    };
    const auto after = [this, taken](const Result<void>& result, const store::WriteSet&) {
        if (result) return;
        log::warning("cannot erase sent events", {{"error", result.error().what}});
        accepted_.seqs.insert(accepted_.seqs.end(), taken->seqs.begin(), taken->seqs.end());
        accepted_.commands.insert(accepted_.commands.end(), taken->commands.begin(),
                                  taken->commands.end());
        retry_soon();
    };
    constexpr auto kFreeing = store::Importance::freeing;
    const auto queued = store_.env().is_tight() ? writer_.submit_tracked(erase, after, kFreeing)
                                                : writer_.submit_lazy(erase, after, kFreeing);
    if (!queued) after(queued, {});
}

json::Value Journal::status() const {
    return json::Object{{"events", outbox_.size()},
                        {"bytes", outbox_.bytes()},
                        {"disk_full", store_.env().is_full()}};
}

}  // namespace evenkeel::agent
