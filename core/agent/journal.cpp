#include "core/agent/journal.hpp"

#include <utility>

#include "core/agent/fit.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {

Journal::Journal(AgentStore& store, store::Writer& writer, run::Loop& loop, Outbox::Limits limits,
                 bool keeps)
    : store_(store), writer_(writer), loop_(loop), outbox_(limits), keeps_(keeps) {}

void Journal::load(const AgentStore::Loaded& loaded) {
    for (std::size_t i = 0; i < loaded.outbox.size(); ++i) {
        const Row& row = loaded.outbox[i];
        Outbox::Entry entry;
        entry.seq = row.seq;
        entry.kind = row.kind;
        for (const wire::Ref& ref : row.about) entry.about.push_back(Outbox::about_of(ref));
        entry.bytes = loaded.outbox_bytes[i];
        entry.shed_from = row.shed_from;
        entry.shed_count = row.shed_count;
        outbox_.load(std::move(entry));
        if (!row.command.empty()) outcomes_.emplace(row.seq, row.command);
    }
    if (loaded.owes_truth) owe();
    outbox_.set_last(std::max(outbox_.last(), loaded.outbox_last));
}

void Journal::commit(std::vector<Note> notes, Work work, Done done) {
    std::vector<Row> rows;
    std::vector<bool> fresh;
    std::vector<std::uint64_t> seqs;
    for (Note& note : notes) {
        fit(note.data);
        Row row{0, note.kind, now_rfc3339(), note.about, note.command, 0, 0, ""};
        row.data = json::write(note.data);
        if (keeps_) {
            std::vector<std::size_t> about;
            for (const wire::Ref& ref : note.about) about.push_back(Outbox::about_of(ref));
            const auto place = outbox_.place(note.kind, std::move(about), row.data.size() + 256);
            row.seq = place.seq;
            fresh.push_back(!place.replaces);
        }
        seqs.push_back(row.seq);
        rows.push_back(std::move(row));
    }
    const auto write = [&store = store_, rows, seqs,
                        work = std::move(work)](store::WriteTxn& txn) -> Result<void> {
        for (const Row& row : rows) {
            if (row.seq != 0) EK_CHECK(store.put(txn, row));
        }
        return work ? work(txn, seqs) : Result<void>();
    };
    auto after = [this, rows, notes = std::move(notes), fresh,
                  done = std::move(done)](const Result<void>& result) {
        if (result) {
            on_committed(rows, notes);
        } else {
            on_failed(rows, fresh, result.error());
        }
        if (done) done(result);
    };
    if (auto queued = writer_.submit(write, after); !queued) {
        loop_.post([after, error = queued.error()] { after(fail(error)); });
    }
}

void Journal::on_committed(const std::vector<Row>& rows, const std::vector<Note>& notes) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].seq != 0) {
            outbox_.written(rows[i].seq);
            if (!rows[i].command.empty()) outcomes_.emplace(rows[i].seq, rows[i].command);
        }
        if (events_.on_event) events_.on_event(rows[i].seq, rows[i].time, notes[i]);
    }
    if (rows.empty()) return;
    // Only now: what is being written cannot be shed.
    if (keeps_) write_sheds(outbox_.shed_over_limit(), "the outbox is full");
    if (events_.on_more) events_.on_more();
}

void Journal::on_failed(const std::vector<Row>& rows, const std::vector<bool>& fresh,
                        const Error& error) {
    log::error("cannot write to the agent's store", {{"error", error.what}});
    if (error.code == Errc::limit) write_sheds(outbox_.shed_half(), "the disk is full");
    for (std::size_t i = 0; i < fresh.size(); ++i) {
        if (fresh[i]) {
            outbox_.lost(rows[i].seq);
            fill(rows[i].seq, error.what);
        } else {
            outbox_.written(rows[i].seq);
        }
    }
}

Row Journal::shed_row(const Outbox::Shed& shed, const std::string& reason) const {
    Row row{shed.to, "agent.shed", now_rfc3339(), {}, "", shed.from, shed.count, ""};
    row.data = json::write(json::Object{
        {"from", shed.from}, {"to", shed.to}, {"count", shed.count}, {"reason", reason}});
    return row;
}

void Journal::write_sheds(const std::vector<Outbox::Shed>& sheds, const std::string& reason) {
    for (const Outbox::Shed& shed : sheds) {
        owe();
        log::warning("events are shed", {{"from", std::to_string(shed.from)},
                                         {"to", std::to_string(shed.to)},
                                         {"reason", reason}});
        const auto write = [&store = store_, shed,
                            row = shed_row(shed, reason)](store::WriteTxn& txn) -> Result<void> {
            EK_CHECK(store.drop_rows(txn, shed.from, shed.to));
            EK_CHECK(store.put_debt(txn, true));
            return store.put(txn, row);
        };
        const auto after = [this, shed, reason](const Result<void>& result) {
            if (!result) {
                fill(shed.to, reason);
                return;
            }
            outbox_.written(shed.to);
            if (events_.on_more) events_.on_more();
        };
        if (!writer_.submit(write, after)) fill(shed.to, reason);
    }
}

// Until the number is explained on disk nothing behind it can leave, so this never gives up.
void Journal::fill(std::uint64_t seq, std::string reason) {
    refills_[seq] = loop_.after(std::chrono::seconds(1), [this, seq, reason = std::move(reason)] {
        refills_.erase(seq);
        const Outbox::Entry* entry = outbox_.find(seq);
        if (!entry) return;
        const Outbox::Shed shed{entry->shed_from, seq, entry->shed_count};
        write_sheds({shed}, reason);
    });
}

void Journal::tell_live(Note note) {
    if (events_.on_event) events_.on_event(0, now_rfc3339(), note);
}

void Journal::accepted(std::uint64_t seq) {
    if (outbox_.accepted(seq)) take_out({seq});
}

void Journal::accepted_through(std::uint64_t seq) {
    if (auto gone = outbox_.accepted_through(seq); !gone.empty()) take_out(gone);
}

void Journal::pay(std::uint64_t debt) {
    if (debt != debt_) return;
    debt_ = 0;
    const auto erase = [&store = store_](store::WriteTxn& txn, const auto&) {
        return store.put_debt(txn, false);
    };
    commit({}, erase, {});
}

void Journal::skip_to(std::uint64_t seq) {
    accepted_through(seq);
    outbox_.set_last(seq);
}

void Journal::rejected(std::uint64_t seq) {
    log::error("the orchestrator refuses an event for ever", {{"seq", std::to_string(seq)}});
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
    const auto erase = [&store = store_, seqs, commands](store::WriteTxn& txn) -> Result<void> {
        for (const std::uint64_t seq : seqs) EK_CHECK(store.drop_rows(txn, seq, seq));
        for (const std::string& command : commands) EK_CHECK(store.drop_inbox(txn, command));
        return {};
    };
    // What stays behind after a failure is sent again after a restart and dropped as a duplicate.
    const auto after = [](const Result<void>& result) {
        if (!result) log::warning("cannot erase sent events", {{"error", result.error().what}});
    };
    static_cast<void>(writer_.submit(erase, after));
    if (!events_.on_outcome_taken) return;
    for (const std::string& command : commands) events_.on_outcome_taken(command);
}

json::Value Journal::status() const {
    return json::Object{{"events", outbox_.size()}, {"bytes", outbox_.bytes()}};
}

}  // namespace evenkeel::agent
