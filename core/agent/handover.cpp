#include "core/agent/handover.hpp"

#include <utility>

#include "core/agent/notes.hpp"
#include "core/base/log.hpp"
#include "core/wire/order.hpp"

namespace evenkeel::agent {

void Handover::meet(const wire::OrchestratorHello& hello, std::function<void(Result<void>)> done) {
    const wire::Mark& mark = agent_.admission().mark();
    if (mark.stream == hello.stream) return done({});
    log::info("a new stream of the orchestrator",
              {{"stream", hello.stream}, {"before", mark.stream}});
    std::vector<Removal> told;
    std::vector<Note> notes;
    if (!mark.stream.empty() && mark.stream == hello.predecessor_stream) {
        notes = restored(hello, told);
    }
    agent_.journal().owe();
    for (const Removal& removal : told) agent_.book().removals.erase(removal.ref);
    const auto write = [&store = agent_.store(), stream = hello.stream, told](
                           store::WriteTxn& txn, const auto&) -> Result<void> {
        for (const Removal& removal : told) EK_CHECK(store.drop(txn, removal));
        EK_CHECK(store.put_debt(txn, true));
        return store.put(txn, wire::Mark{stream, 0});
    };
    agent_.journal().commit(
        std::move(notes), write,
        [this, stream = hello.stream, done = std::move(done)](const Result<void>& stored) {
            if (stored) agent_.admission().begin_stream(stream);
            done(stored);
        });
}

// What the backup is too old for: it wins, because this machine has carried it out.
std::vector<Note> Handover::restored(const wire::OrchestratorHello& hello,
                                     std::vector<Removal>& told) const {
    std::vector<Note> notes;
    const auto is_news = [&hello](const wire::Generation& generation) {
        return generation.stream == hello.predecessor_stream &&
               generation.revision > hello.predecessor_revision;
    };
    std::vector<wire::Tied> held;
    for (const auto& [ref, record] : agent_.book()) {
        if (record.head.origin != wire::Origin::orchestrator || !is_news(record.head.generation)) {
            continue;
        }
        held.push_back({ref, record.head.ties, ""});
    }
    // What others require goes first.
    if (const auto order = wire::in_order(held)) {
        std::vector<wire::Tied> sorted;
        for (const std::size_t at : *order) sorted.push_back(std::move(held[at]));
        held = std::move(sorted);
    }
    for (const wire::Tied& each : held) {
        const wire::Ref& ref = each.ref;
        const Record& record = *agent_.book().find(ref);
        const auto stored = agent_.store().description(ref);
        if (!stored || !*stored) continue;
        const auto seen = agent_.store().observation(ref);
        notes.push_back(description_changed(
            record, (*stored)->body, seen && *seen ? (*seen)->state : json::Value(), "restored"));
    }
    for (const auto& [ref, generation] : agent_.book().removals) {
        told.push_back({ref, generation});
        if (!is_news(generation)) continue;
        notes.push_back(
            description_forgotten(ref, generation, wire::Origin::orchestrator, "restored"));
    }
    return notes;
}

void Handover::add_present(const Record& record, std::vector<Note>& notes) const {
    if (record.head.origin == wire::Origin::local) {
        const auto stored = agent_.store().description(record.head.ref);
        if (stored && *stored) {
            notes.push_back(description_changed(
                record, shown_body(**stored, agent_.units(), agent_.store().sealer()), nullptr,
                "local"));
        }
    }
    notes.push_back(agent_.judge().present(record));
}

void Handover::tell_more() {
    Journal& journal = agent_.journal();
    if (journal.debt() == 0) return;
    if (journal.debt() != debt_) {
        debt_ = journal.debt();
        told_ = {};
    }
    std::vector<Note> notes;
    auto at = agent_.book().after(told_);
    for (; at != agent_.book().end() && notes.size() < kPage; ++at) {
        add_present(at->second, notes);
        told_ = at->first;
    }
    const bool is_all = at == agent_.book().end();
    if (!notes.empty()) journal.commit(std::move(notes), {}, {});
    if (is_all) journal.pay(debt_);
}

}  // namespace evenkeel::agent
