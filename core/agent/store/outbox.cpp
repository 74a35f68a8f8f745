#include "core/agent/store/outbox.hpp"

#include <algorithm>
#include <functional>
#include <utility>

// An agent.shed event explains a run of numbers and is itself one entry, with the last of them. A
// run grows over a shed event beside it, so that shedding again leaves few explanations behind.
namespace evenkeel::agent {
namespace {

using wire::EventKind;

constexpr std::size_t kShedBytes = 200;

// Events that may be shed: a full report of the present status replaces them.
bool is_telemetry(const Outbox::Entry& entry) {
    return wire::concerns_resource(entry.kind) || entry.kind == EventKind::agent_blind;
}

bool can_be_repeated(const OpenName<EventKind>& kind) {
    return kind == EventKind::resource_drifted || kind == EventKind::resource_observed;
}

}  // namespace

std::size_t Outbox::about_of(const wire::Ref& ref) {
    return std::hash<std::string>()(ref.collection + '\0' + ref.id);
}

std::deque<Outbox::Entry>::iterator Outbox::at(std::uint64_t seq) {
    const auto found = std::lower_bound(
        entries_.begin(), entries_.end(), seq,
        [](const Entry& entry, std::uint64_t request) { return entry.seq < request; });
    return found != entries_.end() && found->seq == seq ? found : entries_.end();
}

const Outbox::Entry* Outbox::find(std::uint64_t seq) const {
    const auto found = const_cast<Outbox*>(this)->at(seq);
    return found == entries_.end() ? nullptr : &*found;
}

void Outbox::remember(const Entry& entry) {
    bytes_ += entry.bytes;
    for (const std::size_t about : entry.about) latest_[about] = entry.seq;
}

void Outbox::forget(const Entry& entry) {
    bytes_ -= entry.bytes;
    if (entry.in_flight) --in_flight_;
    for (const std::size_t about : entry.about) {
        const auto found = latest_.find(about);
        if (found != latest_.end() && found->second == entry.seq) latest_.erase(found);
    }
}

void Outbox::load(Entry entry) {
    if (entry.kind == EventKind::agent_shed) entry.bytes = kShedBytes;
    // It may have been on its way when the process ended, so it is not replaced any more.
    entry.ever_sent = true;
    last_ = std::max(last_, entry.seq);
    remember(entry);
    entries_.push_back(std::move(entry));
}

Outbox::Place Outbox::place(const OpenName<EventKind>& kind, std::vector<std::size_t> about,
                            std::size_t bytes) {
    if (can_be_repeated(kind) && about.size() == 1) {
        const auto latest = latest_.find(about.front());
        const auto entry = latest == latest_.end() ? entries_.end() : at(latest->second);
        if (entry != entries_.end() && entry->kind == kind && !entry->ever_sent) {
            bytes_ = bytes_ - entry->bytes + bytes;
            entry->bytes = bytes;
            ++entry->writes;
            return {entry->seq, true};
        }
    }
    Entry entry{++last_, kind, std::move(about), bytes, 1, false, false, 0, 0, false};
    remember(entry);
    entries_.push_back(std::move(entry));
    return {last_, false};
}

std::vector<Outbox::Shed> Outbox::shed_over_limit() {
    if (entries_.size() <= limits_.events && bytes_ <= limits_.bytes) return {};
    return shed_half();
}

std::vector<Outbox::Shed> Outbox::shed_half() {
    const auto can_go = [](const Entry& entry) {
        return is_telemetry(entry) && !entry.in_flight && entry.writes == 0;
    };
    const auto able = std::count_if(entries_.begin(), entries_.end(), can_go);
    auto left = static_cast<std::size_t>((able + 1) / 2);
    std::vector<std::uint64_t> explained;
    std::deque<Entry> kept;
    for (Entry& entry : entries_) {
        if (left == 0 || !can_go(entry)) {
            kept.push_back(std::move(entry));
            continue;
        }
        --left;
        forget(entry);
        Entry* run = kept.empty() ? nullptr : &kept.back();
        const bool is_ours = run && !explained.empty() && explained.back() == run->seq;
        // An event that is being written keeps its number until that is done.
        const bool can_grow = run && run->kind == EventKind::agent_shed && !run->in_flight &&
                              run->seq + 1 == entry.seq && (is_ours || run->writes == 0);
        if (can_grow) {
            if (is_ours) {
                explained.pop_back();
            } else {
                ++run->writes;
            }
            run->seq = entry.seq;
            ++run->shed_count;
            run->ever_sent |= entry.ever_sent;
        } else {
            kept.push_back(Entry{entry.seq,
                                 EventKind::agent_shed,
                                 {},
                                 kShedBytes,
                                 1,
                                 false,
                                 entry.ever_sent,
                                 entry.seq,
                                 1,
                                 false});
            bytes_ += kShedBytes;
        }
        explained.push_back(kept.back().seq);
    }
    entries_ = std::move(kept);
    std::vector<Shed> sheds;
    for (const std::uint64_t seq : explained) {
        const Entry* entry = find(seq);
        sheds.push_back({entry->shed_from, entry->seq, entry->shed_count});
    }
    return sheds;
}

void Outbox::written(std::uint64_t seq) {
    const auto entry = at(seq);
    if (entry != entries_.end() && entry->writes > 0) --entry->writes;
}

void Outbox::lost(std::uint64_t seq) {
    const auto entry = at(seq);
    if (entry == entries_.end()) return;
    if (entry->kind == EventKind::agent_shed) {
        entry->due = true;
        return;
    }
    forget(*entry);
    // A repeat may be under way for the same place; its commit does not explain the number.
    *entry = Entry{seq, EventKind::agent_shed, {}, kShedBytes, entry->writes, false, false, seq, 1,
                   true};
    bytes_ += kShedBytes;
}

std::vector<Outbox::Shed> Outbox::take_due() {
    const auto can_merge = [](const Entry& before, const Entry& entry) {
        return before.kind == EventKind::agent_shed && !before.in_flight &&
               (before.due || before.writes == 0) && before.seq + 1 == entry.shed_from;
    };
    std::vector<Shed> sheds;
    std::deque<Entry> kept;
    for (Entry& entry : entries_) {
        if (!entry.due) {
            kept.push_back(std::move(entry));
            continue;
        }
        if (!kept.empty() && can_merge(kept.back(), entry)) {
            const Entry& before = kept.back();
            if (before.due) sheds.pop_back();
            entry.shed_from = before.shed_from;
            entry.shed_count += before.shed_count;
            entry.ever_sent |= before.ever_sent;
            bytes_ -= before.bytes;
            kept.pop_back();
        }
        sheds.push_back({entry.shed_from, entry.seq, entry.shed_count});
        kept.push_back(std::move(entry));
    }
    entries_ = std::move(kept);
    for (const Shed& shed : sheds) at(shed.to)->due = false;
    return sheds;
}

std::uint64_t Outbox::first() const {
    if (entries_.empty()) return last_ + 1;
    const Entry& oldest = entries_.front();
    return oldest.shed_from != 0 ? oldest.shed_from : oldest.seq;
}

std::optional<std::uint64_t> Outbox::next() const {
    const auto seq = unsent();
    return seq && find(*seq)->writes == 0 ? seq : std::nullopt;
}

// Events under way are at the front, so this reads one or two entries.
std::optional<std::uint64_t> Outbox::unsent() const {
    for (auto entry = entries_.begin() + static_cast<std::ptrdiff_t>(in_flight_);
         entry != entries_.end(); ++entry) {
        if (!entry->in_flight) return entry->seq;
    }
    return std::nullopt;
}

void Outbox::sent(std::uint64_t seq) {
    const auto entry = at(seq);
    if (entry == entries_.end() || entry->in_flight) return;
    entry->in_flight = entry->ever_sent = true;
    ++in_flight_;
}

void Outbox::rewind() {
    for (Entry& entry : entries_) entry.in_flight = false;
    in_flight_ = 0;
}

bool Outbox::accepted(std::uint64_t seq) {
    const auto entry = at(seq);
    if (entry == entries_.end()) return false;
    forget(*entry);
    entries_.erase(entry);
    return true;
}

std::vector<std::uint64_t> Outbox::accepted_through(std::uint64_t seq) {
    std::vector<std::uint64_t> gone;
    while (!entries_.empty() && entries_.front().seq <= seq) {
        gone.push_back(entries_.front().seq);
        forget(entries_.front());
        entries_.pop_front();
    }
    return gone;
}

}  // namespace evenkeel::agent
