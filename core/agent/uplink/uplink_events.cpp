#include <string>
#include <utility>

#include "core/agent/model/catalog.hpp"
#include "core/agent/store/journal.hpp"
#include "core/agent/uplink/uplink.hpp"
#include "core/base/log.hpp"
#include "core/link/dialer.hpp"
#include "core/wire/message.hpp"

// What an agent reports: the events of the outbox, the digest, and what is not stored.
namespace evenkeel::agent {

using link::Disposition;

void Uplink::pump() {
    while (up_ && !paused_ && parts_.journal.outbox().in_flight() < kInFlightMost) {
        if (!send_next()) break;
    }
    Journal& journal = parts_.journal;
    if (!up_ || paused_) return;
    if (journal.full_report_due() != 0 && journal.outbox().size() < Handover::kPage) {
        handover_.report_more();
        digest_after_ = journal.outbox().last();
    }
    const auto next = journal.outbox().unsent();
    if (digest_due_ && journal.full_report_due() == 0 && (!next || *next > digest_after_))
        send_digest();
}

// False when there is nothing to send now.
bool Uplink::send_next() {
    Journal& journal = parts_.journal;
    const auto seq = journal.outbox().next();
    if (!seq) return false;
    const auto outbox_event = parts_.journal.store().outbox_event(*seq);
    if (!outbox_event || !*outbox_event) {
        log::error("an event cannot be read back",
                   {{"seq", std::to_string(*seq)},
                    {"why", outbox_event ? "missing" : outbox_event.error().what}});
        if (outbox_event || outbox_event.error().code == Errc::corrupt) {
            lose(*seq);
            return true;
        }
        // It may be readable later.
        pause_events();
        return false;
    }
    const wire::Event head{journal.store().stream(), *seq, (*outbox_event)->kind,
                           (*outbox_event)->time, nullptr};
    link::Message message;
    message.body = wire::encode(head, (*outbox_event)->data);
    const auto sent = dialer_->send(std::string(wire::kEventsAddress), *seq, std::move(message));
    if (!sent && sent.error().code == Errc::limit) {
        journal.rejected(*seq);
        return true;
    }
    if (!sent) return false;
    journal.outbox().sent(*seq);
    return true;
}

// What it told of resources is told by a full report.
void Uplink::lose(std::uint64_t seq) {
    Journal& journal = parts_.journal;
    journal.require_full_report();
    const auto note = [&store = journal.store()](store::WriteTxn& txn, const auto&) {
        return store.put_full_report_due(txn, true);
    };
    journal.commit({}, note, {});
    journal.accepted(seq);
}

void Uplink::pause_events() {
    paused_ = true;
    pause_timer_ = loop_.after(options_.release_pause, [this] {
        paused_ = false;
        parts_.journal.outbox().rewind();
        pump();
    });
}

void Uplink::on_settled(std::uint64_t token, Disposition disposition) {
    Journal& journal = parts_.journal;
    if (disposition == Disposition::accept) {
        journal.accepted(token);
    } else if (disposition == Disposition::reject) {
        journal.rejected(token);
    } else if (up_) {
        // The event was released, and later ones are under way: once these are settled, all are
        // sent again.
        pause_events();
    }
    pump();
}

void Uplink::send_digest() {
    digest_due_ = !send(wire::kEventsAddress, kIgnored,
                        wire::encode(wire::digest_of(stream_, parts_.catalog.inventory())), false);
    digest_timer_ = loop_.after(options_.digest_interval, [this] { send_digest(); });
}

void Uplink::send_live(const std::string& time, const EventDraft& draft) {
    if (!up_) return;
    const wire::Event event{parts_.journal.store().stream(), 0, draft.kind, time, draft.data};
    send(wire::kEventsAddress, kIgnored, wire::encode(event), false);
}

}  // namespace evenkeel::agent
