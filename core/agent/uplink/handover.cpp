#include "core/agent/uplink/handover.hpp"

#include <algorithm>
#include <utility>

#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/admission.hpp"
#include "core/agent/runs/event_drafts.hpp"
#include "core/agent/store/journal.hpp"
#include "core/agent/uplink/identity.hpp"
#include "core/base/log.hpp"
#include "core/wire/message.hpp"
#include "core/wire/relations.hpp"

namespace evenkeel::agent {

Handover::Handover(UplinkParts parts, const Identity& identity)
    : parts_(parts), enrolment_(identity.enrolment) {}

void Handover::on_hello(const wire::OrchestratorHello& hello,
                        std::function<void(Result<void>)> done) {
    const auto before = parts_.journal.store().enrolment();
    if (!before) return done(fail(before.error()));
    const bool same_identity = *before == enrolment_;
    if (same_identity && parts_.admission.mark().stream == hello.stream) return done({});
    begin(hello, same_identity, std::move(done));
}

void Handover::begin(const wire::OrchestratorHello& hello, bool same_identity,
                     std::function<void(Result<void>)> done) {
    const wire::StreamPosition& mark = parts_.admission.mark();
    log::info(same_identity ? "a new stream of the orchestrator" : "a new identity of this machine",
              {{"stream", hello.stream}, {"before", mark.stream}, {"host", hello.host}});
    std::vector<Tombstone> reported;
    std::vector<EventDraft> drafts;
    if (same_identity && !mark.stream.empty() && mark.stream == hello.predecessor_stream) {
        drafts = restored(hello, reported);
    }
    parts_.journal.require_full_report();
    for (const Tombstone& tombstone : reported) parts_.catalog.tombstones.erase(tombstone.ref);
    const auto write = [&store = parts_.journal.store(), stream = hello.stream,
                        enrolment = enrolment_,
                        reported](store::WriteTxn& txn, const auto&) -> Result<void> {
        EK_CHECK(store.put_enrolment(txn, enrolment));
        for (const Tombstone& tombstone : reported) EK_CHECK(store.drop(txn, tombstone));
        EK_CHECK(store.put_full_report_due(txn, true));
        return store.put(txn, wire::StreamPosition{stream, 0});
    };
    parts_.journal.commit(
        std::move(drafts), write,
        [this, stream = hello.stream, done = std::move(done)](const Result<void>& stored) {
            if (stored) parts_.admission.begin_stream(stream);
            done(stored);
        },
        store::Importance::urgent);
}

// Descriptions that the backup is too old to contain. They win, because this machine has applied
// them.
std::vector<EventDraft> Handover::restored(const wire::OrchestratorHello& hello,
                                           std::vector<Tombstone>& reported) const {
    std::vector<EventDraft> drafts;
    const auto is_unknown_to_orchestrator = [&hello](const wire::Generation& generation) {
        return generation.stream == hello.predecessor_stream &&
               generation.revision > hello.predecessor_revision;
    };
    std::vector<wire::RelatedResource> entries;
    for (const auto& [ref, entry] : parts_.catalog) {
        if (entry.metadata.origin != wire::Origin::orchestrator ||
            !is_unknown_to_orchestrator(entry.metadata.generation)) {
            continue;
        }
        entries.push_back({*ref, entry.metadata.relations, ""});
    }
    // Required resources come first.
    if (const auto order = wire::in_order(entries)) {
        std::vector<wire::RelatedResource> sorted;
        for (const std::size_t at : *order) sorted.push_back(std::move(entries[at]));
        entries = std::move(sorted);
    }
    for (const wire::RelatedResource& each : entries) {
        const wire::Ref& ref = each.ref;
        const CatalogEntry& entry = *parts_.catalog.find(ref);
        const auto stored = parts_.journal.store().description(ref);
        if (!stored || !*stored) continue;
        const auto seen = parts_.journal.store().observation(ref);
        drafts.push_back(description_changed(entry, (*stored)->body,
                                             seen && *seen ? (*seen)->state : json::Value(),
                                             wire::DescriptionReason::restored));
    }
    for (const auto& [ref, generation] : parts_.catalog.tombstones) {
        // What its secret is still needed for, nobody else remembers.
        if (!parts_.catalog.left_secrets.contains(ref)) reported.push_back({ref, generation});
        if (!is_unknown_to_orchestrator(generation)) continue;
        drafts.push_back(description_forgotten(ref, generation, wire::Origin::orchestrator,
                                               wire::DescriptionReason::restored));
    }
    return drafts;
}

void Handover::add_present(const CatalogEntry& entry, std::vector<EventDraft>& drafts) const {
    if (entry.metadata.origin == wire::Origin::local) {
        const auto stored = parts_.journal.store().description(entry.metadata.ref);
        if (stored && *stored) {
            drafts.push_back(description_changed(
                entry, shown_body(**stored, parts_.registry, parts_.journal.store().sealer()),
                nullptr, wire::DescriptionReason::local));
        }
    }
    drafts.push_back(parts_.tracker.present(entry));
}

void Handover::report_more() {
    Journal& journal = parts_.journal;
    const std::uint64_t due = journal.full_report_due();
    if (due == 0 || commits_) return;
    if (std::exchange(full_report_due_, due) != due) reported_up_to_ = {};
    std::vector<EventDraft> drafts;
    wire::Ref last = reported_up_to_;
    auto at = parts_.catalog.after(reported_up_to_);
    for (; at != parts_.catalog.end() && drafts.size() < page_; ++at) {
        add_present(at->second, drafts);
        last = *at->first;
    }
    const bool is_all = at == parts_.catalog.end();
    if (drafts.empty()) return journal.full_report_sent(due);
    commits_ = true;
    journal.commit(std::move(drafts), {}, [this, due, last, is_all](const Result<void>& stored) {
        commits_ = false;
        page_ = stored ? std::min(kPage, page_ * 2) : std::max<std::size_t>(1, page_ / 2);
        if (!stored || due != full_report_due_) return;
        reported_up_to_ = last;
        if (is_all) parts_.journal.full_report_sent(due);
    });
}

}  // namespace evenkeel::agent
