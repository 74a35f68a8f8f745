#include "core/agent/repairs.hpp"

#include <algorithm>

#include "core/base/time.hpp"

namespace evenkeel::agent {

using wire::Verdict;

Repairs::Repairs(Book& book, Judge& judge, run::Loop& loop, Options options)
    : book_(book), judge_(judge), loop_(loop), options_(options) {}

std::chrono::milliseconds Repairs::wait_before(Plan& plan, Record& record) {
    const auto now_ms = static_cast<std::int64_t>(now_monotonic_ns() / 1'000'000);
    if (!plan.flap.resting(now_ms) && record.standing.compliance.status == Verdict::failed) {
        return plan.backoff.next();
    }
    if (const auto wait = plan.flap.next(now_ms)) return *wait;
    judge_.give_up(record, "repaired " + std::to_string(options_.flap.most) + " times within " +
                               to_duration(options_.flap.window) +
                               " and undone each time; the next attempt is in " +
                               to_duration(plan.flap.rest()));
    return plan.flap.rest();
}

bool Repairs::stands_in_the_way(const Record& record) const {
    const Verdict status = record.standing.compliance.status;
    return status == Verdict::failed ||
           (status == Verdict::drifted && record.head.policy == wire::Policy::enforce);
}

void Repairs::wake(const wire::Ref& ref) {
    const Record* record = book_.find(ref);
    if (record && stands_in_the_way(*record)) return;
    for (const auto& [other, waiting] : book_) {
        const auto& needs = waiting.head.ties.needs;
        if (std::find(needs.begin(), needs.end(), ref) != needs.end()) need(other);
    }
}

void Repairs::need(const wire::Ref& ref) {
    Record* record = book_.find(ref);
    if (!options_.repairs || !record || record->head.policy != wire::Policy::enforce) return;
    const Verdict status = record->standing.compliance.status;
    if (status != Verdict::drifted && status != Verdict::failed) return;
    for (const wire::Ref& each : record->head.ties.needs) {
        const Record* other = book_.find(each);
        if (other && stands_in_the_way(*other)) return;
    }
    auto found = plans_.find(ref);
    if (found == plans_.end()) {
        found = plans_
                    .emplace(ref, Plan{FlapLimit(options_.flap),
                                       run::Backoff(options_.retry_base, options_.retry_cap),
                                       {},
                                       false})
                    .first;
    }
    Plan& plan = found->second;
    if (plan.running || plan.timer.pending()) return;
    const auto wait = wait_before(plan, *record);
    const auto begin = [this, ref] {
        const auto at = plans_.find(ref);
        if (at == plans_.end()) return;
        at->second.running = true;
        start(ref);
    };
    if (wait.count() == 0) {
        begin();
    } else {
        plan.timer = loop_.after(wait, begin);
    }
}

void Repairs::on_over(const wire::Ref& ref) {
    const auto at = plans_.find(ref);
    if (at == plans_.end()) return;
    at->second.running = false;
    const Record* record = book_.find(ref);
    if (!record) {
        plans_.erase(at);
    } else if (record->standing.compliance.status == Verdict::compliant) {
        at->second.backoff.reset();
    }
}

}  // namespace evenkeel::agent
